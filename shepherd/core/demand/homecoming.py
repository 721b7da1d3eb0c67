"""Which hosts come home: the first of the given order that take any of the jobs that are left."""

import bisect
from collections.abc import Iterable, Sequence

from shepherd.core.demand.fit import less, times
from shepherd.core.demand.pack import Seats, seats_of
from shepherd.core.demand.waiting import Request
from shepherd.model.demand import Gives
from shepherd.model.host import HostName

TRIES = 8
"""A host that took some may turn down so many shapes. What it could take besides brings another one home."""


class _Left:
    """What is left of a request."""

    __slots__ = ("asks", "jobs", "passed")

    def __init__(self, request: Request) -> None:
        self.asks, self.jobs, self.passed = request.asks, request.jobs, request.passed


Taken = list[tuple[_Left, int]]
"""Of which jobs one host takes how many."""


def brought_home(left: Iterable[Request], hosts: Iterable[tuple[HostName, Gives]]) -> tuple[HostName, ...]:
    """Hosts that go home, first fit, until every job has one. A host that takes none of them stays."""
    rest = sorted(map(_Left, left), key=lambda one: one.asks, reverse=True)
    before: dict[Seats, Taken] = {}
    chosen: list[HostName] = []
    for host, gives in hosts:
        if not rest:
            break
        seats = seats_of(gives, gives.whole)
        taken = before.get(seats)
        if taken is None or any(one.jobs < jobs for one, jobs in taken):
            taken = before[seats] = _fill(rest, seats)
        else:
            for one, jobs in taken:
                one.jobs -= jobs
        if taken:
            chosen.append(host)
    return tuple(chosen)


def _fill(rest: list[_Left], seats: Seats) -> Taken:
    """What one host takes, the largest jobs first; what has no jobs any more is dropped on the way."""
    has, count, kind = seats
    at, tries, taken = _first_within(rest, has.cpus), TRIES, Taken()
    while at < len(rest) and tries > 0 and count > 0 and has.cpus > 0:
        one = rest[at]
        each = 0 if kind in one.passed else times(one.asks, has)
        jobs = min(one.jobs, each * count)
        if jobs:
            taken.append((one, jobs))
            one.jobs -= jobs
            has, count = (less(has, one.asks, jobs), 1) if count == 1 else (has, count - -(-jobs // each))
        tries -= bool(taken) and not each
        if one.jobs:
            at += 1
        else:
            del rest[at]
    return taken


def _first_within(rest: Sequence[_Left], cpus: int) -> int:
    """The first that asks for no more cpus; they are sorted, the largest first."""
    return bisect.bisect_left(rest, -cpus, key=lambda one: -one.asks.cpus)
