"""Documents that look back: `replay`, `simulate`, `ledger verify`, `explain`."""

import dataclasses

from typing_extensions import TypedDict

from shepherd.model.harvest import Bucket, Harvest
from shepherd.model.host import Herd
from shepherd.model.replay import SwitchTimes
from shepherd.model.simulated import Contender
from shepherd.model.story import CycleStory, HostStory, LendStory


@dataclasses.dataclass(frozen=True, kw_only=True)
class ByWhom:
    """Whether the daemon lives from whose record it is told."""

    running: bool | None
    """None: this user may not ask, and no view of it can be read."""
    last_sign_of_life_s: float | None
    """So long ago; None: no view of it can be read."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostJson(ByWhom, HostStory):
    """One host at one moment."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CycleJson(ByWhom, CycleStory):
    """One decision."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LendJson(ByWhom, LendStory):
    """One lend from its order on."""


class ReplayedMoveJson(TypedDict):
    """A host that was, or would have been, ordered to the other herd."""

    at_s: float
    host: str
    herd: Herd
    why: str


class OutcomeJson(TypedDict):
    """The sums of one way."""

    name: str
    """`recorded`, `settings of then`, or the changes."""
    hours: float
    """That are on record."""
    hosts: float
    """On average."""
    lends: int
    reclaims: int
    guest_core_h: float
    lent_share: float
    """Of all cores that could work."""
    waited_job_h: float
    waited_core_h: float
    blocked_job_h: float
    blocked_core_h: float
    blocked_longest_s: float
    below_reserve_s: float
    moves_per_host_day: float
    moves: list[ReplayedMoveJson]


class ReplayJson(TypedDict):
    """`shepherd replay --json`: recorded days, as they were and as they would have been."""

    days: list[str]
    first_s: float
    last_s: float
    looks: int
    unrecorded_h: float
    switch_times: SwitchTimes
    decisions: int
    decisions_same: int
    """That this version makes as they were made."""
    decisions_first_other: list[int]
    """Records of the first that it makes otherwise."""
    outcomes: list[OutcomeJson]


class SimulatedJson(TypedDict):
    """One workload under one contender."""

    workload: str
    policy: Contender
    seed: int
    hosts: int
    days: float
    harvest_of_oracle: float | None
    guest_core_hours: float
    guest_work_lost: float
    local_jobs: int
    local_jobs_unfit: int
    local_jobs_unstarted: int
    local_jobs_evicted: int
    local_wait_mean_s: float
    local_wait_p50_s: float
    local_wait_p95_s: float
    local_wait_p99_s: float
    local_wait_longest_s: float
    added_wait_mean_s: float
    added_wait_p50_s: float
    added_wait_p95_s: float
    added_wait_p99_s: float
    allowed_added_wait_p95_s: float
    lends: int
    reclaims: int
    failed_lends: int
    switches_per_host_day: float
    switches_of_threshold: float | None
    reserve_violations: int
    reclaim_p95_s: float
    job_events: int
    processor_s: float


class SimulateJson(TypedDict):
    """The file of `shepherd simulate --json FILE`."""

    seed: int
    workloads: dict[str, str]
    """What each is."""
    rows: list[SimulatedJson]
    missed: list[str]
    """Goals of the policy that were missed."""


class ReportJson(TypedDict):
    """`shepherd report --json`: what a month gave to whom, what local work waited for it, and what went wrong."""

    month: str
    """`2026-03`, in UTC."""
    made_at_s: float
    is_over: bool
    """False: the month goes on, and this is up to now."""
    harvest: Harvest
    """Its series is by hours."""
    days: list[Bucket]
    """The same by days."""
    lent_count: int
    """Lends that came to serve."""
    reclaimed_count: int


class FaultJson(TypedDict):
    """One place where a chain is not what was written."""

    day: str
    seq: int
    what: str


class RetiredJson(TypedDict):
    """Everything up to a day's end was removed because it was old enough."""

    through: str
    """The last of these days, `YYYY-MM-DD`."""
    days: int
    last_seq: int
    hash: str
    """Of the last record; what the oldest day that stays continues."""
    keep_days: int
    """The setting then."""


class LedgerChainJson(TypedDict):
    """The ledger's chain."""

    whole: bool
    head: str
    """`SEQ:HASH`, for `--expect`."""
    records: int
    first_seq: int
    """The oldest record that is here."""
    partitions: int
    faults: list[FaultJson]
    unchecked: int
    """Noted heads of days that retention has removed."""
    retired: RetiredJson | None
    """What retention has removed last."""


class TraceChainJson(TypedDict):
    """The trace store's chain."""

    whole: bool
    head: str
    blocks: int
    days: int
    oldest: str
    """The oldest day that is here."""
    holds: int
    anchored: int
    """Heads noted elsewhere that were found on it."""
    faults: list[FaultJson]
    unchecked: list[str]
    """What could not be looked at."""


class VerifyJson(TypedDict):
    """`shepherd ledger verify --json`."""

    ledger: LedgerChainJson
    trace: TraceChainJson | None
    """Null: there is no trace store."""
    noted_heads: int
    """Of this shepherd, in the files of --heads."""
    not_ours: list[str]
    """Noted heads of others, which were not checked."""
