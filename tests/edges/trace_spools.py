"""Spools for tests: their records, and what somebody who fetches finds."""

import pathlib
from collections.abc import Sequence

from shepherd.core.trace import lines
from shepherd.core.trace.lines import segment_of
from shepherd.edges.trace_spool.writer import Spooling, TraceSpool
from shepherd.model.trace import Gap, Segment, StayBegun, TraceRecord
from tests.left_open import closed_at_the_end

BORN_S = 1_000.0


def spool_in(
    place: pathlib.Path, *, now_s: float = BORN_S, spool_bytes: int = 1 << 20, segment_bytes: int = 1 << 16
) -> TraceSpool:
    """A writer; another one for the same place is what comes after a death."""
    spooling = Spooling(source="p205", what="jobs", spool_bytes=spool_bytes, segment_bytes=segment_bytes)
    return closed_at_the_end(TraceSpool(place, spooling, lines, lambda: now_s))


def stay(number: int, at_s: float = BORN_S, herd: str = "flock") -> StayBegun:
    """A record that can be told from others."""
    return StayBegun(source="p205", host="p205", at_s=at_s, herd=herd, lease=f"lease-{number}")


def sealed(place: pathlib.Path) -> list[Segment]:
    """All that could be fetched, in the order of the numbers."""
    found = [segment_of(path.read_text()) for path in place.glob("segment.*")]
    return sorted(found, key=lambda segment: segment.number)


def told(segments: Sequence[Segment]) -> list[TraceRecord]:
    """All records, in order."""
    return [record for segment in segments for record in segment.records]


def leases(records: Sequence[TraceRecord]) -> list[int]:
    """The numbers of the `stay` records."""
    return [int(record.lease.removeprefix("lease-")) for record in records if isinstance(record, StayBegun)]


def gaps(records: Sequence[TraceRecord]) -> list[Gap]:
    """What was told as lost."""
    return [record for record in records if isinstance(record, Gap)]
