"""What the pool gave to guests and what that cost, over a span of recorded time.

Core-hours are cores times hours. Sums are over recorded time only; what is not on record is in `blanks`, never guessed.
Times are epoch seconds. Nobody is named but guests, which are pools: why a lend began and ended is in words of the
policy, and of whatever people ordered it is only said that they did.
"""

import dataclasses
import enum


@dataclasses.dataclass(frozen=True, kw_only=True)
class Period:
    """From an instant up to another one."""

    from_s: float
    to_s: float

    @property
    def lasts_s(self) -> float:
        """Its length, never below 0."""
        return max(0.0, self.to_s - self.from_s)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Blank:
    """A time without records: nothing in it is in any sum."""

    from_s: float
    to_s: float
    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class GuestShare:
    """What one guest had of lent hosts."""

    guest: str
    """Its name, as in `shepherd guest`; empty: no guest's, or not known whose (`UNKNOWN_GUEST` in words)."""
    core_h: float
    """Cores that its jobs had claimed. A host's claimed cores go to the jobs that ran on it, by their slots' cores."""
    shared_core_h: float
    """Of these, an estimate: on hosts that had jobs of several guests at that moment, what is beyond the cores that are
    on record of their slots."""
    claimed_core_h: float
    """Of these, of jobs whose schedd nobody was seen to have signed in as: theirs by that schedd's word alone."""
    jobs: int
    """That began within the span."""
    job_h: float
    """Jobs times hours, as hosts recorded them; also outside of what the ledger has on record."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lend:
    """One lend that had begun by the end of the span, and was not over at its beginning."""

    host: str
    lease: str
    cpus: int
    granted_at_s: float
    """When it was ordered."""
    why: str
    lent_at_s: float | None = None
    """When its flocking startd was seen; None: it never was, or not yet."""
    called_at_s: float | None = None
    """When it was ordered home; None: not yet, or not on record."""
    why_home: str = ""
    home_at_s: float | None = None
    """When it was local again; None: not yet, not on record, or never proven (`lapsed_at_s`)."""
    lapsed_at_s: float | None = None
    """When its lease was over beyond any doubt, and nothing had proven that it was home; None: that was not so."""
    failed: bool = False
    """It went wrong before, or soon after, it served."""

    @property
    def lend_s(self) -> float | None:
        """How long it took from the order to the flocking startd."""
        return None if self.lent_at_s is None else self.lent_at_s - self.granted_at_s

    @property
    def reclaim_s(self) -> float | None:
        """How long it took from the order home to the regular startd."""
        return None if None in {self.called_at_s, self.home_at_s} else (self.home_at_s or 0) - (self.called_at_s or 0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Took:
    """How long something took, in seconds: of all, so many in a hundred were no slower."""

    count: int = 0
    p50_s: float = 0.0
    p95_s: float = 0.0
    p99_s: float = 0.0
    longest_s: float = 0.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Waited:
    """What local work waited. What a look shows is taken to be so until the next one on record, a minute at most."""

    idle_job_h: float = 0.0
    """Idle local jobs times hours, whatever they waited for."""
    waited_job_h: float = 0.0
    """Of these, jobs that had room on no free local host."""
    waited_core_h: float = 0.0
    blocked_job_h: float = 0.0
    """Of these, jobs that a lent host, or one on its way, would have taken: what lending cost local work."""
    blocked_core_h: float = 0.0
    blocked_longest_s: float = 0.0
    """The longest time without a break in which there was such a job."""
    unknown_h: float = 0.0
    """Recorded time in which the queue was not known."""


class IncidentKind(enum.Enum):
    """What went wrong, or was stopped."""

    LEAK = "leak"
    """A container reached what it must not."""
    FLOCKOFF = "flockoff"
    FAILED_LEND = "failed lend"
    LATE_HOME = "late homecoming"
    """It took longer than notice, fast and kill deadline together."""
    LAPSED_LEASE = "lapsed lease"
    """Given up after lease and deadlines: nothing proved that it was home."""
    BLIND = "blind"
    """A source was silent, or not believed."""
    BAN = "ban"
    QUARANTINE = "quarantine"
    GAP = "gap"
    """Nothing could be recorded, or records are missing."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Incident:
    """Something that somebody should know of. No words of it name a person."""

    kind: IncidentKind
    from_s: float
    to_s: float | None
    """None: not over by the end of the span, or it has no length."""
    words: str
    host: str = ""
    lease: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bucket:
    """A piece of the span. Numbers that are not core-hours are means over what of it is on record."""

    from_s: float
    to_s: float
    known_s: float
    """For how long of it there are records; 0: the means are 0 and mean nothing."""
    local_hosts: float
    """Hosts whose regular startd took work."""
    lent_hosts: float
    """Hosts that served guests."""
    moving_hosts: float
    """Hosts on their way."""
    other_hosts: float
    """Hosts that were held, silent or not understood."""
    local_core_h: float
    local_used_core_h: float
    lent_core_h: float
    lent_used_core_h: float
    moving_core_h: float
    queue_known_s: float
    """For how long of it the queue was known."""
    idle_jobs: float | None
    """None: the queue was not known."""
    running_jobs: float | None
    waited_jobs: float
    """Idle local jobs that had room on no free local host."""
    blocked_jobs: float
    """Of these, jobs that hosts which were out would have taken."""
    guest_core_h: tuple[tuple[str, float], ...]
    """By guest; of those that had any."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Harvest:
    """All of it."""

    asked: Period
    """What was asked for, cut at now."""
    known_s: float
    """For how long of it there are records."""
    blanks: tuple[Blank, ...]
    """The rest."""
    hosts: float
    """Hosts there were, on average over what is on record."""
    local_core_h: float
    """Of hosts whose regular startd took work."""
    local_used_core_h: float
    """Of these, claimed by local jobs."""
    lent_core_h: float
    """Of hosts that served guests, from the flocking startd's appearance to the order home."""
    lent_used_core_h: float
    """Of these, claimed by guests' jobs. What jobs did within their notice is not in it."""
    moving_core_h: float
    """Of hosts on their way: nobody's."""
    guests: tuple[GuestShare, ...]
    """Most first. Their core-hours sum up to `lent_used_core_h`."""
    jobs_unknown: tuple[str, ...]
    """Why guests' jobs are not, or not all, on record; a sentence each."""
    lends: tuple[Lend, ...]
    """By when they were ordered."""
    lend_times: Took
    """Of those that were ordered within the span and came to serve."""
    reclaim_times: Took
    """Of those that were ordered home within the span and came."""
    waited: Waited
    incidents: tuple[Incident, ...]
    """By when they began."""
    series: tuple[Bucket, ...]

    @property
    def lent_count(self) -> int:
        """Lends that were ordered within the span."""
        return sum(self.asked.from_s <= lend.granted_at_s < self.asked.to_s for lend in self.lends)

    @property
    def reclaimed_count(self) -> int:
        """Hosts that were ordered home within the span."""
        return len(self.lends_called)

    @property
    def lends_called(self) -> tuple[Lend, ...]:
        """Lends that were ordered home within the span, whether or not they came."""
        called = [(lend, lend.called_at_s) for lend in self.lends]
        return tuple(one for one, at_s in called if at_s is not None and self.asked.from_s <= at_s < self.asked.to_s)
