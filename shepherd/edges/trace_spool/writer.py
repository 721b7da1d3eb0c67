"""The SpoolWriter port: a source's spool, a directory of segments that only ever grow at one end.

    segment.N   sealed; never changed, removed when it is stored
    open        a line that says its number, then a line for each record

Each change is one rename or one line more, and `open` says its own number: whatever moment the writer dies in, the
next one finds every record that `append` has returned from, in one segment. The first number of a new spool is the
time, so that a host which lost its disk does not use numbers again that somebody has stored or waits for.
"""

import contextlib
import dataclasses
import math
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from shepherd.edges.trace_spool import files
from shepherd.errors import CommandFailed, TraceRefused
from shepherd.model.trace import Gap, Segment, TraceRecord

SPOOL_BYTES = 64 << 20
SEGMENT_BYTES = 1 << 20


class Lines(Protocol):
    """How records and segments are written (`core/trace/lines.py`)."""

    def line(self, record: TraceRecord) -> str:
        """One line, without its end."""

    def record_of(self, text: str) -> TraceRecord:
        """The inverse. Raises TraceRefused."""

    def segment_text(self, segment: Segment) -> str:
        """A segment's file."""

    def segment_of(self, text: str) -> Segment:
        """The inverse. Raises TraceRefused."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spooling:
    """What a spool is of, and how large it may be."""

    source: str
    what: str
    """What is lost with a record, for a Gap."""
    group: str = ""
    """Unix group that may read it, if there is one of that name and the directory is not there yet."""
    spool_bytes: int = SPOOL_BYTES
    """Beyond it the oldest segments are dropped."""
    segment_bytes: int = SEGMENT_BYTES
    """A segment of more is sealed; one `append` may exceed it."""


@dataclasses.dataclass
class Open:
    """The open segment."""

    descriptor: int
    first: int
    """The first number of this spool."""
    number: int
    size: int
    sealed: dict[int, int]
    """Sealed segments that are there, and their bytes."""
    records: list[TraceRecord]


class TraceSpool:
    """`ports_trace.SpoolWriter` over one directory. What is damaged there is set aside and told by a Gap."""

    def __init__(
        self, directory: pathlib.Path, spooling: Spooling, lines: Lines, now_s: Callable[[], float]
    ) -> None:
        """Nothing is read or made before the first call. `now_s`: the source's own wall clock."""
        self._directory, self._spooling, self._lines, self._now_s = directory, spooling, lines, now_s
        self._open: Open | None = None

    @property
    def newest(self) -> int:
        """See the port."""
        with self._ready() as opened:
            return opened.number - 1 if opened.number > opened.first else 0

    def append(self, records: Sequence[TraceRecord]) -> None:
        """See the port. A record that no line can hold is replaced by a Gap."""
        if not records:
            return
        with self._ready() as opened:
            self._write(opened, [self._fit(record) for record in records])
            if opened.size > self._spooling.segment_bytes:
                self._seal(opened)

    def seal(self) -> None:
        """See the port."""
        with self._ready() as opened:
            if opened.records:
                self._seal(opened)

    def drop(self, number: int) -> None:
        """See the port. If a higher number is stored than there ever was here, this spool began anew under a clock that
        was behind: all that it has goes on above that number."""
        with self._ready() as opened:
            here = self._above(opened, number) if number >= opened.number else opened
            for old in [one for one in here.sealed if one <= number]:
                self._remove(here, old)

    def close(self) -> None:
        """Forget what is open; a later call reads it again. Idempotent."""
        if self._open is not None:
            files.close(self._open.descriptor)
            self._open = None

    @contextlib.contextmanager
    def _ready(self) -> Iterator[Open]:
        """The open segment, read again after any trouble. Raises CommandFailed."""
        try:
            if self._open is None:
                self._open = self._read()
            yield self._open
        except OSError as exc:
            self.close()
            raise CommandFailed(f"the spool {self._directory} cannot be written: {exc.strerror or exc}") from exc
        except BaseException:
            self.close()
            raise

    def _fit(self, record: TraceRecord) -> TraceRecord:
        try:
            self._lines.record_of(self._lines.line(record))
        except (TraceRefused, ValueError) as exc:
            from_s = record_s(record) if math.isfinite(record_s(record)) else self._now_s()
            return self._gap(from_s, 1, f"a record could not be written: {type(record).__name__}: {exc}"[:500])
        return record

    def _gap(self, from_s: float, count: int | None, why: str) -> Gap:
        """From then until now."""
        printable = "".join(c if c.isprintable() else " " for c in why)
        to_s = max(self._now_s(), from_s)
        return Gap(
            source=self._spooling.source, what=self._spooling.what, from_s=from_s, to_s=to_s, count=count, why=printable
        )

    def _above(self, opened: Open, number: int) -> Open:
        """Give all that is here numbers above `number`; the highest first, so that a death in between is a break in the
        numbers, and told."""
        old = sorted(opened.sealed)
        for distance, was in reversed(list(enumerate(old, start=number + 1))):
            data = self._lines.segment_text(self._renumbered(was, distance)).encode()
            files.replace(self._segment(distance), data)
            opened.sealed[distance] = len(data)
        gap = self._gap(0.0, None, "the spool began anew, under a clock that was behind")
        return self._begin(opened, number + 1 + len(old), [*opened.records, gap])

    def _renumbered(self, was: int, number: int) -> Segment:
        try:
            segment = self._lines.segment_of(files.read(self._segment(was)).decode())
        except (OSError, ValueError, TraceRefused):
            segment = Segment(source=self._spooling.source, number=was, sealed_at_s=self._now_s(), records=())
        return dataclasses.replace(segment, number=number)

    def _write(self, opened: Open, records: Sequence[TraceRecord]) -> None:
        """Make room, say what that cost, write. If the disk is full the room is made for good."""
        data = self._text(records)
        victims = self._too_old(opened, len(data))
        gaps = [self._lost(old) for old in victims]
        opened.size += files.add(opened.descriptor, data + self._text(gaps), opened.size)
        opened.records += [*records, *gaps]
        for old in victims:
            self._remove(opened, old)

    def _text(self, records: Sequence[TraceRecord]) -> bytes:
        return "".join(f"{self._lines.line(record)}\n" for record in records).encode()

    def _too_old(self, opened: Open, more: int) -> list[int]:
        """The oldest segments, without which the spool is small enough."""
        total = opened.size + more + sum(opened.sealed.values())
        victims = []
        for number in sorted(opened.sealed):
            if total <= self._spooling.spool_bytes:
                break
            total -= opened.sealed[number]
            victims.append(number)
        return victims

    def _lost(self, number: int) -> Gap:
        """What is lost with a segment that nobody has fetched in time."""
        path = self._segment(number)
        why = f"segment {number} was dropped before it was stored: the spool is full"
        try:
            segment = self._lines.segment_of(files.read(path).decode())
        except (OSError, ValueError, TraceRefused):
            return dataclasses.replace(self._gap(0.0, None, why), to_s=files.changed_s(path) or self._now_s())
        times = [record_s(record) for record in segment.records]
        gap = self._gap(min(times, default=0.0), len(segment.records), why)
        return dataclasses.replace(gap, to_s=max([segment.sealed_at_s, *times]))

    def _remove(self, opened: Open, number: int) -> None:
        self._segment(number).unlink(missing_ok=True)
        opened.sealed.pop(number, None)

    def _seal(self, opened: Open) -> None:
        """The segment's file is complete before it has its name, and only then there is another open one."""
        segment = Segment(
            source=self._spooling.source,
            number=opened.number,
            sealed_at_s=self._now_s(),
            records=tuple(opened.records),
        )
        data = self._lines.segment_text(segment).encode()
        files.replace(self._segment(opened.number), data)
        opened.sealed[opened.number] = len(data)
        self._begin(opened, opened.number + 1, [])

    def _begin(self, opened: Open, number: int, records: Sequence[TraceRecord]) -> Open:
        """Another open segment in the place of this one."""
        self.close()
        self._open = self._opened(opened.first, number, opened.sealed, records)
        return self._open

    def _opened(self, first: int, number: int, sealed: dict[int, int], records: Sequence[TraceRecord]) -> Open:
        data = files.heading(first, number) + self._text(records)
        files.replace(self._directory / files.OPEN, data)
        descriptor = files.to_append(self._directory / files.OPEN)
        return Open(descriptor, first, number, len(data), sealed, list(records))

    def _segment(self, number: int) -> pathlib.Path:
        return self._directory / f"{files.SEGMENT}{number}"

    def _read(self) -> Open:
        """What an earlier writer left, made whole. Raises OSError."""
        files.make(self._directory, self._spooling.group)
        sealed = files.segments(self._directory)
        left = files.left_open(self._directory)
        newest = max(sealed, default=0)
        number = max(left.number, newest + 1, 0 if left.first or newest else max(int(self._now_s()), 1))
        first = left.first or min(sealed, default=number)
        records, lost = self._understood(left.lines)
        if left.number in sealed:
            records, lost = [], 0
        gaps = self._told(left, records, lost + left.incomplete)
        return self._opened(first, number, sealed, [*records, *gaps])

    def _told(self, left: files.Left, records: Sequence[TraceRecord], lost: int) -> list[TraceRecord]:
        """What an earlier writer's end cost, or a damaged disk."""
        if not lost and not left.damage:
            return []
        from_s = max(map(record_s, records), default=0.0)
        why = left.damage or "the end of the open segment was incomplete or damaged: its writer or its host died"
        return [self._gap(min(from_s, self._now_s()), lost or None, why)]

    def _understood(self, lines: Sequence[bytes]) -> tuple[list[TraceRecord], int]:
        """The records of lines, and how many are none."""
        records: list[TraceRecord] = []
        for line in lines:
            with contextlib.suppress(TraceRefused, ValueError):
                records.append(self._lines.record_of(line.decode()))
        return records, len(lines) - len(records)


def record_s(record: TraceRecord) -> float:
    """The newest time that a record speaks of."""
    return record.to_s if isinstance(record, Gap) else record.at_s
