"""Reading the ledger without being its writer: works while the daemon runs, hangs or is dead."""

import contextlib
import pathlib
from collections.abc import Iterator

from shepherd.edges import day_files
from shepherd.edges import ledger_files as files
from shepherd.model.chain import Head, Partition, Row
from shepherd.model.standing import PER_HOST, Standing, from_carry

COLUMNS = "SELECT seq, at_s, kind, host, cause, body, hash FROM record"
PAGE = 2000
"""Rows read at once. A reader which kept one query open for a whole export would keep the writer's WAL growing."""


def partitions(directory: pathlib.Path) -> Iterator[Partition]:
    """Every day that can be read, oldest first. Reading `rows` may raise LedgerUnavailable, as may this."""
    for path in files.sorted_out(directory)[0]:
        yield Partition(name=path.stem, opening=files.opening_of(path), rows=partition_rows(path))


def damaged(directory: pathlib.Path) -> dict[str, str]:
    """Days that cannot be read, and why."""
    return {path.stem: str(exc) for path, exc in files.sorted_out(directory)[1].items()}


def partition_rows(path: pathlib.Path) -> Iterator[Row]:
    """The rows of one day, in order. Raises LedgerUnavailable."""
    last = 0
    while page := asked(path, f"{COLUMNS} WHERE seq > ? ORDER BY seq LIMIT ?", last, PAGE):
        yield from page
        last = page[-1].seq


def asked(path: pathlib.Path, question: str, *values: object) -> list[Row]:
    """The answer to one question to one partition. Raises LedgerUnavailable."""
    with day_files.translated(path), contextlib.closing(day_files.open_to_read(path)) as connection:
        return [
            Row(seq=seq, at_s=at_s, kind=kind, host=host, cause=cause, body=body, hash=digest)
            for seq, at_s, kind, host, cause, body, digest in connection.execute(question, values)
        ]


def read_standing(path: pathlib.Path) -> tuple[Standing, Head]:
    """What stands after the newest partition, from it alone: what it carries over, and its own rows.

    Only the rows that can matter are read: a day may have a hundred thousand. Raises LedgerUnavailable.
    """
    opening = files.opening_of(path)
    marks = ", ".join("?" for _ in PER_HOST)
    newest = "SELECT max(seq) FROM record GROUP BY kind"
    question = f"{COLUMNS} WHERE kind IN ({marks}) OR seq IN ({newest}) ORDER BY seq"
    rows = asked(path, question, *sorted(kind.value for kind in PER_HOST))
    with day_files.translated(path):
        standing = from_carry(opening.carry).after(row.stored().entry for row in rows)
    return standing, Head(seq=rows[-1].seq, hash=rows[-1].hash) if rows else opening.head()


def runs_through(path: pathlib.Path, seen: Head) -> bool:
    """Whether the newest partition still has what was seen as the head. Raises LedgerUnavailable."""
    opening = files.opening_of(path)
    if seen.seq < opening.first_seq:
        return seen.seq < opening.first_seq - 1 or seen.hash in {opening.previous_hash, opening.hash()}
    rows = asked(path, f"{COLUMNS} WHERE seq = ?", seen.seq)
    return bool(rows) and rows[0].hash == seen.hash


def newest_standing(directory: pathlib.Path) -> Standing:
    """What stands now, read beside the daemon; empty if nothing was ever recorded. Raises LedgerUnavailable."""
    days = files.begun(directory)
    return read_standing(days[-1])[0] if days else Standing()
