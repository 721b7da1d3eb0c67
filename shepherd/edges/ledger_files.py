"""The ledger's files: one SQLite database a UTC day."""

import contextlib
import pathlib
import re

from shepherd.edges import day_files
from shepherd.errors import LedgerUnavailable
from shepherd.model.chain import Opening

MIGRATIONS = (
    """
    CREATE TABLE opening (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        day TEXT NOT NULL,
        first_seq INTEGER NOT NULL,
        previous_day TEXT NOT NULL,
        previous_hash TEXT NOT NULL,
        carry TEXT NOT NULL
    ) STRICT;
    CREATE TABLE record (
        seq INTEGER PRIMARY KEY,
        at_s REAL NOT NULL,
        kind TEXT NOT NULL,
        host TEXT NOT NULL,
        cause TEXT NOT NULL,
        body TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT;
    CREATE INDEX record_by_kind ON record (kind, seq);
    CREATE INDEX record_by_host ON record (host, seq);
    CREATE INDEX record_by_cause ON record (cause, seq);
    CREATE TRIGGER record_is_never_changed BEFORE UPDATE ON record
        BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;
    CREATE TRIGGER record_is_never_removed BEFORE DELETE ON record
        BEGIN SELECT RAISE(ABORT, 'records are never removed'); END;
    """,
)
"""Each lifts a partition by one `user_version`. Days that are over stay at the version they had."""

PARTITION = re.compile(r"\d{4}-\d{2}-\d{2}\.sqlite")
def partition_path(directory: pathlib.Path, day: str) -> pathlib.Path:
    """Where a day lies."""
    return directory / f"{day}.sqlite"


def partition_files(directory: pathlib.Path) -> list[pathlib.Path]:
    """The days that have a file. Not in the order of the chain: a clock may have been wrong."""
    with day_files.translated(directory):
        if not directory.exists():
            return []
        return sorted(path for path in directory.iterdir() if PARTITION.fullmatch(path.name))


def begun(directory: pathlib.Path) -> list[pathlib.Path]:
    """Partitions that were begun, in the order of the chain.

    Damaged ones are left out, but when the newest may be among them nothing can be continued:
    LedgerUnavailable.
    """
    days, damaged = sorted_out(directory)
    if damaged and max(damaged) > max(days, default=directory):
        raise damaged[max(damaged)]
    return days


def sorted_out(directory: pathlib.Path) -> tuple[list[pathlib.Path], dict[pathlib.Path, LedgerUnavailable]]:
    """Partitions that were begun, in the order of the chain, and those that cannot be read. LedgerUnavailable
    if the directory cannot be read."""
    first_seqs: dict[pathlib.Path, int] = {}
    damaged: dict[pathlib.Path, LedgerUnavailable] = {}
    for path in partition_files(directory):
        try:
            if (first_seq := first_seq_of(path)) is not None:
                first_seqs[path] = first_seq
        except LedgerUnavailable as exc:
            damaged[path] = exc
    return sorted(first_seqs, key=lambda path: first_seqs[path]), damaged


def first_seq_of(path: pathlib.Path) -> int | None:
    """Where a partition begins; None if its creation was interrupted. Raises LedgerUnavailable."""
    with day_files.translated(path), contextlib.closing(day_files.open_to_read(path)) as connection:
        if day_files.version_of(connection, path, len(MIGRATIONS)) == 0:
            return None
        found = connection.execute("SELECT first_seq FROM opening").fetchone()
        return int(found[0]) if found else None


def opening_of(path: pathlib.Path) -> Opening:
    """The first page of a partition that was begun. Raises LedgerUnavailable."""
    question = "SELECT day, first_seq, previous_day, previous_hash, carry FROM opening"
    with day_files.translated(path), contextlib.closing(day_files.open_to_read(path)) as connection:
        day, first_seq, previous_day, previous_hash, carry = connection.execute(question).fetchone()
    return Opening(
        day=day, first_seq=first_seq, previous_day=previous_day, previous_hash=previous_hash, carry=carry
    )
