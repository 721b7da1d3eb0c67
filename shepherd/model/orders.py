"""Every order, step and outcome the shepherd knows.

An *order* is what the policy wants of a host. The switch turns it into *steps*, one act on the outside
each, and every step ends in an *outcome*.
"""

import dataclasses
import enum

from shepherd.model.demand import GIVES_NOTHING, DemandGroup, Gives
from shepherd.model.host import Herd, HostName, LeaseId, Nonce
from shepherd.model.past import NOTHING_PAST, Past


class Reason(enum.Enum):
    """Why a host moves, in one word for counting; records and people have the clause."""

    SPARE = "spare"
    """Nobody local needs it: why hosts are lent."""
    LOCAL_WORK = "local work"
    RESERVE = "reserve"
    FLOCKOFF = "flockoff"
    BAN = "ban"
    MAINTENANCE = "maintenance"
    EXCLUDED = "excluded"
    QUARANTINE = "quarantine"
    PERSON = "person"
    """Somebody drains it, or turned its regular startd off."""
    FAULT = "fault"
    """The lend broke: a refusal, a deadline, a container that ended, a reboot."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Order:
    """Move `host` to `herd`, because of `why`."""

    host: HostName
    herd: Herd
    why: str
    """One clause a person understands; goes into the drain reason and every record."""
    reason: Reason = dataclasses.field(default=Reason.SPARE, compare=False)
    """Not part of what is decided: records of verdicts do not have it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Refusal:
    """A host the policy would have moved but for `why`."""

    host: HostName
    herd: Herd
    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """The result of one decision."""

    orders: tuple[Order, ...]
    refusals: tuple[Refusal, ...]
    sentence: str
    """The cycle in one sentence."""
    past: Past = NOTHING_PAST
    """What the next decision is to be given."""
    unfit: tuple[DemandGroup, ...] = ()
    """Idle jobs that fit no host, local or lent: they raise no demand."""
    stuck: tuple[DemandGroup, ...] = ()
    """Idle jobs that were not taken although hosts they fit stood free: so many raise no demand."""
    could_lend: bool = False
    """It was a cycle, what was seen was believed, and lends could be recorded, whether any was wanted or not."""


class StepKind(enum.Enum):
    """One act on the outside. Each is idempotent."""

    GRANT = "grant"
    """Publish a lease in phase `arm`."""
    DRAIN = "drain"
    """Atomic check-idle-and-drain of the regular startd, restart on completion."""
    GO = "go"
    """Publish the lease in phase `go`: the container's PID 1 may start HTCondor once it has the lock."""
    RESTART = "restart"
    """Make the drained regular startd exit; its master starts the guard, which waits."""
    UNDRAIN = "undrain"
    """Cancel our own drain."""
    REVOKE = "revoke"
    """Publish the end of the lease, with the deadlines of the ladder."""
    OFF_GRACEFUL = "off graceful"
    """Tell the container's condor_master to end, jobs keep their notice."""
    OFF_FAST = "off fast"
    FORGET = "forget"
    """The host is home: drop the lease from the pages."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One act on one host."""

    kind: StepKind
    host: HostName
    lease: LeaseId
    cause: str


class Result(enum.Enum):
    """How a step ended."""

    DONE = "done"
    REFUSED = "refused"
    """The other side said no for a reason of its own, e.g. a slot is busy."""
    FAILED = "failed"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a step."""

    step: Step
    result: Result
    detail: str
    took_s: float


class Stage(enum.Enum):
    """How far a host's switch has come: what was *ordered*, never what is so."""

    GRANTED = "granted"
    DRAIN_ORDERED = "drain ordered"
    GO_GIVEN = "go given"
    RESTART_ORDERED = "restart ordered"
    LENT = "lent"
    """The flocking startd was seen."""
    REVOKED = "revoked"
    OFF_ORDERED = "off ordered"
    FAST_ORDERED = "fast ordered"


HOMEWARD = frozenset({Stage.REVOKED, Stage.OFF_ORDERED, Stage.FAST_ORDERED})


@dataclasses.dataclass(frozen=True, kw_only=True)
class SwitchRecord:
    """What the shepherd remembers of a host it has a lease out for. Durable; one per host at most."""

    host: HostName
    lease: LeaseId
    nonce: Nonce
    image: str
    flock_name: str
    """Machine name of its flocking startd; kept here so that a changed naming rule strands nobody."""
    stage: Stage
    granted_at_s: float
    stage_at_s: float
    why: str
    """Why it was lent; from REVOKED on, why it is taken home."""
    cpus: int
    """The host's cpus in the local herd: what a lend takes from the reserve."""
    gives: Gives = GIVES_NOTHING
    """What it would give to local jobs if it were home."""
    drain_taken: bool = False
    """The regular startd took our drain: it had no job and accepts none, so its end loses nothing."""
    undrain: bool = False
    """Our drain was ordered and must be cancelled before the host is home."""
    failed: bool = False
    """The lend went wrong: the host cools before the next one."""
    tries: int = 0
    """Failed tries of the current stage's step."""
    retry_at_s: float = 0.0
    reason: Reason = Reason.SPARE
    """The class of `why`."""
    lent_at_s: float = 0.0
    """When its flocking startd came to serve; 0: it did not."""
    left_at_s: float = 0.0
    """When it was called home; 0: it was not."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostMemory:
    """What is remembered of a host beyond a lend: cooling after failures."""

    failures: int = 0
    not_before_s: float = 0.0
    """No lend before this, epoch seconds."""
    last_problem: str = ""
