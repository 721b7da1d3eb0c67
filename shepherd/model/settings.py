"""The daemon's settings: meaning, unit and reason at every field.

The TOML file mirrors this nesting (`[hosts] reserve = 0.25`). Defaults live here and nowhere else;
the edge that reads files validates into these types.
"""

import dataclasses
import enum
from collections.abc import Mapping

from shepherd.model.drill_settings import DrillSettings
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.lease import Ladder
from shepherd.model.ledger_settings import LedgerSettings
from shepherd.model.metrics_settings import MetricsSettings
from shepherd.model.place_settings import FlockOffSettings, PathSettings
from shepherd.model.role_settings import RoleSettings
from shepherd.model.trace_settings import TraceSettings
from shepherd.model.web_settings import WebSettings


class LeakStops(enum.Enum):
    """How far a leak reaches."""

    EVERYWHERE = "everywhere"
    HOST = "host"


class PolicyKind(enum.Enum):
    """Which policy decides."""

    THRESHOLD = "threshold"
    DEMAND = "demand"


@dataclasses.dataclass(frozen=True, kw_only=True)
class HomeSettings:
    """The site's own pool."""

    name: str
    """Name of the pool in lease pages; keepers accept only pages of their own pool."""
    collector: str = ""
    """Address of the home collector, `host[:port]`; empty: COLLECTOR_HOST of the HTCondor configuration."""
    schedds: tuple[str, ...] = ()
    """Names (`Name` of the schedd ad) whose idle jobs are local demand. At least one."""
    schedd_identities: tuple[str, ...] = ()
    """Authenticated identities those schedds update the collector as (`AuthenticatedIdentity`, written by
    the collector itself). At least one: a name alone can be claimed by anybody. A schedd under the same
    condor_master as the collector is `condor@family`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlockSettings:
    """The flock pool: the second, small HTCondor instance that guests see."""

    collector: str
    """Address of the flock pool's collector, `host:port`."""
    image: str
    """Id of the only image that is lent, `sha256:…` (64 hex digits). By digest only, so that nobody can swap it."""
    condor_config: str = "/etc/condor-flock/condor_config"
    """The flock pool's own HTCondor configuration, on the machine that has its signing key: `shepherd guest` works with
    it. The daemon does not read it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostSettings:
    """Which hosts, and how their two startds are named."""

    regular: str = r"p(?P<rest>.*)"
    """Regular expression matching the whole machine name of a regular startd, with named groups."""
    flock: str = "f{rest}"
    """Name of the flocking startd's machine, made from those groups: `p-7-17` gives `f-7-17`."""
    pairs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Regular to flocking machine names that the rule does not make; these win over the rule."""
    exclude: tuple[str, ...] = ()
    """Machines that match but are never lent (pinned local), and go home if they are; shown as such."""
    always_lend: tuple[str, ...] = ()
    """Machines that `demand` lends first, without a quiet time, and reclaims last. One that idle jobs wait for stays,
    if no other host has room, and the reserve holds for them, too."""
    maintenance: tuple[str, ...] = ()
    """Hours in which hosts are home: `Tue 08:00-12:00 p2*`, `Mon-Fri 22:00-06:00 *`,
    `2026-12-24T08:00/2026-12-27T18:00 p201,p202`. Lent hosts are called so early that guests have their notice."""
    zone: str = "UTC"
    """Time zone of these hours, e.g. `Europe/Vienna`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PolicySettings:
    """What to lend and when."""

    kind: PolicyKind = PolicyKind.DEMAND
    """`demand`: what idle local jobs ask for comes home at once, what nobody asks for is lent. `threshold`: the rule of
    the original talk, which looks at their number."""
    idle_jobs_threshold: int = 600
    """Idle local jobs: below it hosts are lent, above it they are reclaimed, at it none moves. Jobs. 600: the talk."""
    lend_per_cycle: int = 5
    """`threshold`: hosts lent in one cycle, at most (x of the talk). Slow on purpose: it is the move that can be
    wrong."""
    reclaim_per_cycle: int = 0
    """`threshold`: hosts reclaimed in one cycle, at most (y of the talk); 0: all of them. Local work waits on no
    budget."""
    wait_target_s: float = 120.0
    """`demand`: a local job may wait so long for what is lent. Seconds. Jobs that local hosts take before it is time to
    go home bring nobody home. Below what the way home takes at most (175 s with the default timers) every job counts
    at once that finds no host; 300 harvests 1 to 5 % more in simulations, and doubles the wait that lending adds."""
    quiet_s: float = 120.0
    """`demand`: a host is lent once it has been idle for so long. Seconds. In simulations 900 costs 4 to 20 % of the
    harvest of 300, and guests lose no less; 120 brings some percent more, and 60 only more switches."""
    lend_share: float = 0.2
    """`demand`: share of the usable hosts that may be lent within five minutes. 0..1. In simulations 0.05 costs 3 to
    11 % of the harvest of 0.1, and more than 0.25 brings nothing more."""
    stuck_s: float = 300.0
    """`demand`: idle jobs that are not taken for so long although hosts that they fit stand free wait for something
    else, and bring nobody home. Seconds."""
    reserve: float = 0.25
    """Share of live, usable cpus kept in the local herd, busy or idle. 0..1. A quarter as in the talk."""
    idle_reserve: int = 0
    """Regular hosts that stay wholly idle besides, ready for a burst. Hosts."""
    arming_at_once: int = 10
    """Hosts between LOCAL and FLOCK at one time, at most. A bad image then hurts few."""
    cooling_s: float = 600.0
    """After a failed lend a host is left alone this long, doubled for each further failure up to 16 times. Seconds."""
    leak_stops: LeakStops = LeakStops.EVERYWHERE
    """What stops when a container reached what it must not: all flocking, until `shepherd flockon` (`everywhere`), or
    lending that host, until its check passes (`host`). One gateway guards all, so one leak speaks for all."""
    lend_gpus: bool = False
    """GPU hosts are not lent until their memory can be shown to be scrubbed; True is refused for now."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TimerSettings:
    """How often and how long. The one table of timers is made from this."""

    cycle_s: float = 300.0
    """A decision that may lend, every so often. Seconds. Five minutes as in the talk."""
    look_s: float = 10.0
    """The fast look at demand and states; it may reclaim, never lend. Seconds. React in seconds, decide calmly."""
    switch_poll_s: float = 0.25
    """How often hosts in the middle of a switch are looked at. Seconds. Only they are asked for."""
    arm_deadline_s: float = 180.0
    """From the lease to *armed*; one keeper poll plus the start of a container. Seconds."""
    drain_deadline_s: float = 15.0
    """From the order to drain to Drained; an idle startd needs about one second. Seconds. Later, no `go` is given."""
    start_deadline_s: float = 25.0
    """From `go` to the flocking startd's ad, which takes 1 to 8 s. Seconds. With the drain before it and the way home
    after it this stays below the 60 s that no host may be without a startd."""
    home_deadline_s: float = 60.0
    """From the container's end to the regular startd's ad; later, the host is shown as a problem. Seconds."""
    renew_s: float = 60.0
    """Lease pages are signed anew this often, in a small loop of its own. Seconds."""
    lease_s: float = 900.0
    """How long a lease lasts without renewal: an upgrade or restart of the shepherd fits inside. Seconds."""
    stale_factor: float = 3.0
    """An observation older than this many of its periods is not believed. Absence is not evidence."""
    ad_period_s: float = 300.0
    """UPDATE_INTERVAL of the pools' startds: the period of an ad. Seconds. HTCondor's default."""
    young_collector_s: float = 600.0
    """A collector up for less than this may not know all its hosts yet: no lends. Seconds; two ad periods."""
    command_s: float = 20.0
    """Deadline of one HTCondor tool. Seconds. Then it is killed and counted as failed."""
    query_s: float = 20.0
    """Deadline of one question to a collector. Seconds. Then the worker process is killed."""
    graceful_s: float = 60.0
    """A guest job's notice on reclaim. Seconds."""
    fast_s: float = 20.0
    """From the fast order to the kill. Seconds."""
    kill_s: float = 10.0
    """For the container to be gone after the kill. Seconds."""

    def ladder(self) -> Ladder:
        """The rungs that go into every lease."""
        return Ladder(graceful_s=self.graceful_s, fast_s=self.fast_s, kill_s=self.kill_s)


@dataclasses.dataclass(frozen=True, kw_only=True)
class LeaseSettings:
    """Signing and publishing of lease pages."""

    key: str = "/etc/shepherd/keys/lease.key"
    """File with the Ed25519 private key (PEM). `shepherd key create` writes it; mode 0600."""
    pages: int = 16
    """Pages the hosts are hashed onto; a host reads one. Pages. 16 keeps a page under 64 KiB at 3 000 hosts."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of the daemon."""

    home: HomeSettings
    flock: FlockSettings
    hosts: HostSettings = dataclasses.field(default_factory=HostSettings)
    policy: PolicySettings = dataclasses.field(default_factory=PolicySettings)
    timers: TimerSettings = dataclasses.field(default_factory=TimerSettings)
    lease: LeaseSettings = dataclasses.field(default_factory=LeaseSettings)
    flockoff: FlockOffSettings = dataclasses.field(default_factory=FlockOffSettings)
    icinga: IcingaSettings = dataclasses.field(default_factory=IcingaSettings)
    ledger: LedgerSettings = dataclasses.field(default_factory=LedgerSettings)
    trace: TraceSettings = dataclasses.field(default_factory=TraceSettings)
    paths: PathSettings = dataclasses.field(default_factory=PathSettings)
    roles: RoleSettings = dataclasses.field(default_factory=RoleSettings)
    drill: DrillSettings = dataclasses.field(default_factory=DrillSettings)
    metrics: MetricsSettings = dataclasses.field(default_factory=MetricsSettings)
    web: WebSettings = dataclasses.field(default_factory=WebSettings)
