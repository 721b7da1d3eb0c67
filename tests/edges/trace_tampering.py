"""What somebody who owns the machine may do to a trace store, and a store to do it to."""
# ruff: noqa: S608 - tables are named by the schema

import contextlib
import dataclasses
import json
import pathlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator

from shepherd.cli.ledger_trace import verified_trace
from shepherd.edges.trace_store import check
from shepherd.edges.trace_store.hold_files import held_of, write_manifest
from shepherd.edges.trace_store.holds import StoreHolds
from shepherd.edges.trace_store.overdue import Retention
from shepherd.edges.trace_store.schema import TABLES
from shepherd.model.chain import Head
from shepherd.model.trace import TraceRecord
from shepherd.model.trace_chain import block_hash
from shepherd.model.trace_rows import FlowsSought, JobsSought, StaysSought
from tests.edges.trace_stores import (
    DAY_S,
    MARCH_1,
    Clock,
    days_of,
    flow,
    flow_over,
    job,
    job_over,
    schedd,
    segment,
    stay,
    stay_over,
    store_in,
)

SHORT = Retention(keep_days=5, pseudonymise_days=2)
DAYS = 9
EVERY_TABLE = ("opening", "block", *TABLES)


@dataclasses.dataclass(frozen=True)
class Scene:
    """A store of some days, its heads as the logger has them, and copies that somebody made on the way."""

    store: pathlib.Path
    older: pathlib.Path
    heads: tuple[Head, ...]


def scene_in(place: pathlib.Path) -> Scene:
    """Nine days: the oldest are retired, the next pseudonymised; a hold; something that runs all the time."""
    clock, heads = Clock(MARCH_1 + 3600), list[Head]()
    store = store_in(place / "store", clock, SHORT)
    store.add(segment([stay(clock.now, "p299", "long"), job(clock.now, 9, "zoe@far.example", "p299")], 1, "p299"))
    for day in range(DAYS):
        now = clock.now = MARCH_1 + 3600 + day * DAY_S
        ran, one, lasting = job(now, 1, f"user{day % 3}@campus.example"), flow(now, 10 + day), flow(now, 50 + day)
        store.add(segment([stay(now), ran, one, lasting], day * 2 + 1))
        heads.append(store.head())
        if day == DAYS - 2:
            shutil.copytree(place / "store", place / "older")
        over: list[TraceRecord] = [flow_over(one, now + 5), job_over(ran, now + 5), stay_over(now + 5)]
        store.add(segment(over, day * 2 + 2))
        store.note([schedd(now)])
        if day == DAYS - 2:
            held(place / "store", clock)
        store.upkeep()
        heads.append(store.head())
    store.close()
    return Scene(place / "store", place / "older", tuple(heads))


def held(directory: pathlib.Path, clock: Clock) -> None:
    holds = StoreHolds(directory, wall_s=clock)
    holds.hold("letter", why="an attack", by="officer", stays=StaysSought(), jobs=JobsSought(), flows=FlowsSought())


def faults(directory: pathlib.Path, heads: tuple[Head, ...] = ()) -> list[str]:
    return [str(fault) for fault in verified_trace(directory, heads).faults]


@contextlib.contextmanager
def opened(path: pathlib.Path) -> Iterator[sqlite3.Connection]:
    """A file whose rules are switched off while it is changed, and on again."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    question = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
    rules = connection.execute(question).fetchall()
    for name, _ in rules:
        connection.execute(f"DROP TRIGGER {name}")
    try:
        yield connection
    finally:
        for _, sql in rules:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.close()


def content_of(path: pathlib.Path) -> dict[str, list[tuple[object, ...]]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in EVERY_TABLE}


def changed(value: object) -> object:
    """Another value of the same type."""
    match value:
        case int() | float():
            return value + 1
        case str():
            return value + "x" if not value.startswith(("{", "[")) else value.replace("1", "2") + " "
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:] if value else b"x"
    return 7


def change_value(path: pathlib.Path, table: str, row: int, column: int) -> bool:
    """Whether there was such a value."""
    with opened(path) as connection:
        rows = connection.execute(f"SELECT rowid, * FROM {table} ORDER BY rowid").fetchall()
        if not rows:
            return False
        names = [one[1] for one in connection.execute(f"PRAGMA table_info({table})")]
        found = rows[row % len(rows)]
        at = column % len(names)
        with contextlib.suppress(sqlite3.IntegrityError):
            other = (changed(found[at + 1]), found[0])
            connection.execute(f"UPDATE {table} SET {names[at]} = ? WHERE rowid = ?", other)
            return True
    return False


def delete_row(path: pathlib.Path, table: str, row: int, _column: int) -> bool:
    with opened(path) as connection:
        rows = [one for (one,) in connection.execute(f"SELECT rowid FROM {table} ORDER BY rowid")]
        if rows:
            connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (rows[row % len(rows)],))
        return bool(rows)


def insert_row(path: pathlib.Path, table: str, row: int, column: int) -> bool:
    """One more like another, behind all or before."""
    with opened(path) as connection:
        rows = connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
        if not rows:
            return False
        first = min(one[0] for one in rows) - 1 - column % 2 * 5
        number = max(one[0] for one in rows) + 1 if column % 3 else first
        values = (number, *(f"{value}new" if table == "name" else value for value in rows[row % len(rows)][1:]))
        with contextlib.suppress(sqlite3.IntegrityError):
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)
            return True
    return False


def swap_rows(path: pathlib.Path, table: str, row: int, column: int) -> bool:
    """Two change their places."""
    with opened(path) as connection:
        rows = connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
        if not rows:
            return False
        one, other = rows[row % len(rows)], rows[column % len(rows)]
        if one[1:] == other[1:]:
            return False
        for values in (one, other):
            connection.execute(f"DELETE FROM {table} WHERE rowid = ?", values[:1])
        for number, values in ((one[0], other), (other[0], one)):
            marks = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", (number, *values[1:]))
        return True


def truncate(path: pathlib.Path, _table: str, row: int, _column: int) -> bool:
    """The last blocks of a day go, with all that was in them."""
    with opened(path) as connection:
        seqs = [seq for (seq,) in connection.execute("SELECT seq FROM block ORDER BY seq")]
        keep = seqs[: row % len(seqs)]
        connection.execute("DELETE FROM block WHERE seq > ?", (keep[-1] if keep else 0,))
        found = connection.execute("SELECT lasts FROM block ORDER BY seq DESC LIMIT 1").fetchone()
        for table, last in zip(TABLES, json.loads(found[0]) if found else [0] * len(TABLES), strict=True):
            connection.execute(f"DELETE FROM {table} WHERE seq > ?", (last,))
        return True


def lay_out_anew(path: pathlib.Path, _table: str, row: int, _column: int) -> bool:
    """What questions are answered by: an index that is gone, a rule, a table beside."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        changes = (
            "DROP INDEX flow_by_nat",
            "DROP TRIGGER flow_is_never_changed",
            "CREATE VIEW stray AS SELECT 1",
            "CREATE TRIGGER quiet BEFORE INSERT ON flow BEGIN SELECT RAISE(IGNORE); END",
        )
        connection.execute(changes[row % len(changes)])
    return True


CHANGES: tuple[Callable[[pathlib.Path, str, int, int], bool], ...] = (
    change_value, delete_row, insert_row, swap_rows, truncate, lay_out_anew,
)  # fmt: skip


def rewrite(directory: pathlib.Path) -> None:
    """All hashes made anew, so that the chain holds in itself: only heads noted elsewhere can tell."""
    head = Head()
    for number, day in enumerate(days_of(directory)):
        path = directory / f"{day}.sqlite"
        with opened(path) as connection:
            if number:
                connection.execute("UPDATE opening SET previous_hash = ?, first_seq = ?", (head.hash, head.seq + 1))
        opening = next(opening for one, opening in check.days(directory) if one == path)
        head = opening.head()
        blocks = list(check.blocks(path))
        with opened(path) as connection:
            for block, content, _ in blocks:
                digest = block_hash(head.hash, block, content)
                connection.execute("UPDATE block SET hash = ? WHERE seq = ?", (digest, block.seq))
                head = Head(seq=block.seq, hash=digest)


def remove_day(directory: pathlib.Path, day: str) -> None:
    (directory / f"{day}.sqlite").unlink()


def rename_hold(directory: pathlib.Path) -> None:
    """A manifest that says something else."""
    write_manifest(directory, dataclasses.replace(held_of(directory, "letter"), by="somebody else"))
