"""What a time on one clock is on another: never a point, always from when to when."""

import bisect
import dataclasses
import math
from collections import defaultdict
from collections.abc import Iterable

from shepherd.model.trace import ClockSeen

UNMEASURED_S = 5.0
"""How far a clock that was never compared is taken to be off, either way; the answer says so."""
DRIFT = 1e-4
"""How fast a clock may go wrong after it was compared: 100 parts in a million, twice what quartz does."""
MOVED_S = 1.0
"""A clock that moved by less is told only when it is compared next (`programs/trace/witnessing.py`)."""
NEAREST_TICK_S = 1.0
"""HTCondor tells times in whole seconds, cut."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Between:
    """A time that lies somewhere between two."""

    lo: float
    hi: float

    def widened(self, by_s: float) -> "Between":
        """So much more, either way."""
        return Between(lo=self.lo - by_s, hi=self.hi + by_s)

    def meets(self, other: "Between") -> bool:
        """Whether they have a time in common."""
        return self.lo <= other.hi and other.lo <= self.hi


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stamp:
    """A time by a source's own clock."""

    source: str
    at: Between


def stamp(source: str, at_s: float, *, earliest_s: float | None = None) -> Stamp:
    """A record's time. One of whole seconds was cut; `earliest_s`: it can have been since then."""
    late = at_s + NEAREST_TICK_S if at_s == math.floor(at_s) else at_s
    return Stamp(source=source, at=Between(lo=at_s if earliest_s is None else earliest_s, hi=late))


class Clocks:
    """How far sources' clocks were ahead of the shepherd's, over time."""

    def __init__(self, seen: Iterable[ClockSeen], same: frozenset[str]) -> None:
        """`same`: sources on the shepherd's own machine, itself among them."""
        self._same = same
        self._seen: dict[str, list[ClockSeen]] = defaultdict(list)
        for one in sorted(seen, key=lambda seen: seen.at_s):
            self._seen[one.source].append(one)

    def is_measured(self, source: str) -> bool:
        """Whether that clock was ever compared."""
        return source in self._same or source in self._seen

    def nearest(self, source: str, at_s: float) -> list[ClockSeen]:
        """The comparisons before and after a time of the shepherd's."""
        seen = self._seen.get(source, [])
        where = bisect.bisect_right(seen, at_s, key=lambda one: one.at_s)
        return seen[max(where - 1, 0) : where + 1]

    def ahead(self, source: str, at_s: float) -> Between:
        """How far that clock was ahead at a time of the shepherd's."""
        nearest = self.nearest(source, at_s)
        if not nearest and source in self._same:
            return Between(lo=0.0, hi=0.0)
        if not nearest:
            return Between(lo=-UNMEASURED_S, hi=UNMEASURED_S)
        drift = DRIFT * min(abs(one.at_s - at_s) for one in nearest)
        each = [Between(lo=one.ahead_s, hi=one.ahead_s).widened(one.within_s + MOVED_S + drift) for one in nearest]
        return Between(lo=min(one.lo for one in each), hi=max(one.hi for one in each))

    def unsteady_s(self, source: str, at_s: float) -> float:
        """How much that clock was set between two comparisons, beyond what is known anyway."""
        match self.nearest(source, at_s):
            case [before, after]:
                known = before.within_s + after.within_s + MOVED_S + DRIFT * (after.at_s - before.at_s)
                return max(0.0, abs(after.ahead_s - before.ahead_s) - known)
        return 0.0

    def true(self, stamp: Stamp) -> Between:
        """The same time by the shepherd's clock. For ever is for ever on each."""
        if math.isinf(stamp.at.lo):
            return stamp.at
        middle = self.ahead(stamp.source, stamp.at.lo)
        about_s = stamp.at.lo - (middle.lo + middle.hi) / 2
        ahead = self.ahead(stamp.source, about_s)
        return Between(lo=stamp.at.lo - ahead.hi, hi=stamp.at.hi - ahead.lo)

    def told(self, source: str, time: Between) -> Between:
        """The same time of the shepherd's by a source's clock."""
        early, late = self.ahead(source, time.lo), self.ahead(source, time.hi)
        return Between(lo=time.lo + early.lo, hi=time.hi + late.hi)

    def may_precede(self, one: Stamp, other: Stamp) -> bool:
        """Whether `one` can have been before `other`, or at the same time. By one clock that is exact."""
        if one.source == other.source:
            return one.at.lo <= other.at.hi + self.unsteady_s(one.source, other.at.lo)
        return self.true(one).lo <= self.true(other).hi

    def precedes(self, one: Stamp, other: Stamp) -> bool:
        """Whether `one` was before `other`, or at the same time, for certain."""
        if one.source == other.source:
            return one.at.hi + self.unsteady_s(one.source, other.at.lo) <= other.at.lo
        return self.true(one).hi <= self.true(other).lo
