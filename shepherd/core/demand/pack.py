"""Idle jobs laid over hosts, in fractions of hosts.

Each shape of jobs takes so much of a host as one of so many that fit beside each other. That is never less than what
they need, and, unlike a packing job by job, more jobs never need fewer hosts, and twice the jobs take twice the hosts.
Hosts that have the same are one row, so that the time grows with their kinds and the shapes. Busy hosts may have left
something else each; rows that are alike are on one shelf, of which a shape that needs more sees only the most.
"""

import functools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shepherd.core.demand.fit import PLENTY, eighths, kind_of
from shepherd.core.demand.waiting import Request
from shepherd.model.demand import Gives, Resources

SHELF = 32
"""Rows that are passed by together."""
TINY = 1e-9
"""Less than this of a host is what calculation with fractions leaves behind."""


class Seats(NamedTuple):
    """What one host has free: as many seats as it has slots that can be divided no further into each other."""

    has: Resources
    """Each seat."""
    number: int
    kind: Resources


@functools.lru_cache(maxsize=1 << 15)
def seats_of(gives: Gives, free: Resources) -> Seats:
    """Of a partitionable slot one seat, of static slots one each. Disk, which differs from host to host, to an
    eighth."""
    cpus, memory, disk, gpus = free
    count = max(1, -(-cpus // gives.largest.cpus)) if gives.largest.cpus > 0 else 1
    memory = memory if free == gives.whole else eighths(memory)
    has = Resources(cpus // count, memory // count, eighths(disk // count), gpus // count)
    return Seats(has, count, kind_of(gives.whole))


class Row:
    """So many hosts that have the same."""

    __slots__ = ("free", "hosts", "key", "kind", "seats")

    def __init__(self, seats: Seats, hosts: int) -> None:
        self.key, self.seats, self.kind = seats
        self.hosts = hosts
        self.free = float(hosts * seats.number)
        """Seats that are not used yet."""

    @property
    def used(self) -> int:
        """How many hosts somebody uses, whole ones."""
        return math.ceil(self.hosts - self.free / self.seats - TINY)


class Shelf:
    """Rows beside each other, and the most that any of them has: what needs more passes them by at once."""

    __slots__ = ("most", "rows")

    def __init__(self, rows: Sequence[Row]) -> None:
        self.keep(rows)

    def keep(self, rows: Iterable[Row]) -> None:
        """Drop the others."""
        self.rows = [row for row in rows if row.free > TINY]
        has = [row.key for row in self.rows]
        self.most = Resources(
            max((one.cpus for one in has), default=-1),
            max((one.memory_mib or PLENTY for one in has), default=-1),
            max((one.disk_kib or PLENTY for one in has), default=-1),
            max((one.gpus for one in has), default=-1),
        )

    def has_room(self, request: Request) -> bool:
        """Whether there may be any."""
        cpus, memory, disk, gpus = request.asks
        most = self.most
        if cpus > most[0] or memory > most[1] or disk > most[2] or gpus > most[3]:
            return False
        return not request.passed or any(row.kind not in request.passed for row in self.rows)


def laid(requests: Sequence[Request], rows: Iterable[Row]) -> list[Request]:
    """What finds no room, as whole jobs; `rows` are used up. Both are gone through in an order of their own: jobs in
    the order given, rows from the least cpus on."""
    ordered = sorted(rows, key=_place)
    shelves = [Shelf(ordered[at : at + SHELF]) for at in range(0, len(ordered), SHELF)]
    left = []
    for request in requests:
        rest = _spread(request, shelves)
        if (jobs := math.ceil(rest - TINY)) > 0:
            left.append(Request(asks=request.asks, jobs=jobs, passed=request.passed))
    return left


def _place(row: Row) -> tuple[int, Resources, int, Resources]:
    """Those of a shelf are alike."""
    return eighths(row.key.cpus), row.kind, row.key.memory_mib, row.key


def _spread(request: Request, shelves: Iterable[Shelf]) -> float:
    """Use rows in their order; jobs that are left over."""
    rest = float(request.jobs)
    for shelf in shelves:
        if shelf.has_room(request):
            rest = _spread_on(shelf, request, rest)
            if rest <= 0.0:
                break
    return rest


def _spread_on(shelf: Shelf, request: Request, rest: float) -> float:
    cpus, memory, disk, gpus = request.asks
    spent = False
    for row in shelf.rows:
        has = row.key
        # `fit.times`, written out: this is gone through for each shape and each kind of host.
        each = has[0] // cpus if cpus > 0 else PLENTY
        if memory > 0 and has[1] > 0:
            each = min(each, has[1] // memory)
        if disk > 0 and has[2] > 0:
            each = min(each, has[2] // disk)
        if gpus > 0:
            each = min(each, has[3] // gpus)
        if not each or row.kind in request.passed:
            continue
        if rest < each * row.free:
            row.free -= rest / each
            rest = 0.0
            break
        rest -= each * row.free
        row.free, spent = 0.0, True
    if spent:
        shelf.keep(shelf.rows)
    return rest
