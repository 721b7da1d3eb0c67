"""The store's days as they lie on disk, in the order of the chain."""

import contextlib
import dataclasses
import math
import pathlib
import sqlite3
from typing import NamedTuple

from shepherd.edges import day_files
from shepherd.edges.trace_store.keys import DayKeys, read_keys
from shepherd.edges.trace_store.schema import MIGRATIONS, WHAT, partition_files
from shepherd.errors import LedgerUnavailable
from shepherd.model.trace_chain import DayOpening
from shepherd.model.trace_rows import Hidden, Span

OPENING = "SELECT day, first_seq, previous_day, previous_hash, stored FROM opening"


def open_to_read(path: pathlib.Path) -> sqlite3.Connection:
    """A day, read-only. The caller uses `translated`."""
    return day_files.open_to_read(path)


def opening_in(connection: sqlite3.Connection, path: pathlib.Path) -> DayOpening | None:
    """Its first page; None if its creation was interrupted."""
    if day_files.version_of(connection, path, len(MIGRATIONS)) == 0:
        return None
    found = connection.execute(OPENING).fetchone()
    if found is None:
        return None
    return DayOpening(**{field.name: value for field, value in zip(dataclasses.fields(DayOpening), found, strict=True)})


class Look(NamedTuple):
    """What a day's file is, at a glance."""

    first_seq: int
    """Where it stands in the chain."""
    span: Span
    """Times of what arrived on it, without what was carried into it; of nothing: from later to earlier."""


SPAN = """SELECT (SELECT first_seq FROM opening),
    (SELECT min(from_s) FROM block WHERE kind <> 'carry'), (SELECT max(to_s) FROM block WHERE kind <> 'carry')"""
NOTHING = Span(from_s=math.inf, to_s=-math.inf)


def look_in(connection: sqlite3.Connection, path: pathlib.Path) -> Look | None:
    """One glance; None if its creation was interrupted. The caller uses `translated`."""
    if day_files.version_of(connection, path, len(MIGRATIONS)) == 0:
        return None
    first_seq, from_s, to_s = connection.execute(SPAN).fetchone()
    return Look(first_seq, NOTHING if from_s is None else Span(from_s=from_s, to_s=to_s))


def opening_of(path: pathlib.Path) -> DayOpening | None:
    """The first page of a file; None if its creation was interrupted. Raises LedgerUnavailable."""
    with day_files.translated(path, WHAT), contextlib.closing(open_to_read(path)) as connection:
        return opening_in(connection, path)


def sorted_out(directory: pathlib.Path) -> tuple[dict[pathlib.Path, DayOpening], dict[pathlib.Path, LedgerUnavailable]]:
    """Days that were begun, in the order of the chain, and those that cannot be read. LedgerUnavailable if the
    directory cannot be read."""
    openings: dict[pathlib.Path, DayOpening] = {}
    damaged: dict[pathlib.Path, LedgerUnavailable] = {}
    for path in partition_files(directory):
        try:
            if (opening := opening_of(path)) is not None:
                openings[path] = opening
        except LedgerUnavailable as exc:
            if path.exists():  # else retention has just removed it
                damaged[path] = exc
    return dict(sorted(openings.items(), key=lambda one: one[1].first_seq)), damaged


def begun(directory: pathlib.Path) -> dict[pathlib.Path, DayOpening]:
    """Days that were begun, in the order of the chain. LedgerUnavailable when the newest may be among the damaged."""
    days, damaged = sorted_out(directory)
    if damaged and max(damaged) > max(days, default=directory):
        raise damaged[max(damaged)]
    return days


def keys_or_why(directory: pathlib.Path, day: str, *, reveal: bool, whole: int | None = None) -> DayKeys | Hidden:
    """A day's keys, if they are there and may be read. `whole` as of `read_keys`."""
    if not reveal:
        return Hidden.NOT_ASKED
    try:
        return read_keys(directory, day, whole) or Hidden.DESTROYED
    except PermissionError:
        return Hidden.NOT_ASKED
    except (OSError, ValueError):
        return Hidden.MISSING
