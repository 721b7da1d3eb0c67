"""Laying jobs on hosts: how many of each shape fit, host by host, each host filled before the next."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

from shepherd.model.demand import Gives, Resources
from shepherd.model.host import HostName

PARTS = ("cpus", "memory_mib", "disk_kib", "gpus")


@dataclasses.dataclass(frozen=True, slots=True)
class Room:
    """What is free on a host. What a host does not tell is no limit."""

    free: tuple[float, ...]
    largest: tuple[float, ...]
    """No job can have more."""

    @classmethod
    def of(cls, gives: Gives, *, is_empty: bool) -> "Room":
        """All of a host, or what is unclaimed of it."""
        told = [bool(getattr(gives.whole, part)) or part == "gpus" for part in PARTS]
        free = gives.whole if is_empty else gives.free
        return cls(_limits(free, told), _limits(gives.largest, told))

    def fits(self, asks: Resources) -> int:
        """How many jobs that ask for so much it takes."""
        wanted = _parts(asks)
        if any(want > most for want, most in zip(wanted, self.largest, strict=True)):
            return 0
        times = [have // want for have, want in zip(self.free, wanted, strict=True) if want]
        return int(min(times)) if times and min(times) < math.inf else 0

    def without(self, asks: Resources, jobs: int) -> "Room":
        """What is left beside so many jobs."""
        left = (have - jobs * want for have, want in zip(self.free, _parts(asks), strict=True))
        return Room(tuple(left), self.largest)


Rooms = dict[HostName, Room]
Jobs = Mapping[Resources, int]
"""How many jobs ask for so much."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Placed:
    """What came of laying jobs on hosts."""

    left: Mapping[Resources, int]
    """Jobs that found no room."""
    rooms: Rooms
    """What is free now."""
    taken: Mapping[HostName, int]
    """Jobs that each host got."""


def place(jobs: Jobs, rooms: Rooms) -> Placed:
    """Lay jobs on hosts, large ones first, hosts in their order. Full hosts are not looked at again."""
    left, free = dict[Resources, int](), dict(rooms)
    taken: dict[HostName, int] = {}
    for asks in sorted(jobs, reverse=True):
        left[asks] = _place_one(asks, jobs[asks], free, taken)
    return Placed(left={asks: count for asks, count in left.items() if count}, rooms={**rooms, **free}, taken=taken)


def fits_somewhere(asks: Resources, rooms: Iterable[Room]) -> bool:
    """Whether one of them takes one such job."""
    return any(room.fits(asks) for room in rooms)


def _place_one(asks: Resources, count: int, free: Rooms, taken: dict[HostName, int]) -> int:
    """How many are left."""
    for host, room in list(free.items()):
        if not count:
            break
        if jobs := min(count, room.fits(asks)):
            free[host] = room.without(asks, jobs)
            taken[host] = taken.get(host, 0) + jobs
            count -= jobs
    return count


def _parts(resources: Resources) -> Sequence[int]:
    return (resources.cpus, resources.memory_mib, resources.disk_kib, resources.gpus)


def _limits(resources: Resources, told: Sequence[bool]) -> tuple[float, ...]:
    return tuple(have if known else math.inf for have, known in zip(_parts(resources), told, strict=True))
