"""What to fetch next of a source's spool, and what may be believed of what came."""

import dataclasses
from collections.abc import Callable

from shepherd.errors import TraceRefused
from shepherd.model.trace import (
    ClockSeen,
    EvidenceKept,
    Gap,
    JobBegun,
    JobEnded,
    ScheddSeen,
    Segment,
    StayBegun,
    StayEnded,
    TraceRecord,
)

LOST = ("jobs", "stays", "flows")
"""What segments may tell of."""


def believed(segment: Segment, source: str, number: int) -> Segment:
    """A segment that speaks only for who sent it. Raises TraceRefused: a host that was taken over must not be able to
    write another's history."""
    if (segment.source, segment.number) != (source, number):
        raise TraceRefused(f"{source} handed out segment {segment.number} of {segment.source} as {number} of its own")
    if strange := next((record for record in segment.records if not speaks_for(record, source)), None):
        raise TraceRefused(f"{source} speaks for somebody else: {type(strange).__name__} of {strange.source}")
    return segment


def speaks_for(record: TraceRecord, source: str) -> bool:
    """Whether a record is about its own source. Who signed in as which schedd, and whose clock is off, the shepherd
    alone has seen."""
    own = record.source == source
    if isinstance(record, StayBegun | StayEnded | JobBegun | JobEnded | EvidenceKept):
        return own and record.host == source
    return own and not isinstance(record, ScheddSeen | ClockSeen)


def oldest(newest: int, above: int, is_there: Callable[[int], bool]) -> int | None:
    """The number of the oldest segment that is there, above `above` and up to `newest`; None if not even that one is.
    Those that are there have no break: steps that double, then halving."""
    if newest <= above or not is_there(newest):
        return None
    there, step = newest, 1
    while there - step > above and is_there(there - step):
        there, step = there - step, step * 2
    missing = max(there - step, above)
    while there - missing > 1:
        middle = (there + missing) // 2
        there, missing = (middle, missing) if is_there(middle) else (there, middle)
    return there


def lost(source: str, from_s: float, to_s: float, why: str) -> list[TraceRecord]:
    """What is told of segments that nobody will ever have."""
    gap = Gap(source=source, what="", from_s=min(from_s, to_s), to_s=to_s, count=None, why=why[:500])
    return [dataclasses.replace(gap, what=kind) for kind in LOST]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clocks:
    """How far a source's clock is from the shepherd's, by when its ads were sent and heard."""

    samples: tuple[float, ...] = ()
    """Sent (its clock) less heard (the collector's, to the second), the newest last."""

    def heard(self, sent_s: float, heard_s: float) -> "Clocks":
        """With one more ad."""
        return Clocks(samples=(*self.samples, sent_s - heard_s)[-SAMPLES:])

    @property
    def ahead_s(self) -> float:
        """The ad that took least time on its way says most: it took between nothing and DELAY_S, and was heard within
        the second that the collector says."""
        return max(self.samples) + (DELAY_S - 1.0) / 2


SAMPLES = 5
DELAY_S = 2.0
"""An ad is underway no longer, in the best of a few."""
WITHIN_S = (DELAY_S + 1.0) / 2
