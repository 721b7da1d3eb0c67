"""From when to when something was, as far as its records tell; and what gaps in the records do to that."""

import dataclasses
import math
import re
from collections.abc import Iterable, Sequence

from shepherd.core.trace.clocks import NEAREST_TICK_S, Between, Clocks, Stamp, stamp
from shepherd.model.trace import EndSeen, Gap
from shepherd.model.trace_rows import Flow, Job, Stay

FLOWS, JOBS, STAYS, SCHEDDS = "flows", "jobs", "stays", "schedds"
"""What a gap can be of."""
KNOWN = frozenset({FLOWS, JOBS, STAYS, SCHEDDS})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Life:
    """Begin and end of something, by its source's clock."""

    begun: Stamp
    ended: Stamp


class Gaps:
    """What sources may have missed. After each gap a source looks at what is there, and records it."""

    def __init__(self, gaps: Iterable[Gap], clocks: Clocks) -> None:
        self.all = tuple(gaps)
        self._clocks = clocks

    def holding(self, source: str, what: str, at_s: float) -> Gap | None:
        """The gap in which, or at whose end, a source's record lies."""
        own = (gap for gap in self.all if gap.source == source and is_of(gap, what))
        return next((gap for gap in own if gap.from_s <= at_s <= gap.to_s + NEAREST_TICK_S), None)

    def over(self, sources: Iterable[str], what: str, time: Stamp) -> list[Gap]:
        """Those in which something at `time` may have been missed."""
        wanted = frozenset(sources)
        return [
            gap for gap in self.all
            if gap.source in wanted and is_of(gap, what) and self._touches(gap, time)
        ]  # fmt: skip

    def before(self, sources: Iterable[str], what: str, time: Stamp) -> list[Gap]:
        """Those that can have begun before `time`."""
        wanted = frozenset(sources)
        return [
            gap for gap in self.all
            if gap.source in wanted and is_of(gap, what) and self._clocks.may_precede(_at(gap.source, gap.from_s), time)
        ]  # fmt: skip

    def _touches(self, gap: Gap, time: Stamp) -> bool:
        begun, ended = _at(gap.source, gap.from_s), _at(gap.source, gap.to_s)
        return self._clocks.may_precede(begun, time) and self._clocks.may_precede(time, ended)


def _at(source: str, at_s: float) -> Stamp:
    return Stamp(source=source, at=Between(lo=at_s, hi=at_s))


def is_of(gap: Gap, what: str) -> bool:
    """Whether a gap is of `what`. One may name several, or in words that are not ours: then it is of everything. A host
    spools all that it sees in one place, and tells the loss of any of it as one of jobs."""
    named = KNOWN & frozenset(re.findall(r"[a-z]+", gap.what))
    return what in named or not named or (JOBS in named and what != SCHEDDS)


def life_of(row: Stay | Job | Flow, what: str, gaps: Gaps) -> Life:
    """From when to when it was. What was first seen at the end of a gap may have begun anywhere in it; what was missing
    there may have ended anywhere in it."""
    begun, ended = row.begun, row.ended
    gap = gaps.holding(begun.source, what, begun.at_s)
    first = stamp(begun.source, begun.at_s, earliest_s=min(gap.from_s, begun.at_s) if gap else None)
    if ended is None:
        return Life(begun=first, ended=Stamp(source=begun.source, at=Between(lo=math.inf, hi=math.inf)))
    if ended.how is EndSeen.SEEN:
        return Life(begun=first, ended=stamp(ended.source, ended.at_s))
    gap = gaps.holding(ended.source, what, ended.at_s)
    earliest_s = min(max(gap.from_s, first.at.lo), ended.at_s) if gap else min(first.at.lo, ended.at_s)
    return Life(begun=first, ended=stamp(ended.source, ended.at_s, earliest_s=earliest_s))


def cut_short(life: Life, ends: Sequence[Stamp]) -> Life:
    """One that nobody saw end ended, at the latest, with what it could not outlive."""
    later = [end.at.hi for end in ends if end.source == life.ended.source and end.at.hi >= life.begun.at.lo]
    if life.ended.at.lo < math.inf or not later:
        return life
    return Life(begun=life.begun, ended=Stamp(source=life.ended.source, at=Between(lo=life.begun.at.lo, hi=min(later))))


def may_live(life: Life, time: Stamp, clocks: Clocks) -> bool:
    """Whether it can have been at `time`."""
    return clocks.may_precede(life.begun, time) and clocks.may_precede(time, life.ended)


def lives(life: Life, time: Stamp, clocks: Clocks) -> bool:
    """Whether it was all through `time`, for certain."""
    return clocks.precedes(life.begun, time) and clocks.precedes(time, life.ended)
