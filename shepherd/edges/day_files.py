"""SQLite files of a day each: how they are opened, lifted, written, and what may go wrong with them.

Every function of an edge that touches such a file does so under `translated`, so that only LedgerUnavailable leaves.
"""

import contextlib
import datetime
import os
import pathlib
import sqlite3
from collections.abc import Iterator, Sequence

from shepherd.errors import LedgerUnavailable

DAY_S = 86400.0
BUSY_S = 5.0
"""How long another process's lock (a reader's recovery, a backup) is waited for."""


def utc_day(at_s: float) -> str:
    """The partition of an instant."""
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).date().isoformat()


def end_of(day: str) -> float:
    """When a UTC date is over, epoch seconds."""
    midnight = datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.UTC)
    return midnight.timestamp() + DAY_S


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


def remove(path: pathlib.Path) -> None:
    """Remove a day, durably, and what SQLite has beside it. Idempotent. The caller uses `translated`."""
    for suffix in ("-wal", "-shm", ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    sync_directory(path.parent)


def sync_directory(directory: pathlib.Path) -> None:
    """A file that was made or removed in it stays so."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def migrate(connection: sqlite3.Connection, path: pathlib.Path, migrations: Sequence[str]) -> None:
    """Lift the open partition to the newest version. Call inside a transaction."""
    version = version_of(connection, path, len(migrations))
    for number, script in enumerate(migrations[version:], start=version + 1):
        for statement in statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")


def version_of(connection: sqlite3.Connection, path: pathlib.Path, newest: int) -> int:
    """`user_version`; 0 is a file that was never finished. LedgerUnavailable if it is from the future."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > newest:
        raise LedgerUnavailable(
            f"{path} has version {version}, this shepherd knows up to {newest}; "
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


@contextlib.contextmanager
def translated(path: pathlib.Path, what: str = "ledger") -> Iterator[None]:
    """Turn what SQLite and the file system raise into LedgerUnavailable with a remedy."""
    try:
        yield
    except (sqlite3.Error, OSError, ValueError, OverflowError, TypeError) as exc:
        raise LedgerUnavailable(f"the {what} {path} is unavailable: {exc}; {remedy(exc, path)}") from exc


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


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit at the end, roll back on any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def closing_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    """Close what could not be made ready."""
    try:
        yield
    except BaseException:
        connection.close()
        raise
