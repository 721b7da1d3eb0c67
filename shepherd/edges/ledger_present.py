"""`present.sqlite`: what `shepherd -s` shows, replaced at every look. Losing it loses nothing.

It also notes the ledger's head, so that a ledger cut short behind the daemon's back is found.
"""

import contextlib
import json
import pathlib
import sqlite3
from collections.abc import Mapping

from shepherd.edges.day_files import open_to_read, open_to_write, translated
from shepherd.errors import LedgerUnavailable
from shepherd.model.chain import Head, canonical

NAME = "present.sqlite"
SCHEMA = """
CREATE TABLE IF NOT EXISTS present (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    body TEXT NOT NULL,
    head_seq INTEGER NOT NULL,
    head_hash TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS room (filler BLOB NOT NULL) STRICT
"""
WAL_PAGES = 16
"""Checkpoint after so many: the log beside the file is begun anew soon."""
LEAST_ROOM = 1 << 16
"""Bytes."""
DAMAGED = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB"})


class PresentWriter:
    """Replaces the view. A damaged file is put aside and written anew."""

    def __init__(self, directory: pathlib.Path) -> None:
        """In the ledger's directory, by the ledger's writer only."""
        self._path = directory / NAME
        self._connection: sqlite3.Connection | None = None
        self._room = 0

    def publish(self, body: Mapping[str, object], head: Head) -> None:
        """Show `body` from now on. Raises LedgerUnavailable."""
        with translated(self._path):
            try:
                self._write(body, head)
            except sqlite3.Error as exc:
                if getattr(exc, "sqlite_errorname", "") == "SQLITE_FULL":
                    raise  # the room that the open files have would be lost by closing them
                self.close()
                if getattr(exc, "sqlite_errorname", "") not in DAMAGED:
                    raise
                self._put_aside()
                self._write(body, head)

    def _write(self, body: Mapping[str, object], head: Head) -> None:
        if self._connection is None:
            self._connection, self._room = self._open(), 0
        text = canonical(body)
        self._keep_room(self._connection, len(text))
        self._connection.execute("INSERT OR REPLACE INTO present VALUES (1, ?, ?, ?)", (text, head.seq, head.hash))

    def _open(self) -> sqlite3.Connection:
        connection = open_to_write(self._path)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        connection.executescript(SCHEMA)
        return connection

    def _keep_room(self, connection: sqlite3.Connection, size: int) -> None:
        """Let both files have room for a view of twice the size, so that it is replaced on a full disk as well.

        SQLite gives neither back: not the log's pages, nor those that a deleted row had.
        """
        if 2 * size <= self._room:
            return
        room = max(4 * size, LEAST_ROOM)
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("INSERT INTO room VALUES (zeroblob(?))", (room,))
            connection.execute("DELETE FROM room")
            self._room = room

    def _put_aside(self) -> None:
        for suffix in ("-wal", "-shm"):
            self._path.with_name(NAME + suffix).unlink(missing_ok=True)
        self._path.replace(self._path.with_name(NAME + ".damaged"))

    def close(self) -> None:
        """Idempotent."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def read_present(directory: pathlib.Path) -> tuple[Mapping[str, object], Head] | None:
    """The view and the head it noted; None if none was ever published. Raises LedgerUnavailable."""
    path = directory / NAME
    with translated(path):
        try:
            with contextlib.closing(open_to_read(path)) as connection:
                found = connection.execute("SELECT body, head_seq, head_hash FROM present").fetchone()
        except FileNotFoundError:
            return None
        if found is None:
            return None
        body, seq, digest = found
        return as_body(json.loads(body), path), Head(seq=seq, hash=digest)


def as_body(value: object, path: pathlib.Path) -> Mapping[str, object]:
    """A JSON object, or LedgerUnavailable."""
    if not isinstance(value, dict):
        raise LedgerUnavailable(f"{path} does not hold a view; it is replaced when the shepherd runs")
    return value
