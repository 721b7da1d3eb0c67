"""What was observed, from where, and how old it is. Absence is a value here, never an exception."""

import dataclasses
import enum
import functools
from collections.abc import Mapping

from shepherd.model.demand import NOTHING, Demand, Gives, Resources
from shepherd.model.host import HostName, HostPair, LeaseId, Nonce


class Source(enum.Enum):
    """Where observations come from; each has an age of its own."""

    HOME_STARTDS = "home startds"
    HOME_MASTERS = "home masters"
    FLOCK_STARTDS = "flock startds"
    KEEPERS = "keepers"
    QUEUE = "queue"


class Doubt(enum.Enum):
    """Why a source is not believed, in one word for counting."""

    SILENT = "silent"
    REFUSED = "refused"
    INCOMPLETE = "incomplete"
    VANISHED = "vanished"
    YOUNG = "young"
    CLOCK = "clock"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reading:
    """How the last question to a source went."""

    source: Source
    at_s: float
    """When the last *good* answer was taken, epoch seconds; 0 if never."""
    problem: str | None = None
    """Why the latest question failed or is not believed; None if it is good."""
    asked_s: float | None = None
    """Seconds the last question took."""
    doubt: Doubt | None = dataclasses.field(default=None, compare=False)
    """The class of `problem`; not on record."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RegularStartd:
    """One host's regular startd, from its slot ads in the home collector."""

    cpus: int
    memory_mib: int
    gpus: int
    claimed_slots: int
    """Slots that are not Unclaimed/Idle in the sense of the drain check: Claimed, Preempting, Matched."""
    draining: bool
    drained: bool
    """Every slot says State == "Drained"."""
    drain_reason: str
    started_at_s: float
    """DaemonStartTime of the startd."""
    heard_at_s: float
    """LastHeardFrom of the oldest of its ads."""
    idle_since_s: float | None = None
    """Since when no slot is claimed, if known."""
    disk_kib: int = 0
    """0: not told."""
    largest: Resources | None = None
    """Its largest slot; None: one slot of everything."""
    free: Resources | None = None
    """What is unclaimed; None: everything if no slot is claimed, else nothing."""

    @functools.cached_property
    def gives(self) -> Gives:
        """What it gives to local jobs."""
        whole = Resources(self.cpus, self.memory_mib, self.disk_kib, self.gpus)
        free = whole if self.claimed_slots == 0 else NOTHING
        return Gives(whole, self.largest or whole, free if self.free is None else self.free)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlockStartd:
    """One host's flocking startd, from its slot ads in the flock collector."""

    claimed_slots: int
    started_at_s: float
    heard_at_s: float
    claimed_cpus: int = 0
    working_since_s: float = 0.0
    """Mean of when its claims began, weighted by their cpus, epoch seconds; 0: not known, as of a claim that is older
    than any."""
    ends_by_s: float | None = None
    """By when all of its jobs will have ended, by the limits that they were submitted with; None: not all have one."""
    guests: tuple[str, ...] = ()
    """Users that have claims, sorted."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RegularMaster:
    """One host's regular condor_master."""

    startd_off: bool
    """STARTD is listed but does not run now (STARTD_StartTime == 0): held off by a human's condor_off, or
    waiting out the restart back-off. Only its duration tells which."""
    heard_at_s: float
    off_since_s: float | None = None
    """Since when it was seen off without a break; the observer keeps it. Epoch seconds."""


class KeeperPhase(enum.Enum):
    """What the keeper of a host is doing."""

    IDLE = "idle"
    PREPARING = "preparing"
    ARMED = "armed"
    """Container runs, its PID 1 waits for the lock."""
    HOLDING = "holding"
    """PID 1 has the lock but no `go`: it starts nothing and gives it back soon."""
    FLOCKING = "flocking"
    """PID 1 has the lock and `go`: condor_master runs in the container."""
    LEAVING = "leaving"
    FAILED = "failed"
    """A check failed; `problem` says which. No container."""


class LockHolder(enum.Enum):
    """Who holds the host lock, by /proc/locks."""

    NOBODY = "nobody"
    GUARD = "guard"
    """The guard has it and is about to exec."""
    REGULAR = "regular"
    FLOCK = "flock"
    STRANGER = "stranger"


@dataclasses.dataclass(frozen=True, kw_only=True)
class KeeperReport:
    """A keeper's own small ad."""

    nonce: Nonce
    phase: KeeperPhase
    lock: LockHolder
    lease: LeaseId | None
    container: str | None
    image: str | None
    """Image id the container was started from, `sha256:…`."""
    problem: str | None
    sent_at_s: float
    """Wall clock of the host when sent."""
    heard_at_s: float
    """Wall clock of the collector when received: the difference shows a wrong clock."""
    version: str = ""
    leak_at_s: float = 0.0
    """Wall clock of the host when a container here was last seen to reach what it must not; 0: never since boot."""
    address: str = ""
    """The container's IPv4 address."""
    mac: str = ""
    """The container's hardware address."""
    spooled: int = 0
    """Number of the newest sealed segment of the host's spool; 0: none yet."""
    quarantine: str = ""
    """Ident of the quarantine that was carried out here last."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostFacts:
    """Everything known of one host; None is "no such ad", not "no such thing"."""

    pair: HostPair
    regular: RegularStartd | None = None
    master: RegularMaster | None = None
    flock: FlockStartd | None = None
    keeper: KeeperReport | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Queue:
    """Local demand: home Submitter ads of the site's own authenticated schedds."""

    idle_jobs: int
    running_jobs: int
    schedds: tuple[str, ...]
    """Schedds that were counted."""
    refused_submitters: int = 0
    """Submitter ads not counted: foreign or unauthenticated schedds, flocked tags."""
    missing_schedds: tuple[str, ...] = ()
    """Configured schedds that no ad came from: the count is not complete."""
    demand: Demand | None = None
    """What the idle jobs ask for; None: only their number is known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What the shepherd believes at one instant."""

    at_s: float
    hosts: Mapping[HostName, HostFacts]
    queue: Queue | None
    readings: Mapping[Source, Reading]
    unmanaged: tuple[str, ...] = ()
    """Machines in the home pool that no naming rule pairs."""
    naming_problems: tuple[str, ...] = ()
    """Hosts that cannot be told apart by their names: why, and what to do. None of them is managed."""
