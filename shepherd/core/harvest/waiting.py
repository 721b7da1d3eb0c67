"""Local jobs that no local host has room for, and those of them that hosts which are out would take.

As a replay sees it (`core/replay/local_work.py`), but over kinds of rooms and not host by host: a month has forty
thousand looks.
"""

from collections.abc import Mapping
from typing import NamedTuple

from shepherd.core.demand.fit import less, times
from shepherd.core.harvest.pool import Rooms
from shepherd.core.recorded.members import Json, count, members, objects
from shepherd.core.recorded.waiting import shape_from
from shepherd.model.demand import Resources

Jobs = Mapping[Resources, int]
Kind = tuple[Resources, Resources]


class Waits(NamedTuple):
    """Jobs, and the cores they ask for."""

    idle_jobs: int | None
    """None: the queue is not known."""
    running_jobs: int | None
    waited_jobs: int = 0
    waited_cores: int = 0
    blocked_jobs: int = 0
    blocked_cores: int = 0


UNKNOWN = Waits(None, None)


def waits(rest: Json, local: Rooms, out: Rooms) -> Waits:
    """What waits, by the queue and the policy's past of a snapshot. Raises ValueError."""
    if "queue" not in rest:
        return UNKNOWN
    queue = members(rest, "queue")
    idle, running = count(queue, "idle_jobs"), count(queue, "running_jobs")
    jobs = wanting(queue, members(rest, "past")) if idle else {}
    if not jobs:
        return Waits(idle, running)
    left = unplaced(jobs, local)
    never = unplaced(left, out)
    blocked = {asks: jobs - never.get(asks, 0) for asks, jobs in left.items()}
    return Waits(idle, running, sum(left.values()), _cores(left), sum(blocked.values()), _cores(blocked))


def wanting(queue: Json, past: Json) -> dict[Resources, int]:
    """Idle jobs by what they ask for, without those that wait for something else; of one cpu those of which only the
    number is known. Raises ValueError."""
    demand = members(queue, "demand")
    known = {shape_from(name): count(row, "jobs") for name, row in objects(demand, "groups").items()}
    if "demand" not in queue or demand.get("unasked"):
        unknown = count(queue, "idle_jobs") - sum(known.values())
        known[Resources(cpus=1)] = known.get(Resources(cpus=1), 0) + max(0, unknown)
    for name, row in objects(past, "waiting").items():
        if row.get("stuck") and (shape := shape_from(name)) in known:
            known[shape] = max(0, known[shape] - count(row, "stuck"))
    return {asks: jobs for asks, jobs in known.items() if jobs}


def unplaced(jobs: Jobs, rooms: Rooms) -> dict[Resources, int]:
    """Jobs that find no room, laid small ones first."""
    left, free = dict[Resources, int](), dict(rooms)
    for asks in sorted(jobs):
        rest = _lay(asks, jobs[asks], free)
        if rest:
            left[asks] = rest
    return left


def _lay(asks: Resources, jobs: int, free: dict[Kind, int]) -> int:
    """Fill kinds of rooms one after the other; says how many jobs are left."""
    for kind in list(free):
        room, largest = kind
        each = times(asks, room) if times(asks, largest) else 0
        if not each:
            continue
        full, rest = divmod(min(jobs, each * free[kind]), each)
        _fill(free, kind, full, less(room, asks, each))
        if rest:
            _fill(free, kind, 1, less(room, asks, rest))
        jobs -= full * each + rest
        if not jobs:
            break
    return jobs


def _fill(free: dict[Kind, int], kind: Kind, hosts: int, to: Resources) -> None:
    if hosts:
        free[kind] -= hosts
        if not free[kind]:
            del free[kind]
        free[to, kind[1]] = free.get((to, kind[1]), 0) + hosts


def _cores(jobs: Jobs) -> int:
    return sum(asks.cpus * number for asks, number in jobs.items())
