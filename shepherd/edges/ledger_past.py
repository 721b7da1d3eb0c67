"""Reading what was recorded of some kinds, for one day or up to a moment."""

import pathlib
from collections.abc import Iterable, Iterator

from shepherd.edges import day_files
from shepherd.edges import ledger_files as files
from shepherd.edges.ledger_read import COLUMNS, PAGE, asked
from shepherd.model.chain import Row
from shepherd.model.entry import EntryKind, Stored
from shepherd.model.standing import Standing, from_carry

LATEST_S = 1e15
"""Later than any record; SQLite compares no infinity."""
NONE_ABOVE = 1 << 62
"""Greater than the number of any record."""
FEW = 20
"""Of a kind whose newest is mostly enough."""


def days(directory: pathlib.Path) -> dict[str, pathlib.Path]:
    """Days that can be read, by their names, in the order of the chain. Raises LedgerUnavailable."""
    return {path.stem: path for path in files.sorted_out(directory)[0]}


def standing_before(path: pathlib.Path) -> Standing:
    """What stood when a day began. Raises LedgerUnavailable."""
    with day_files.translated(path):
        return from_carry(files.opening_of(path).carry)


def records_of(
    path: pathlib.Path, kinds: Iterable[EntryKind], until_s: float = float("inf"), *, after: int = 0
) -> Iterator[Stored]:
    """Records of these kinds that were made until then, and after one of them, in order. Raises LedgerUnavailable."""
    names = sorted(kind.value for kind in kinds)
    marks, last = ", ".join("?" for _ in names), after
    question = f"{COLUMNS} WHERE kind IN ({marks}) AND seq > ? AND at_s <= ? ORDER BY seq LIMIT ?"
    while page := asked(path, question, *names, last, min(until_s, LATEST_S), PAGE):
        yield from _stored(path, page)
        last = page[-1].seq


def records_since(
    directory: pathlib.Path, kinds: Iterable[EntryKind], from_s: float, to_s: float, after: int
) -> Iterator[Stored]:
    """Records of these kinds that were made from then on and are newer than `after`, over all days between the two
    times; whoever asks again with the newest number gets what came since. Raises LedgerUnavailable."""
    names = sorted(kind.value for kind in kinds)
    marks = ", ".join("?" for _ in names)
    question = f"{COLUMNS} WHERE kind IN ({marks}) AND seq > ? AND at_s >= ? ORDER BY seq LIMIT ?"
    for path in files.partition_files(directory):
        if day_files.utc_day(from_s) <= path.stem <= day_files.utc_day(to_s):
            last = after
            while page := asked(path, question, *names, last, from_s, PAGE):
                yield from _stored(path, page)
                last = page[-1].seq


def newest_first(path: pathlib.Path, kind: EntryKind, until_s: float, *, below: int = NONE_ABOVE) -> Iterator[Stored]:
    """Records of a kind that were made until then, and before one of them, one by one. Raises LedgerUnavailable."""
    question = f"{COLUMNS} WHERE kind = ? AND at_s <= ? AND seq < ? ORDER BY seq DESC LIMIT ?"
    while page := asked(path, question, kind.value, min(until_s, LATEST_S), below, FEW):
        yield from _stored(path, page)
        below = page[-1].seq


def record(path: pathlib.Path, seq: int) -> Stored | None:
    """One record; None if this day has not got it. Raises LedgerUnavailable."""
    return next(_stored(path, asked(path, f"{COLUMNS} WHERE seq = ?", seq)), None)


def of_host(path: pathlib.Path, host: str, until_s: float) -> list[Stored]:
    """All records of a host until then, in order. Raises LedgerUnavailable."""
    question = f"{COLUMNS} WHERE host = ? AND at_s <= ? ORDER BY seq"
    return list(_stored(path, asked(path, question, host, until_s)))


def of_cause(path: pathlib.Path, cause: str) -> list[Stored]:
    """All records of a lend, say, in order. Raises LedgerUnavailable."""
    return list(_stored(path, asked(path, f"{COLUMNS} WHERE cause = ? ORDER BY seq", cause)))


def order_after(path: pathlib.Path, host: str, seq: int) -> Stored | None:
    """A host's first order after a record. Raises LedgerUnavailable."""
    question = f"{COLUMNS} WHERE host = ? AND kind = ? AND seq > ? ORDER BY seq LIMIT 1"
    return next(_stored(path, asked(path, question, host, EntryKind.ORDER.value, seq)), None)


def _stored(path: pathlib.Path, rows: Iterable[Row]) -> Iterator[Stored]:
    for row in rows:
        with day_files.translated(path):
            stored = row.stored()
        yield stored
