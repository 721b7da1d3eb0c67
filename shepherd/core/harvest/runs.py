"""Guests' jobs from the trace store, without whoever they are of: which host, from when to when, which guest's."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from shepherd.core.harvest.shares import Of, RunEvent
from shepherd.core.trace.clocks import Clocks
from shepherd.core.trace.sender import host_of, sender_of
from shepherd.model.harvest import Period
from shepherd.model.trace import ClockSeen, Gap, JobBegun, ScheddSeen
from shepherd.model.trace_rows import Job
from shepherd.model.tracing import Standing

JOBS, SCHEDDS = "jobs", "schedds"
"""What gaps are of."""
GAPS_TOLD = 3


class Senders:
    """Whose jobs are, by who had signed in as which schedd."""

    def __init__(self, seen: Iterable[ScheddSeen], gaps: Iterable[Gap], clocks: Iterable[ClockSeen]) -> None:
        self._seen = tuple(dict.fromkeys(seen))
        self._gaps = [gap for gap in gaps if gap.what == SCHEDDS]
        self._clocks = Clocks(clocks, frozenset())
        known = defaultdict[str, set[tuple[str, str, str]]](set)
        for one in self._seen:
            known[one.schedd.casefold()].add((one.identity, one.guest, host_of(one.address)))
        self._changed = frozenset(name for name, found in known.items() if len(found) > 1)
        self._found: dict[tuple[str, str], Of] = {}

    def of(self, begun: JobBegun) -> Of:
        """Asked once for each schedd and address, unless somebody else had signed in as that schedd meanwhile."""
        key = begun.schedd.casefold(), host_of(begun.peer)
        found = self._found.get(key)
        if found is None:
            sender = sender_of(begun, self._seen, [gap for gap in self._gaps if _covers(gap, begun.at_s)], self._clocks)
            found = Of(sender.guest, is_proven=sender.standing is Standing.PROVEN)
            if key[0] not in self._changed and not self._gaps:
                self._found[key] = found
        return found


def events(jobs: Iterable[Job], senders: Senders, day: Period) -> list[RunEvent]:
    """Begins and ends of jobs within a day, in the order of time. One that is older begins with the day, and one that
    lasts longer ends with it, so that days can follow each other."""
    found = []
    for job in jobs:
        period = _within(job, day)
        if period.lasts_s > 0:
            run = job.begun.host, senders.of(job.begun), max(0, job.begun.cpus)
            found.append(RunEvent(period.from_s, 1, *run))
            found.append(RunEvent(period.to_s, -1, *run))
    return sorted(found)


def counts(jobs: Iterable[Job], senders: Senders, day: Period) -> Iterator[tuple[str, int, float]]:
    """Of each guest: jobs that began within the day, and how long jobs lasted in it, in seconds."""
    number, lasted_s = defaultdict[str, int](int), defaultdict[str, float](float)
    for job in jobs:
        guest = senders.of(job.begun).guest
        number[guest] += day.from_s <= job.begun.at_s < day.to_s
        lasted_s[guest] += _within(job, day).lasts_s
    for guest in sorted(number):
        yield guest, number[guest], lasted_s[guest]


def missing(gaps: Sequence[Gap], span: Period) -> Iterator[str]:
    """Why jobs are not, or not all, on record, a sentence each; the longest gaps first, and how many others."""
    found = [(min(gap.to_s, span.to_s) - max(gap.from_s, span.from_s), gap) for gap in gaps if gap.what == JOBS]
    found = sorted((one for one in found if one[0] > 0), key=lambda one: -one[0])
    for lasts_s, gap in found[:GAPS_TOLD]:
        yield f"{gap.source}: jobs of {lasts_s / 3600:.1f} h are not, or not all, on record: {gap.why}"
    if len(found) > GAPS_TOLD:
        hours = sum(lasts_s for lasts_s, _ in found[GAPS_TOLD:]) / 3600
        yield f"{len(found) - GAPS_TOLD} more such gaps of {hours:.1f} h together"


def _within(job: Job, day: Period) -> Period:
    ended_s = job.ended.at_s if job.ended is not None else day.to_s
    return Period(from_s=max(job.begun.at_s, day.from_s), to_s=min(ended_s, day.to_s))


def _covers(gap: Gap, at_s: float) -> bool:
    return gap.from_s <= at_s <= gap.to_s
