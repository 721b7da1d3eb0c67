"""Laying jobs on hosts: how many of each shape fit, host by host, each host filled before the next."""

import dataclasses
from collections.abc import Mapping

from shepherd.core.demand.fit import less, times
from shepherd.model.demand import Gives, Resources
from shepherd.model.host import HostName

Rooms = Mapping[HostName, Gives]
Jobs = Mapping[Resources, int]
"""How many jobs ask for so much."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Placed:
    """What came of laying jobs on hosts."""

    left: dict[Resources, int]
    """Jobs that found no room."""
    taken: dict[HostName, Gives]
    """Hosts that got some, and what they give then."""
    jobs: dict[HostName, int]
    """How many."""


def place(jobs: Jobs, rooms: Rooms) -> Placed:
    """Lay jobs on what is free, small ones first, so that the fewest are left; hosts in their order."""
    free, placed = dict(rooms), Placed(left={}, taken={}, jobs={})
    for asks in sorted(jobs):
        left = _place_one(asks, jobs[asks], free, placed)
        if left:
            placed.left[asks] = left
    return placed


def _place_one(asks: Resources, count: int, free: dict[HostName, Gives], placed: Placed) -> int:
    """How many are left."""
    for host, gives in list(free.items()):
        if count <= 0:
            break
        jobs = min(count, _room(asks, gives))
        if jobs > 0:
            free[host] = placed.taken[host] = gives._replace(free=less(gives.free, asks, jobs))
            placed.jobs[host] = placed.jobs.get(host, 0) + jobs
            count -= jobs
    return count


def _room(asks: Resources, gives: Gives) -> int:
    """For how many such jobs. None is larger than the largest slot."""
    return times(asks, gives.free) if times(asks, gives.largest) else 0
