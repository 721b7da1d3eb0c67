"""The local work of a moment, laid on the hosts that would have been local."""

import dataclasses
from collections.abc import Hashable, Mapping
from typing import TypeVar

from shepherd.core.replay.hosts import jobs_on
from shepherd.core.replay.placing import Jobs, Placed, Rooms, place
from shepherd.model.demand import Demand, DemandGroup, Gives, Resources
from shepherd.model.host import HostName
from shepherd.model.observation import HostFacts, Queue, RegularStartd
from shepherd.model.orders import SwitchRecord

K = TypeVar("K", bound=Hashable)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Laid:
    """What came of it."""

    gives: Mapping[HostName, Gives]
    """Hosts that have more jobs than on record, and what they give then."""
    jobs: Mapping[HostName, int]
    """How many more."""
    waiting: Jobs
    """Jobs that found no host."""
    queue: Queue | None
    """The queue as it would have been."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Work:
    """What there is to be laid, and where."""

    queue: Queue | None
    stuck: Jobs
    """Queued jobs that were not taken although hosts had room for them: they wait for something else."""
    displaced: Jobs
    """Jobs that ran on hosts that would have been lent."""
    vacant: Rooms
    """Local hosts as they were."""
    gained: Rooms
    """Local hosts that were lent."""


def laid(work: Work) -> Laid:
    """Lay displaced jobs on whatever is free, then queued ones. Of these, those that find room on a host that had it
    are about to be matched, and stay in the queue; those that find it on a host that was lent would have run."""
    moved = place(work.displaced, _by_use({**work.vacant, **work.gained}))
    queued = queued_jobs(work.queue)
    matched = place(less_jobs(queued, work.stuck), _left_of(work.vacant, moved))
    served = place(matched.left, _left_of(work.gained, moved))
    waiting = added(moved.left, served.left)
    still = less_jobs(queued, less_jobs(matched.left, served.left))
    return Laid(
        gives={**moved.taken, **served.taken},
        jobs=added(moved.jobs, served.jobs),
        waiting=waiting,
        queue=_queue(work.queue, queued, added(still, moved.left)) if moved.left or served.taken else work.queue,
    )


def queued_jobs(queue: Queue | None) -> dict[Resources, int]:
    """By what they ask for; of one cpu those of which only the number is known."""
    if queue is None:
        return {}
    groups = queue.demand.groups if queue.demand is not None else ()
    known = {group.asks: group.jobs for group in groups}
    unknown = queue.idle_jobs - sum(known.values()) if queue.demand is None or queue.demand.unasked else 0
    return added(known, {Resources(cpus=1): unknown} if unknown > 0 else {})


def displaced_jobs(out: Mapping[HostName, RegularStartd]) -> dict[Resources, int]:
    """Jobs on record of hosts that would have been out."""
    found: dict[Resources, int] = {}
    for regular in out.values():
        asks, jobs = jobs_on(regular)
        if jobs:
            found[asks] = found.get(asks, 0) + jobs
    return found


def rooms_of(facts: Mapping[HostName, HostFacts]) -> dict[HostName, Gives]:
    """What hosts with a regular startd that takes jobs give."""
    startds = ((host, one.regular) for host, one in facts.items())
    return {host: regular.gives for host, regular in startds if regular is not None and not regular.draining}


def blocked_jobs(waiting: Jobs, out: Mapping[HostName, SwitchRecord]) -> dict[Resources, int]:
    """Of jobs that wait, those that hosts would take that are not local."""
    if not waiting or not out:
        return {}
    left = place(waiting, {host: record.gives._replace(free=record.gives.whole) for host, record in out.items()}).left
    taken = ((asks, jobs - left.get(asks, 0)) for asks, jobs in waiting.items())
    return {asks: jobs for asks, jobs in taken if jobs}


def added(one: Mapping[K, int], other: Mapping[K, int]) -> dict[K, int]:
    """Both together."""
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def less_jobs(jobs: Jobs, others: Jobs) -> dict[Resources, int]:
    """Jobs without others."""
    left = ((asks, count - others.get(asks, 0)) for asks, count in jobs.items())
    return {asks: count for asks, count in left if count > 0}


def _left_of(rooms: Rooms, placed: Placed) -> Rooms:
    return _by_use({host: placed.taken.get(host, gives) for host, gives in rooms.items()})


def _by_use(rooms: Rooms) -> Rooms:
    """Those that work first, so that idle hosts stay so."""
    return dict(sorted(rooms.items(), key=lambda room: (room[1].free == room[1].whole, room[0])))


def _queue(queue: Queue | None, before: Jobs, after: Jobs) -> Queue | None:
    if queue is None:
        return None
    more = sum(after.values()) - sum(before.values())
    idle, running = max(0, queue.idle_jobs + more), max(0, queue.running_jobs - more)
    demand = _demand(queue.demand, after) if queue.demand is not None else None
    return dataclasses.replace(queue, idle_jobs=idle, running_jobs=running, demand=demand)


def _demand(demand: Demand, jobs: Jobs) -> Demand:
    soon = {group.asks: group.soon for group in demand.groups}
    shapes = sorted({*jobs, *(asks for asks, count in soon.items() if count)}, reverse=True)
    groups = (DemandGroup(asks=asks, jobs=jobs.get(asks, 0), soon=soon.get(asks, 0)) for asks in shapes)
    return dataclasses.replace(demand, groups=tuple(groups), unasked=())
