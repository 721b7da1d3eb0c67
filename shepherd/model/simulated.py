"""What came of a simulated run."""

import dataclasses
import enum

from shepherd.model.host import HostName


class Contender(enum.Enum):
    """Who decides in a simulated run: a policy of the daemon's, or one of the two bounds."""

    NEVER = "never"
    """Nothing is lent: local jobs wait no less than this."""
    THRESHOLD = "threshold"
    DEMAND = "demand"
    ORACLE = "oracle"
    """Knows the future, obeys the same reserve, and needs as long for a switch."""


class FaultKind(enum.Enum):
    """What breaks in a simulated run."""

    HOST_DIES = "host"
    """Power is lost, and comes back."""
    SHEPHERD_DEAD = "shepherd"
    COLLECTOR_SILENT = "collector"
    """The home collector: nothing is seen, and no tool finds a daemon."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SimulatedFault:
    """One of them, for a while."""

    kind: FaultKind
    at_s: float
    """Since the workload's beginning."""
    lasts_s: float
    host: HostName | None = None
    """The one that dies."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Waits:
    """How long local jobs waited for their first start. Seconds; of those that fit some host of the pool."""

    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    longest_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Instant:
    """The pool at one time, for a plot."""

    at_s: float
    """Since the workload's beginning."""
    local_cpus_busy: int
    guest_cpus_busy: int
    lent_hosts: int
    idle_jobs: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """One workload under one contender."""

    workload: str
    contender: Contender
    seed: int
    hosts: int
    days: float
    jobs: int
    """Local jobs that fit some host."""
    unfit_jobs: int
    """Local jobs that fit none: they wait for ever, whoever decides."""
    waits: Waits
    unstarted: int
    """Local jobs that never started although they fit: counted in `waits` as long as the run lasted."""
    evicted_local: int
    """Local jobs that lost their host: to a fault; lending evicts none."""
    given_core_s: float
    """What guests' jobs have run."""
    kept_core_s: float
    """Of that, what was not thrown away."""
    lost_core_s: float
    """Of that, what jobs had run that were thrown off before they were done."""
    lends: int
    reclaims: int
    failed_lends: int
    reserve_violations: int
    """Grants after which the local herd had less than its reserve."""
    reclaim_p95_s: float
    """From the order to a regular startd that accepts work, with guests' notice."""
    events: int
    """Submissions, starts and ends of jobs."""
    took_s: float
    """Processor's seconds for it."""
    course: tuple[Instant, ...] = ()

    @property
    def guest_work_lost(self) -> float:
        """Share of what guests were given."""
        return self.lost_core_s / self.given_core_s if self.given_core_s else 0.0

    @property
    def switches_per_host_day(self) -> float:
        """Lends and reclaims."""
        return (self.lends + self.reclaims) / (self.hosts * self.days)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Compared:
    """An outcome beside the bounds of its workload."""

    outcome: Outcome
    never: Waits
    """Of the run in which nothing was lent."""
    harvest_of_oracle: float | None
    """Guest work that was kept, as a share of the oracle's; None: no oracle was asked, or it kept none."""
    switches_of_threshold: float | None
    """Switches as a share of threshold's; None: it was not asked, or switched nothing."""
    allowed_s: float
    """The wait that `demand` may add at the 95th percentile: 2 % of never's, or one reclaim and one negotiation cycle,
    whichever is more."""

    @property
    def added_p95_s(self) -> float:
        """What is waited more than if nothing were lent, at the 95th percentile."""
        return self.outcome.waits.p95_s - self.never.p95_s
