"""The Ledger port: append-only records in SQLite, a partition a day, chained by hashes.

The daemon is the only writer. After trouble everything is closed and forgotten, and the next append reads
again what is really on the disk: a failed commit may or may not have reached it. A full disk is no such
trouble: SQLite has rolled back, and the open partition says so itself.
"""

import pathlib
import threading
from collections.abc import Callable, Mapping, Sequence

from shepherd.edges import day_files
from shepherd.edges import ledger_files as files
from shepherd.edges.ledger_day import Day
from shepherd.edges.ledger_present import PresentWriter, read_present
from shepherd.edges.ledger_read import read_standing, runs_through
from shepherd.edges.ledger_retention import Keeping, overdue
from shepherd.edges.writer_lock import WriterLock
from shepherd.errors import LedgerUnavailable
from shepherd.model.chain import Head, Opening, seal
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import HostName
from shepherd.model.orders import HostMemory, SwitchRecord
from shepherd.model.retired import retired_from
from shepherd.model.standing import Standing

Body = Mapping[str, object]


class SqliteLedger:
    """`ports.Ledger`. Threads may share it. Every method may raise LedgerUnavailable and may be tried again."""

    def __init__(
        self,
        directory: pathlib.Path,
        *,
        switch_from: Callable[[Body], SwitchRecord],
        memory_from: Callable[[Body], HostMemory],
    ) -> None:
        """Become the writer of `directory`.

        `…_from` read a record's body and raise ValueError on one they cannot read. Raises AnotherShepherd
        if there is a writer already, LedgerUnavailable if the directory cannot be used at all.
        """
        self._directory = directory
        self._switch_from, self._memory_from = switch_from, memory_from
        self._guard = threading.RLock()
        self._lock = WriterLock(directory)
        self._lock.take()
        self._present = PresentWriter(directory)
        self._day: Day | None = None
        self._begun: frozenset[str] = frozenset()
        self._head = Head()
        self._standing: Standing | None = None
        self._missing: Head | None = None
        """A head that was published and is no longer there."""

    def append(self, entries: Sequence[Entry]) -> None:
        """All or nothing, durable on return."""
        if not entries:
            return
        with self._guard:
            try:
                with day_files.translated(self._directory):
                    self._append(entries)
            except LedgerUnavailable as exc:
                if not (day_files.is_full(exc) and self._is_as_before()):
                    self._forget()
                raise

    def switches(self) -> Mapping[HostName, SwitchRecord]:
        """Switches that are not over."""
        bodies = self._known().bodies(EntryKind.SWITCH)
        with day_files.translated(self._directory):
            return {host: self._switch_from(body) for host, body in bodies.items()}

    def memories(self) -> Mapping[HostName, HostMemory]:
        """What is remembered of hosts."""
        bodies = self._known().bodies(EntryKind.MEMORY)
        with day_files.translated(self._directory):
            return {host: self._memory_from(body) for host, body in bodies.items()}

    def last(self, kind: str) -> Entry | None:
        """The newest entry of a kind."""
        return self._known().last(kind)

    def head(self) -> Head:
        """The end of the chain."""
        with self._guard:
            self._known()
            return self._head

    def publish_present(self, body: Body) -> None:
        """Replace what `shepherd -s` shows."""
        with self._guard:
            self._known()
            self._present.publish(body, self._head)

    def retire(self, now: float, keeping: Keeping) -> None:
        """Remove the days that are old enough, recorded before. Idempotent."""
        with self._guard, day_files.translated(self._directory):
            gone = overdue(self._directory, now, keeping)
            if gone is None:
                return
            last = retired_from(self.last(EntryKind.RETIRED.value))
            if last is None or last.last_seq < gone.retired.last_seq:
                self.append([gone.retired.entry(now)])
            for path in gone.paths:
                day_files.remove(path)

    def close(self) -> None:
        """Let the next writer in. Idempotent."""
        with self._guard:
            self._forget()
            self._present.close()
            self._lock.release()

    def _append(self, entries: Sequence[Entry]) -> None:
        at_s = entries[-1].at_s
        day = self._writable(day_files.utc_day(at_s))
        rows = seal(self._head, (*self._cut_short(at_s), *entries))
        day.write(rows)
        self._head, self._missing = Head(seq=rows[-1].seq, hash=rows[-1].hash), None
        self._standing = self._known().after(row.stored().entry for row in rows)

    def _known(self) -> Standing:
        with self._guard:
            if self._standing is None:
                self._read_again()
            return self._standing or Standing()

    def _read_again(self) -> None:
        """What is on the disk, and nothing else."""
        begun = files.begun(self._directory)
        self._begun = frozenset(path.stem for path in begun)
        if begun:
            self._standing, self._head = read_standing(begun[-1])
        else:
            self._standing, self._head = Standing(), Head()

    def _writable(self, today: str) -> Day:
        """The newest partition, or a new one for a day that has none yet.

        A clock set back does not reopen a day that is over: records stay in the order they were made.
        """
        if self._day is None:
            self._lock.take()
            self._open_newest()
        if self._day is None or today not in self._begun:
            self._day = self._begin(today)
        return self._day

    def _open_newest(self) -> None:
        begun = files.begun(self._directory)
        self._missing = self._missed(begun[-1] if begun else None)
        self._day = Day.reopened(begun[-1]) if begun else None
        self._read_again()

    def _begin(self, today: str) -> Day:
        """Start the partition of `today`, linked to the newest one."""
        opening = Opening(
            day=today,
            first_seq=self._head.seq + 1,
            previous_day=self._day.name if self._day else "",
            previous_hash=self._head.hash,
            carry=self._known().carry(),
        )
        day = Day.begun(files.partition_path(self._directory, today), opening)
        if self._day:
            self._day.close()
        self._head, self._begun = opening.head(), self._begun | {today}
        return day

    def _missed(self, newest: pathlib.Path | None) -> Head | None:
        """The head that the view noted, if the records do not reach it any more."""
        try:
            shown = read_present(self._directory)
        except LedgerUnavailable:
            return None
        if shown is None or shown[1].seq == 0:
            return None
        kept = newest is not None and runs_through(newest, shown[1])
        return None if kept else shown[1]

    def _cut_short(self, at_s: float) -> tuple[Entry, ...]:
        """Says in the record itself that records were removed while nobody looked."""
        if self._missing is None:
            return ()
        why = f"record {self._missing.seq} was there and is missing: the ledger was cut short or put aside"
        body = {"from_s": at_s, "to_s": at_s, "lost_entries": 0, "problem": why}
        return (Entry(at_s=at_s, kind=EntryKind.GAP, cause="ledger", body=body),)

    def _is_as_before(self) -> bool:
        """Whether the open partition still ends where the last append that succeeded left it."""
        return self._day is not None and self._standing is not None and self._day.ends_at(self._head.seq)

    def _forget(self) -> None:
        if self._day is not None:
            self._day.close()
        self._day = self._standing = None
