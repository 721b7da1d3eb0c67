"""Which days of the ledger are old enough to go: the oldest ones, without a break, so that the chain begins later and
holds from there on."""

import dataclasses
import math
import pathlib
from collections.abc import Sequence

from shepherd.edges import ledger_files as files
from shepherd.edges.day_files import DAY_S, end_of
from shepherd.model.retired import Retired


@dataclasses.dataclass(frozen=True, kw_only=True)
class Keeping:
    """For how long days are kept."""

    keep_days: int
    """Whole days after a day's end; 0: for ever."""
    since_s: float = math.inf
    """Nothing that ended later than that goes, epoch seconds."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Overdue:
    """What is to be recorded, and then removed."""

    retired: Retired
    paths: Sequence[pathlib.Path]


def overdue(directory: pathlib.Path, now: float, keeping: Keeping) -> Overdue | None:
    """By the wall clock. The newest day stays, for none after it tells how it ended; a damaged day goes with those
    around it. Raises LedgerUnavailable."""
    names = [path.stem for path in files.partition_files(directory)]
    if not keeping.keep_days or not _how_many(names[:-1], now, keeping):
        return None  # as mostly, and no file was opened
    days, damaged = files.sorted_out(directory)
    count = _how_many([path.stem for path in days[:-1]], now, keeping)
    if not count:
        return None
    last, opening = days[count - 1].stem, files.opening_of(days[count])
    paths = [*days[:count], *(path for path in damaged if path.stem < days[count].stem and path.stem <= last)]
    retired = Retired(
        through=last,
        days=len(paths),
        last_seq=opening.first_seq - 1,
        hash=opening.previous_hash,
        keep_days=keeping.keep_days,
    )
    return Overdue(retired=retired, paths=sorted(paths))


def _how_many(days: Sequence[str], now: float, keeping: Keeping) -> int:
    """How many of these, in the order of the chain, go. A day of a clock that was ahead goes with a later one that is
    old."""
    due = [number for number, day in enumerate(days, 1) if end_of(day) + keeping.keep_days * DAY_S <= now]
    needed = [number for number, day in enumerate(days) if end_of(day) > keeping.since_s]
    return min(max(due, default=0), min(needed, default=len(days)))
