"""Idle jobs packed onto hosts, first fit, largest jobs first. Hosts that give the same are one row with a count, so
that the time grows with the kinds of hosts and jobs."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence

from shepherd.core.demand.fit import less, times
from shepherd.model.demand import DemandGroup, Gives, Resources


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """What came of it."""

    used: Counter[Gives]
    """Of the hosts that give this, how many have at least one of the jobs."""
    left: tuple[DemandGroup, ...]
    """Jobs that found no place, by what they ask."""


def pack(groups: Iterable[DemandGroup], hosts: Counter[Gives]) -> Packed:
    """Place as many jobs as there is room for. `hosts`: how many hosts give what, best first."""
    rows = [_Row(gives=gives, has=gives.free, count=count, touched=False) for gives, count in hosts.items() if count]
    used: Counter[Gives] = Counter()
    left = []
    for group in groups:
        rest = group.jobs
        rows, rest = _place(group.asks, rest, rows, used)
        if rest:
            left.append(dataclasses.replace(group, jobs=rest))
    return Packed(used=used, left=tuple(left))


@dataclasses.dataclass(slots=True)
class _Row:
    """So many hosts that are alike, also in what is left of them."""

    gives: Gives
    has: Resources
    count: int
    touched: bool


def _place(asks: Resources, jobs: int, rows: Sequence[_Row], used: Counter[Gives]) -> tuple[list[_Row], int]:
    """Rows after `jobs` jobs were placed as far as possible, and how many were not."""
    after: list[_Row] = []
    for at, row in enumerate(rows):
        if not jobs:
            after += rows[at:]
            break
        each = times(asks, row.has) if times(asks, row.gives.largest) else 0
        if not each:
            after.append(row)
            continue
        jobs -= _fill(asks, jobs, each, row, after, used)
    return after, jobs


def _fill(asks: Resources, jobs: int, each: int, row: _Row, after: list[_Row], used: Counter[Gives]) -> int:
    """Fill hosts of one row one by one; the rows that they become. How many jobs were placed."""
    full, some = divmod(jobs, each)
    if full >= row.count:
        full, some = row.count, 0
    rest = row.count - full - (1 if some else 0)
    for count, inside in ((full, each), (1 if some else 0, some)):
        if count:
            used[row.gives] += 0 if row.touched else count
            after.append(_Row(gives=row.gives, has=less(row.has, asks, inside), count=count, touched=True))
    if rest:
        after.append(_Row(gives=row.gives, has=row.has, count=rest, touched=row.touched))
    return full * each + some
