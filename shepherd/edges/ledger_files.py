"""The ledger's files: one SQLite database a UTC day, how they are opened, and what may go wrong.

Every function that touches a file does so under `translated`, so that only LedgerUnavailable leaves.
"""

import contextlib
import datetime
import pathlib
import re
import sqlite3
from collections.abc import Iterator

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
BUSY_S = 5.0
"""How long another process's lock (a reader's recovery, a backup) is waited for."""


def partition_path(directory: pathlib.Path, day: str) -> pathlib.Path:
    """Where a day lies."""
    return directory / f"{day}.sqlite"


def utc_day(at_s: float) -> str:
    """The partition of an instant."""
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).date().isoformat()


def partition_files(directory: pathlib.Path) -> list[pathlib.Path]:
    """The days that have a file. Not in the order of the chain: a clock may have been wrong."""
    with translated(directory):
        if not directory.exists():
            return []
        return sorted(path for path in directory.iterdir() if PARTITION.fullmatch(path.name))


def open_to_write(path: pathlib.Path) -> sqlite3.Connection:
    """Open or create, in WAL mode; every commit is on the disk before it returns.

    The caller holds the writer's lock and uses `translated`.
    """
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def open_to_read(path: pathlib.Path) -> sqlite3.Connection:
    """Open without changing anything, also without permission to write and while nobody else has it open.

    Where it may not create files, SQLite cannot read a WAL database whose -wal file is gone (its writer ended
    cleanly) or empty. All there is then stands in the database, which is opened as immutable. The caller uses
    `translated`.
    """
    path.stat()
    wal = path.with_name(path.name + "-wal")
    settled = not wal.exists() or wal.stat().st_size == 0
    uri = f"{path.absolute().as_uri()}?mode=ro" + ("&immutable=1" if settled else "")
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA query_only = ON")
    return connection


def migrate(connection: sqlite3.Connection, path: pathlib.Path, migrations: tuple[str, ...] = MIGRATIONS) -> None:
    """Lift the open partition to the newest version. Call inside a transaction."""
    version = version_of(connection, path, len(migrations))
    for number, script in enumerate(migrations[version:], start=version + 1):
        for statement in statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")


def version_of(connection: sqlite3.Connection, path: pathlib.Path, newest: int = len(MIGRATIONS)) -> int:
    """`user_version`; 0 is a file that was never finished. LedgerUnavailable if it is from the future."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > newest:
        raise LedgerUnavailable(
            f"the ledger {path} has version {version}, this shepherd knows up to {newest}; "
            "run the newer shepherd that wrote it"
        )
    return int(version)


def statements(script: str) -> Iterator[str]:
    """One by one: `executescript` would commit the transaction it runs in."""
    gathered = ""
    for line in script.splitlines(keepends=True):
        gathered += line
        if gathered.strip() and sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""


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
    with translated(path), contextlib.closing(open_to_read(path)) as connection:
        if version_of(connection, path) == 0:
            return None
        found = connection.execute("SELECT first_seq FROM opening").fetchone()
        return int(found[0]) if found else None


def opening_of(path: pathlib.Path) -> Opening:
    """The first page of a partition that was begun. Raises LedgerUnavailable."""
    question = "SELECT day, first_seq, previous_day, previous_hash, carry FROM opening"
    with translated(path), contextlib.closing(open_to_read(path)) as connection:
        day, first_seq, previous_day, previous_hash, carry = connection.execute(question).fetchone()
    return Opening(
        day=day, first_seq=first_seq, previous_day=previous_day, previous_hash=previous_hash, carry=carry
    )


@contextlib.contextmanager
def translated(path: pathlib.Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into LedgerUnavailable with a remedy."""
    try:
        yield
    except (sqlite3.Error, OSError, ValueError, OverflowError, TypeError) as exc:
        raise LedgerUnavailable(f"the ledger {path} is unavailable: {exc}; {remedy(exc, path)}") from exc


def is_full(exc: LedgerUnavailable) -> bool:
    """Whether all that is wrong is that there is no space."""
    return getattr(exc.__cause__, "sqlite_errorname", "") == "SQLITE_FULL"


def remedy(exc: Exception, path: pathlib.Path) -> str:
    """What a person can do about it."""
    match getattr(exc, "sqlite_errorname", ""):
        case "SQLITE_CORRUPT" | "SQLITE_NOTADB":
            return f"stop the shepherd, keep {path} aside as evidence and start again: a new chain part begins"
        case "SQLITE_FULL":
            return "free space on its file system; the shepherd goes on by itself"
        case "SQLITE_READONLY" | "SQLITE_CANTOPEN" | "SQLITE_READONLY_DIRECTORY":
            return "it and its directory must be writable by the shepherd's user"
        case _ if isinstance(exc, PermissionError):
            return "it and its directory must be accessible to this user"
        case _ if isinstance(exc, ValueError):
            return "run `shepherd ledger verify` and keep the file aside as evidence"
        case _:
            return "free space on its file system or mend it; the shepherd goes on by itself"
