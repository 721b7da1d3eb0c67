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


def brought_home(left: Iterable[Request], hosts: Iterable[tuple[HostName, Gives]]) -> tuple[HostName, ...]:
    """Hosts that go home, first fit, until every job has one. A host that takes none of them stays."""
    rest = sorted(map(_Left, left), key=lambda one: one.asks, reverse=True)
    chosen: list[HostName] = []
    for host, gives in hosts:
        if not rest:
            break
        if _takes(rest, seats_of(gives, gives.whole)):
            chosen.append(host)
    return tuple(chosen)


def _takes(rest: list[_Left], seats: Seats) -> bool:
    """Fill one host, the largest jobs first. Whether it took any."""
    has, count, kind = seats
    at, tries, took = _first_within(rest, has.cpus), TRIES, False
    while at < len(rest) and tries > 0 and count > 0 and has.cpus > 0:
        one = rest[at]
        each = 0 if kind in one.passed else times(one.asks, has)
        if each:
            jobs, took = min(one.jobs, each * count), True
            one.jobs -= jobs
            has, count = (less(has, one.asks, jobs), 1) if count == 1 else (has, count - -(-jobs // each))
        if one.jobs:
            at += 1
        else:
            del rest[at]
        tries -= took and not each
    return took


def _first_within(rest: Sequence[_Left], cpus: int) -> int:
    """The first that asks for no more cpus; they are sorted, the largest first."""
    return bisect.bisect_left(rest, -cpus, key=lambda one: -one.asks.cpus)
