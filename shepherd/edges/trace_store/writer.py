"""The trace store's writer: rows in SQLite, a file a UTC day, chained by hashes, what is personal encrypted.

A day's file is the day on which records arrived; their own times may be older. After trouble everything is closed and
forgotten, and the next call reads again what is really on the disk. A full disk is no such trouble.
"""

import contextlib
import pathlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from shepherd.edges import day_files
from shepherd.edges.day_files import DAY_S, end_of
from shepherd.edges.trace_store import files
from shepherd.edges.trace_store.carry import carry
from shepherd.edges.trace_store.day import DayFile, Draft
from shepherd.edges.trace_store.hold_files import remove_hold
from shepherd.edges.trace_store.keys import KeyWriter, NewKey, destroy, fresh_key, make_directory
from shepherd.edges.trace_store.overdue import Overdue, Retention, remove_day, remove_keys
from shepherd.edges.trace_store.read_rows import DayRows
from shepherd.edges.trace_store.schema import WHAT, partition_path
from shepherd.edges.trace_store.summary import is_unsummed, write_summary
from shepherd.edges.writer_lock import WriterLock
from shepherd.errors import LedgerUnavailable
from shepherd.model.chain import GENESIS, Head, canonical
from shepherd.model.trace import Segment, TraceRecord
from shepherd.model.trace_chain import BlockKind, DayOpening


class TraceStore:
    """`ports_trace.TraceWriter`. Threads may share it. Every method may raise LedgerUnavailable and be tried again."""

    def __init__(
        self,
        directory: pathlib.Path,
        *,
        wall_s: Callable[[], float],
        retention: Retention,
        group: str = "",
        new_key: NewKey = fresh_key,
    ) -> None:
        """Become the writer of `directory`. The Unix group `group` may read what is personal; empty: nobody else.

        Raises AnotherShepherd if there is a writer already, LedgerUnavailable if the directory cannot be used at all.
        """
        self.retention = retention
        """May be replaced."""
        self._directory, self._wall_s, self._group, self._new_key = directory, wall_s, group, new_key
        self._guard = threading.RLock()
        self._lock = WriterLock(directory, WHAT)
        self._lock.take()
        self._day: DayFile | None = None
        self._begun: dict[pathlib.Path, DayOpening] = {}
        self._stored: dict[str, int] | None = None
        self._head: Head | None = None
        self._unsummed = set[pathlib.Path]()
        """Days that could not be summed up."""

    def stored(self) -> Mapping[str, int]:
        """By source, its newest segment that is safely stored."""
        with self._guard, self._translated():
            self._known()
            return dict(self._stored or {})

    def add(self, segment: Segment) -> None:
        """Store all of a segment, durably on return. One that is stored already is none again."""
        self.add_all([segment])

    def add_all(self, segments: Sequence[Segment]) -> None:
        """Store several at the price of one: all or none, durably on return."""
        with self._guard, self._translated():
            self._known()
            newest, new = dict(self._stored or {}), list[Segment]()
            for segment in segments:
                if segment.number > newest.get(segment.source, 0):
                    newest[segment.source] = segment.number
                    new.append(segment)
            if new:
                numbers: dict[str, list[int]] = {}
                for segment in new:
                    numbers.setdefault(segment.source, []).append(segment.number)
                records = [record for segment in new for record in segment.records]
                self._write(BlockKind.SEGMENTS, records, numbers)
                self._stored = newest

    def note(self, records: Sequence[TraceRecord]) -> None:
        """Store what the shepherd itself has seen."""
        if records:
            with self._guard, self._translated():
                self._write(BlockKind.NOTE, records, {})

    def head(self) -> Head:
        """The end of the chain, as it was last committed. Does not wait for a writing thread, except the first time."""
        if self._head is None:
            with self._guard, self._translated():
                self._known()
        return self._head or Head()

    def upkeep(self, *, may_retire: bool = True) -> None:
        """Notice holds, remove released ones; if the clock can be trusted (`may_retire`), destroy keys and remove days
        that are old enough; sum up one day that is over. Idempotent. What it removes is recorded before.
        """
        with self._guard, self._translated():
            self._known()
            now = self._wall_s()
            retention = self.retention if may_retire else None
            if retention and self._day and end_of(self._day.opening.day) + retention.keep_days * DAY_S <= now:
                self._writable(now)  # the newest day has none after it that tells how it ended
            days = list(self._begun.values())
            overdue = Overdue.at(now, self._directory, days, retention, self._acts())
            if overdue.acts:
                self._writable(now).write([Draft(kind=BlockKind.ACT, at_s=now, acts=overdue.acts)])
                self._head = self._open_day().head
            for week in overdue.weeks:
                destroy(week)
            for day in overdue.without_keys:
                remove_keys(self._directory, day)
            for path in overdue.paths:
                remove_day(path)
                self._begun.pop(path, None)
            for name in overdue.released:
                remove_hold(self._directory, name)
            self._sum_up()

    def _sum_up(self) -> None:
        """The newest day that is over and has no summary gets one; one at a time, for it takes a moment."""
        for path in reversed(list(self._begun)[:-1]):
            if path not in self._unsummed and is_unsummed(path):
                with contextlib.suppress(LedgerUnavailable):
                    with day_files.translated(path, WHAT):
                        write_summary(path)
                    return
                self._unsummed.add(path)

    def close(self) -> None:
        """Let the next writer in. Idempotent."""
        with self._guard:
            self._forget()
            self._lock.release()

    def _write(self, kind: BlockKind, records: Sequence[TraceRecord], segments: Mapping[str, Sequence[int]]) -> None:
        now = self._wall_s()
        day = self._writable(now)
        day.write([Draft(kind=kind, at_s=now, records=records, segments=segments)])
        self._head = day.head

    def _writable(self, now: float) -> DayFile:
        """The newest day, or a new one for a date that has none yet. A clock set back does not reopen a day."""
        self._known()
        today = partition_path(self._directory, day_files.utc_day(now))
        if self._day is None or today not in self._begun:
            self._day = self._begin(today, now)
        return self._day

    def _known(self) -> None:
        """Learn what is on the disk, unless that is known."""
        if self._stored is not None:
            return
        self._lock.take()
        self._begun = dict(files.begun(self._directory))
        if self._begun:
            path, opening = list(self._begun.items())[-1]
            self._day = DayFile.reopened(path, opening, self._keys(opening.day))
        self._head = self._day.head if self._day else Head()
        self._stored = self._day.stored() if self._day else {}

    def _begin(self, path: pathlib.Path, now: float) -> DayFile:
        """Start the file of a day, linked to the newest one."""
        old, head = self._day, self._head or Head()
        opening = DayOpening(
            day=path.stem,
            first_seq=head.seq + 1,
            previous_day=old.opening.day if old else "",
            previous_hash=head.hash if old else GENESIS,
            stored=canonical(self._stored or {}),
        )
        day = DayFile.begun(path, opening, self._keys(path.stem), self._carry(old, now))
        if old:
            old.close()
        self._head, self._begun = day.head, {**self._begun, path: opening}
        return day

    def _carry(self, old: DayFile | None, now: float) -> Iterator[Draft]:
        if old is not None:
            day = old.opening.day
            yield from carry(DayRows(old.connection, lambda: files.keys_or_why(self._directory, day, reveal=True)), now)

    def _keys(self, day: str) -> KeyWriter:
        make_directory(self._directory, "")
        return KeyWriter(self._directory, day, self._group, self._new_key)

    def _open_day(self) -> DayFile:
        if self._day is None:
            raise LedgerUnavailable(f"no day of the trace store {self._directory} is open")
        return self._day

    def _acts(self) -> set[str]:
        return self._day.acts() if self._day else set()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            with day_files.translated(self._directory, WHAT):
                yield
        except LedgerUnavailable as exc:
            if not (day_files.is_full(exc) and self._day is not None and self._day.ends_as_known()):
                self._forget()
            raise

    def _forget(self) -> None:
        if self._day is not None:
            self._day.close()
        self._day = self._stored = self._head = None
