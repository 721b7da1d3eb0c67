"""The one partition that is open for writing."""

import contextlib
import pathlib
import sqlite3
from collections.abc import Sequence

from shepherd.edges import day_files
from shepherd.edges.day_files import closing_on_error, transaction
from shepherd.edges.ledger_files import MIGRATIONS
from shepherd.model.chain import Opening, Row


class Day:
    """Made by `begun` or `reopened`. Its methods raise what SQLite raises; the caller translates."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        """`name` is the UTC date, as in the file's name."""
        self._connection = connection
        self.name = name

    @classmethod
    def begun(cls, path: pathlib.Path, opening: Opening) -> "Day":
        """Create the file, or finish one whose creation was interrupted."""
        connection = day_files.open_to_write(path)
        row = (opening.day, opening.first_seq, opening.previous_day, opening.previous_hash, opening.carry)
        with closing_on_error(connection), transaction(connection):
            day_files.migrate(connection, path, MIGRATIONS)
            connection.execute("INSERT INTO opening VALUES (1, ?, ?, ?, ?, ?)", row)
        return cls(connection, opening.day)

    @classmethod
    def reopened(cls, path: pathlib.Path) -> "Day":
        """Go on in a file, lifted to the newest version."""
        connection = day_files.open_to_write(path)
        with closing_on_error(connection), transaction(connection):
            day_files.migrate(connection, path, MIGRATIONS)
        return cls(connection, path.stem)

    def write(self, rows: Sequence[Row]) -> None:
        """All or nothing, on the disk when it returns."""
        with transaction(self._connection):
            self._connection.executemany(
                "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(row.seq, row.at_s, row.kind, row.host, row.cause, row.body, row.hash) for row in rows],
            )

    def ends_at(self, seq: int) -> bool:
        """Whether no transaction is open and `seq` is the newest record; False if that cannot be told."""
        newest = "SELECT coalesce((SELECT max(seq) FROM record), (SELECT first_seq - 1 FROM opening))"
        with contextlib.suppress(sqlite3.Error):
            return not self._connection.in_transaction and self._connection.execute(newest).fetchone() == (seq,)
        return False

    def close(self) -> None:
        """Idempotent; what is committed is safe whether or not this succeeds."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
