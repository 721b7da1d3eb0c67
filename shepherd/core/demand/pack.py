"""Idle jobs laid over hosts, in fractions of hosts.

Each shape of jobs takes so much of a host as one of so many that fit beside each other. That is never less than what
they need, and, unlike a packing job by job, more jobs never need fewer hosts, and twice the jobs take twice the hosts.
Hosts that have the same are one row, so that the time grows with their kinds and the shapes.
"""

import bisect
import functools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shepherd.core.demand.fit import PLENTY, eighths, kind_of
from shepherd.core.demand.waiting import Request
from shepherd.model.demand import Gives, Resources

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


def laid(requests: Sequence[Request], rows: Iterable[Row]) -> list[Request]:
    """What finds no room, as whole jobs; `rows` are used up. Both are gone through in the order given."""
    by_cpus = sorted(rows, key=lambda row: row.key.cpus)
    left = []
    for request in requests:
        rest = _spread(request, by_cpus)
        if (jobs := math.ceil(rest - TINY)) > 0:
            left.append(Request(asks=request.asks, jobs=jobs, passed=request.passed))
    return left


def _spread(request: Request, rows: list[Row]) -> float:
    """Use rows from the least cpus on; jobs that are left over. Rows that are used up are dropped."""
    cpus, memory, disk, gpus = request.asks
    rest, spent = float(request.jobs), False
    for at in range(bisect.bisect_left(rows, cpus, key=lambda row: row.key.cpus), len(rows)):
        row = rows[at]
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
        rows[:] = [row for row in rows if row.free > TINY]
    return rest
