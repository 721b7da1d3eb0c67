"""The one day that is open for writing."""

import contextlib
import dataclasses
import json
import pathlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from shepherd.edges import day_files
from shepherd.edges.day_files import closing_on_error, transaction
from shepherd.edges.trace_store.keys import KeyWriter
from shepherd.edges.trace_store.rows import Known, RowMaker, Rows, times_of
from shepherd.edges.trace_store.schema import MIGRATIONS, TABLES, hashed
from shepherd.errors import InvariantBroken
from shepherd.model.chain import Head, canonical
from shepherd.model.trace import TraceRecord
from shepherd.model.trace_chain import (
    Act,
    Block,
    BlockKind,
    DayOpening,
    act_line,
    block_hash,
    content_hash,
    newest_segments,
)

CACHE_KIB = 65536
WAL_PAGES = 4000
INSERT = {
    table: f"INSERT INTO {table} VALUES ({', '.join('?' * (len(columns) + 1))})"  # noqa: S608 - our own names
    for table, columns in TABLES.items()
}
INSERT_BLOCK = "INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
OPEN_STAYS = "SELECT host, lease, seq FROM stay s WHERE NOT EXISTS (SELECT 1 FROM stay_end WHERE begun = s.seq)"
OPEN_JOBS = """SELECT host, container, slot, begun, seq FROM job j
    WHERE NOT EXISTS (SELECT 1 FROM job_end WHERE begun = j.seq)"""
OPEN_FLOWS = "SELECT source, flow, at_s, seq FROM flow f WHERE NOT EXISTS (SELECT 1 FROM flow_end WHERE begun = f.seq)"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draft:
    """A block that is to be written."""

    kind: BlockKind
    at_s: float
    segments: Mapping[str, Sequence[int]] = dataclasses.field(default_factory=dict)
    records: Sequence[TraceRecord] = ()
    acts: Sequence[Act] = ()
    subjects: Mapping[TraceRecord, int] = dataclasses.field(default_factory=dict)
    """Jobs that are copied, with the subject they have; whoever is told in them is encrypted anew."""


class DayFile:
    """Made by `begun` or `reopened`. Its methods raise what SQLite and the file system raise; the caller translates."""

    def __init__(self, connection: sqlite3.Connection, opening: DayOpening, keys: KeyWriter) -> None:
        """A day that is open, and where its keys go."""
        self.connection = connection
        self.opening = opening
        self.keys = keys
        self.head = opening.head()
        self.known = Known()

    @classmethod
    def begun(cls, path: pathlib.Path, opening: DayOpening, keys: KeyWriter, carry: Iterator[Draft]) -> "DayFile":
        """Create the file with what is carried into it, or finish one whose creation was interrupted."""
        day = cls(open_day(path), opening, keys)
        row = (opening.day, opening.first_seq, opening.previous_day, opening.previous_hash, opening.stored)
        with closing_on_error(day.connection), transaction(day.connection):
            day_files.migrate(day.connection, path, MIGRATIONS)
            day.connection.execute("INSERT INTO opening VALUES (1, ?, ?, ?, ?, ?)", row)
            for draft in carry:
                day.add(draft)
        return day

    @classmethod
    def reopened(cls, path: pathlib.Path, opening: DayOpening, keys: KeyWriter) -> "DayFile":
        """Go on in a file, lifted to the newest version."""
        day = cls(open_day(path), opening, keys)
        with closing_on_error(day.connection), transaction(day.connection):
            day_files.migrate(day.connection, path, MIGRATIONS)
            day.look_again()
        return day

    def look_again(self) -> None:
        """Learn what is in the file."""
        ask = self.connection.execute
        found = ask("SELECT seq, hash, lasts FROM block ORDER BY seq DESC LIMIT 1").fetchone()
        self.known = known = Known()
        if found is not None:
            self.head = Head(seq=found[0], hash=found[1])
            known.last.update(zip(TABLES, json.loads(found[2]), strict=True))
        known.names.update(ask("SELECT text, seq FROM name"))
        known.stays.update(((host, lease), seq) for host, lease, seq in ask(OPEN_STAYS))
        known.jobs.update((tuple(key), seq) for *key, seq in ask(OPEN_JOBS))
        known.flows.update(((source, flow, at_s), seq) for source, flow, at_s, seq in ask(OPEN_FLOWS))

    def stored(self) -> dict[str, int]:
        """By source, its newest segment in this day or before it."""
        newest = self.opening.newest()
        for (segments,) in self.connection.execute("SELECT segments FROM block WHERE kind = 'segments' ORDER BY seq"):
            newest.update(newest_segments(segments))
        return newest

    def acts(self) -> set[str]:
        """Lines of what the store did this day."""
        question = "SELECT line FROM seen WHERE kind = (SELECT seq FROM name WHERE text = 'Act')"
        return {line for (line,) in self.connection.execute(question)}

    def write(self, drafts: Sequence[Draft]) -> None:
        """Blocks, all or nothing, on the disk when it returns. On an error nothing here has changed."""
        before, makers = self.head, list[RowMaker]()
        try:
            with transaction(self.connection):
                for draft in drafts:
                    self.add(draft, makers)
        except BaseException:
            self.head = before
            for maker in reversed(makers):
                maker.undo()
            raise

    def add(self, draft: Draft, makers: list[RowMaker] | None = None) -> None:
        """One block, within a transaction. `makers` gets who can undo it."""
        maker = RowMaker(self.known, self.keys, draft.subjects)
        if makers is not None:
            makers.append(maker)
        maker.take(draft.records)
        for act in draft.acts:
            maker.keep("Act", "", (draft.at_s, draft.at_s), act_line(act))
        self.keys.flush()
        block = self._block(draft, maker.rows)
        for table, rows in maker.rows.items():
            if rows:
                self.connection.executemany(INSERT[table], rows)
        self.connection.execute(INSERT_BLOCK, dataclasses.astuple(block))
        self.head = block.head()

    def _block(self, draft: Draft, rows: Rows) -> Block:
        times = times_of(draft.records) or [draft.at_s]
        block = Block(
            seq=self.head.seq + 1,
            at_s=float(draft.at_s),
            kind=draft.kind.value,
            segments=canonical(draft.segments),
            from_s=float(min(times)) + 0.0,
            to_s=float(max(times)) + 0.0,
            lasts=self.known.lasts(),
            hash="",
        )
        try:
            content = content_hash(hashed(rows))
        except ValueError as exc:
            raise InvariantBroken(f"a trace record has a number that is none: {exc}") from exc
        return dataclasses.replace(block, hash=block_hash(self.head.hash, block, content))

    def ends_as_known(self) -> bool:
        """Whether no transaction is open and the file ends where this object thinks; False if that cannot be told."""
        newest = "SELECT coalesce((SELECT max(seq) FROM block), (SELECT first_seq - 1 FROM opening))"
        with contextlib.suppress(sqlite3.Error):
            open_still = self.connection.in_transaction
            return not open_still and self.connection.execute(newest).fetchone() == (self.head.seq,)
        return False

    def close(self) -> None:
        """Idempotent; what is committed is safe whether or not this succeeds."""
        with contextlib.suppress(sqlite3.Error):
            self.connection.close()


def open_day(path: pathlib.Path) -> sqlite3.Connection:
    """Open to write, with room for a day's indices."""
    connection = day_files.open_to_write(path)
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
    return connection
