"""The trace store read back for verification: everything there is, as it lies on the disk."""

import contextlib
import dataclasses
import json
import pathlib
import sqlite3
from collections.abc import Iterator, Sequence

from shepherd.edges import day_files
from shepherd.edges.trace_store import files, summary
from shepherd.edges.trace_store.hold_files import digest, held_names, held_of, holds_in
from shepherd.edges.trace_store.keys import NAME as KEYS
from shepherd.edges.trace_store.keys import DayKeys, Sealed, keys_path, mark, read_keys
from shepherd.edges.trace_store.schema import MIGRATIONS, TABLES, WHAT, columns_in, hashed
from shepherd.errors import LedgerUnavailable, UsageError
from shepherd.model.chain import storable
from shepherd.model.trace_chain import Act, Block, DayOpening, act_of, content_hash

BLOCKS = "SELECT seq, at_s, kind, segments, from_s, to_s, lasts, hash FROM block WHERE seq > ? ORDER BY seq LIMIT ?"
PAGE = 500
"""Blocks read at once. A reader that kept one query open would keep the writer's log growing."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class KeyState:
    """How a day's keys were found."""

    is_there: bool
    may_read: bool
    persons: int
    """Rows that name a person."""
    wrong: int
    """Of them those that the keys do not fit."""


def days(directory: pathlib.Path) -> Iterator[tuple[pathlib.Path, DayOpening]]:
    """Every day that can be read, in the order of the chain. Raises LedgerUnavailable."""
    yield from files.sorted_out(directory)[0].items()


def damaged(directory: pathlib.Path) -> dict[str, str]:
    """Days that cannot be read, and why."""
    return {path.stem: str(exc) for path, exc in files.sorted_out(directory)[1].items()}


def blocks(path: pathlib.Path) -> Iterator[tuple[Block, str, list[Act]]]:
    """The blocks of a day, each with the hash of its rows and what the store did in it. Raises LedgerUnavailable."""
    last, ends = 0, [0] * len(TABLES)
    while True:
        with day_files.translated(path, WHAT), contextlib.closing(files.open_to_read(path)) as connection:
            page = [block_of(row) for row in connection.execute(BLOCKS, (last, PAGE))]
            for block in page:
                until = [int(end) for end in json.loads(block.lasts)]
                rows = block_rows(connection, ends, until)
                yield block, content_hash(hashed(rows)), acts_of(rows["seen"])
                ends, last = until, block.seq
        if not page:
            return


def block_of(row: tuple[int, float, str, str, float, float, str, str]) -> Block:
    """A row of `block`."""
    seq, at_s, kind, segments, from_s, to_s, lasts, digest_ = row
    return Block(
        seq=seq, at_s=at_s, kind=kind, segments=segments, from_s=from_s, to_s=to_s, lasts=lasts, hash=digest_
    )  # fmt: skip


def block_rows(
    connection: sqlite3.Connection, after: Sequence[int], until: Sequence[int]
) -> dict[str, list[tuple[object, ...]]]:
    """Rows of a block by table."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for (table, columns), low, high in zip(columns_in(connection).items(), after, until, strict=True):
        question = f"SELECT seq, {', '.join(columns)} FROM {table} WHERE seq > ? AND seq <= ? ORDER BY seq"  # noqa: S608
        found[table] = connection.execute(question, (low, high)).fetchall()
    return found


def all_rows(path: pathlib.Path) -> Iterator[tuple[str, dict[str, object]]]:
    """Every row of a day with its table; blocks, too. Bytes as hex. Raises LedgerUnavailable."""
    with day_files.translated(path, WHAT), contextlib.closing(files.open_to_read(path)) as connection:
        connection.row_factory = sqlite3.Row
        for table in ("opening", "block", *TABLES):
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1"):  # noqa: S608 - our own names
                plain = {key: value.hex() if isinstance(value, bytes) else value for key, value in dict(row).items()}
                yield table, plain


def acts_of(seen: Sequence[tuple[object, ...]]) -> list[Act]:
    """What the store did, of the rows of a block; what is none is left out: its hash tells."""
    acts = []
    for row in seen:
        with contextlib.suppress(ValueError, TypeError):
            acts.append(act_of(str(row[5])))
    return acts


def faults(path: pathlib.Path) -> Iterator[str]:
    """What is wrong with a day's file beside its blocks. Raises LedgerUnavailable."""
    with day_files.translated(path, WHAT), contextlib.closing(files.open_to_read(path)) as connection:
        connection.execute("BEGIN")  # one moment of a file that is being written
        yield from loose_rows(connection)
        if schema(connection) != expected_schema(connection):
            yield "its tables, indices or rules are not those that the shepherd made"
        problems = [text for (text,) in connection.execute("PRAGMA integrity_check(3)") if text != "ok"]
        if problems:
            yield f"is damaged: {'; '.join(problems)}"
        elif summary.differs(path):
            yield "its summary, by which questions pass it over, is not what its records say: remove it"


def loose_rows(connection: sqlite3.Connection) -> Iterator[str]:
    """Rows that no block has."""
    found = connection.execute("SELECT lasts FROM block ORDER BY seq DESC LIMIT 1").fetchone()
    ends = json.loads(found[0]) if found else [0] * len(TABLES)
    for table, end in zip(TABLES, ends, strict=True):
        question = f"SELECT count(*) FROM {table} WHERE seq > ? OR seq < 1"  # noqa: S608 - our own names
        (count,) = connection.execute(question, (end,)).fetchone()
        if count:
            yield f"{count} rows of {table} were added beside the chain"
    (strays,) = connection.execute("SELECT count(*) FROM block WHERE seq < 1").fetchone()
    if strays:
        yield f"{strays} blocks were added beside the chain"
    (openings,) = connection.execute("SELECT count(*) FROM opening").fetchone()
    if openings != 1:
        yield "has more than one beginning"


def schema(connection: sqlite3.Connection) -> set[str]:
    """How the file is laid out."""
    return {text for (text,) in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}


def expected_schema(connection: sqlite3.Connection) -> set[str]:
    """How a file of its version must be."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    with contextlib.closing(sqlite3.connect(":memory:")) as new:
        for script in MIGRATIONS[:version]:
            new.executescript(script)
        return schema(new)


def key_state(path: pathlib.Path) -> KeyState:
    """Whether the keys of a day fit. Raises LedgerUnavailable."""
    directory, day = path.parent, path.stem
    question = "SELECT seq, subject, job_key, personal FROM job WHERE length(personal) > 0"
    with day_files.translated(path, WHAT), contextlib.closing(files.open_to_read(path)) as connection:
        (persons,) = connection.execute("SELECT count(*) FROM job WHERE length(personal) > 0").fetchone()
        try:
            keys = read_keys(directory, day)
        except PermissionError:
            return KeyState(is_there=True, may_read=False, persons=persons, wrong=0)
        except ValueError:
            return KeyState(is_there=True, may_read=True, persons=persons, wrong=persons)
        if keys is None:
            may_look = (directory / KEYS).is_dir() and not keys_path(directory, day).exists()
            return KeyState(is_there=False, may_read=may_look, persons=persons, wrong=0)
        rows = ((seq, Sealed(*sealed)) for seq, *sealed in connection.execute(question))
        wrong = sum(not fits(keys, seq, sealed) for seq, sealed in rows)
        return KeyState(is_there=True, may_read=True, persons=persons, wrong=wrong)


def fits(keys: DayKeys, row: int, sealed: Sealed) -> bool:
    """Whether the keys open a row, and say the same user and job as it does."""
    person = keys.opened(row, sealed)
    if person is None:
        return False
    _, user = keys.subjects[sealed.subject]
    return storable(person.user) == user and mark(keys.job_key, person.job) == sealed.job_key


@dataclasses.dataclass(frozen=True, kw_only=True)
class HoldSeen:
    """A hold's files."""

    name: str
    path: pathlib.Path
    opening: DayOpening
    digest: str
    end: str


def holds(directory: pathlib.Path) -> Iterator[HoldSeen | tuple[str, str]]:
    """Holds, and instead of those that cannot be read their name and why."""
    for name in held_names(directory):
        path = holds_in(directory) / f"{name}.sqlite"
        try:
            held, opening = held_of(directory, name), files.opening_of(path)
            if opening is None:
                raise ValueError("it was never finished")
        except (ValueError, OSError, UsageError, LedgerUnavailable) as exc:
            yield name, str(exc)
        else:
            yield HoldSeen(name=name, path=path, opening=opening, digest=digest(held), end=held.hash)
