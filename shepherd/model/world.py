"""What was measured of a site from outside the software: the plain facts the invariants are checked on.

The simulator fills these from its fake world, the lab from stamps of processes, cgroups and collectors.
Nothing here comes from what the shepherd or a keeper says of itself, but for `acts`: what was recorded.
"""

import dataclasses
from collections.abc import Mapping

from shepherd.model.host import HostPair
from shepherd.model.orders import StepKind


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """What the site promised, from its settings. Seconds."""

    lease_s: float
    skew_s: float
    ladder_s: float
    """Graceful, fast and kill together."""
    look_s: float
    cycle_s: float
    poll_s: float
    """The slowest way a lent host learns that it must leave."""
    stale_s: float
    """For how long an observation may be believed: what failed since may not be known yet."""
    reserve: float
    """Share of live, usable cpus that stays local, 0 to 1."""
    lend_per_cycle: int
    images: frozenset[str]
    """Images the site has authorised."""
    unserved_s: float = 60.0
    """No live host may be without a startd that accepts work for longer."""
    silence_s: float = 400.0
    """Within this time a shepherd and a monitoring that both work agree on what is silent. Seconds."""
    downtime_s: float = 7200.0
    """What a dead shepherd silenced is heard again after this, by itself."""
    back_s: float = 15.0
    """From a free lock to the regular startd in the collector, back-off and start included."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reclaim:
    """One way home, measured."""

    took_s: float
    """From the first order to a regular startd that accepts work."""
    undisturbed: bool
    """Nothing on the way was broken by a fault or held by a human."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostWorld:
    """One host, since the measuring began."""

    pair: HostPair
    guest_jobs_on_regular: tuple[str, ...] = ()
    """Jobs of a guest that were started on the regular startd."""
    local_jobs_in_container: tuple[str, ...] = ()
    double_run_ms: float = 0.0
    """How long a regular condor_startd lived together with another startd of the host, or with any
    process of its container but the waiting PID 1."""
    unserved_s: float = 0.0
    """The longest spell, live and not taken off by a human, without a startd that accepts work. A startd
    that gives its last jobs their notice counts as one."""
    local_jobs_evicted: tuple[str, ...] = ()
    """Jobs that a lend or a reclaim, not a fault, threw off the regular startd."""
    lent: bool = False
    """Now: the flock side holds the lock, or the regular startd is drained by a shepherd."""
    guests_alive: bool = False
    """Now: something in the container besides its waiting PID 1 lives."""
    excused: str = ""
    """Why nobody can answer for this host now: powered off, or *all* that could end its lend is stopped."""
    unheard_s: float = 0.0
    """How long ago the latest page naming this host's lease was put where its keeper could read it."""
    reclaims: tuple[Reclaim, ...] = ()
    containers: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """How many containers were started under each lease."""
    images: frozenset[str] = frozenset()
    """Images that containers were started from."""
    hidden_s: float = 0.0
    """For how long a check has been kept silent by a shepherd although its startd serves and no lend is on a page, with
    a shepherd and a monitoring that worked all the while."""
    unheard_of_s: float = 0.0
    """The same with or without a shepherd."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ActSeen:
    """One order that reached the outside: a page with a grant, or a command."""

    at_s: float
    kind: StepKind
    host: str
    lease: str
    recorded_before: bool
    """A record of this step with its cause was durable before."""
    recordable: bool
    """Records could be written then."""
    blind: str = ""
    """Why the shepherd could not know the pool then: a collector silent or young; empty if it could."""
    flockoff: bool = False
    """Flocking had been off for longer than one look when it was ordered; a command takes up to its deadline."""
    short: bool = False
    """The reserve was not met once this lend is counted, by what had been so for longer than `stale_s`."""
    busy: bool = False
    """It made a regular startd end that was not drained."""
    audible: bool = False
    """It began an outage whose check was not silent, although the monitoring had worked all the while."""


OUTWARD = frozenset({StepKind.GRANT, StepKind.DRAIN, StepKind.GO, StepKind.RESTART})
"""Acts that lead to a lend."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WorldFacts:
    """The site at one instant, and what happened since the measuring began."""

    at_s: float
    limits: Limits
    hosts: tuple[HostWorld, ...]
    acts: tuple[ActSeen, ...] = ()
    refusals_without_reason: int = 0
    cycles_lends: tuple[int, ...] = ()
    """Lends begun in each cycle."""
    flockoff_s: float | None = None
    """For how long flocking has been off with a shepherd alive and its pages readable; None: it is not."""
    others_silences_ended: tuple[str, ...] = ()
    """Silences that somebody else had made and a shepherd ended."""
    short_s: float = 0.0
    """For how long the local herd has been below the reserve while something could be reclaimed and a
    shepherd with good sight was there."""
