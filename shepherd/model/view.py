"""What a policy judges: every host with its state, and the sums over them."""

import dataclasses
import enum
from collections.abc import Mapping
from typing import NamedTuple

from shepherd.model.demand import GIVES_NOTHING, Demand, DemandGroup, Gives
from shepherd.model.host import HostName, HostState
from shepherd.model.observation import FlockStartd
from shepherd.model.orders import Reason, Refusal
from shepherd.model.past import NOTHING_PAST, Past
from shepherd.model.stop import Ban


class Bar(enum.Enum):
    """What kind of thing keeps a local host from being lent."""

    PERSON = "person"
    """A ban, or a quarantine."""
    SETTINGS = "settings"
    """It is excluded, or has GPUs that are not lent."""
    MAINTENANCE = "maintenance"
    COOLING = "cooling"
    """A lend of it failed."""
    KEEPER = "keeper"
    """Its keeper is not heard, or cannot."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why a local host could not be lent, however idle it were."""

    bar: Bar
    why: str
    """The same words for all hosts with the same trouble."""
    until_s: float | None = None
    """When it ends by itself, epoch seconds; None: not known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bars:
    """What people keep from being lent."""

    bans: tuple[Ban, ...] = ()
    """Those that stand; of hosts and images, a host obeys them by its name and by what would run there."""
    why: Mapping[HostName, str] = dataclasses.field(default_factory=dict)
    """Of hosts: who, why, and what ends it, in one clause."""
    held: frozenset[HostName] = frozenset()
    """Those of these hosts that are to do no work at all; one that does all the same, after a reboot, counts as what it
    is."""


NO_BARS = Bars()


class HostView(NamedTuple):
    """One host, judged. A tuple, because each look makes one of every host."""

    host: HostName
    state: HostState
    why: str
    cpus: int
    """What it gives to the local herd; 0 if unknown."""
    idle: bool
    """LOCAL and no slot claimed."""
    idle_since_s: float
    blocked: str
    """Why it cannot be lent now, or the empty string."""
    since_s: float
    """When its switch, if any, entered its stage."""
    is_out: bool
    """A lease is out and not revoked: a reclaim has something to do, whatever is heard of the host."""
    recalled: str = ""
    """Why it must be home whatever is decided: a ban, its maintenance, `hosts.exclude`; or the empty string."""
    recall: Reason = Reason.BAN
    bar: Bar | None = None
    """What kind of thing keeps it from being lent, if it is local; its own jobs are none."""
    """Which of these, if it is recalled."""
    gives: Gives = GIVES_NOTHING
    """To local jobs, now or if it were home."""
    pinned: bool = False
    """`hosts.always_lend` names it."""
    flock: FlockStartd | None = None
    """What its guests do."""
    proven: bool = False
    """It serves guests with the image that would be lent now."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PoolView:
    """All hosts, judged at one instant."""

    at_s: float
    hosts: Mapping[HostName, HostView]
    idle_jobs: int | None
    """Idle local jobs; None: not known, which moves nobody."""
    blind: str
    """Why the view cannot be trusted for lending, or the empty string."""
    local_cpus: int
    """Cpus in the local herd, busy or idle."""
    usable_cpus: int
    """Cpus of all live, usable hosts, local and lent."""
    is_local_known: bool
    """The home pool's startds are believed: there are no more local hosts than these."""
    demand: Demand | None = None
    """What idle local jobs ask for; None: not known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Want:
    """What a policy wants: so many hosts this way or that, and why. Both at once is a contradiction."""

    lend: int = 0
    reclaim: int = 0
    why: str
    enough: str = ""
    """Why no more than `lend` go out."""
    out: tuple[HostName, ...] | None = None
    """The only hosts to lend, best first; None: whichever, idle longest first."""
    stay: tuple[Refusal, ...] = ()
    """Why other hosts that could be lent stay."""
    home: tuple[HostName, ...] | None = None
    """The only hosts to reclaim, best first; None: whichever, least guest work lost first."""
    at_once: int = 0
    """So many hosts may be on their way out at one time, if that is more than `policy.arming_at_once`."""
    past: Past = NOTHING_PAST
    unfit: tuple[DemandGroup, ...] = ()
    stuck: tuple[DemandGroup, ...] = ()
