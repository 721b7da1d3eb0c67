"""The local work of a moment, laid on the hosts that would have been local."""

import dataclasses
from collections.abc import Mapping

from shepherd.core.replay.hosts import jobs_on
from shepherd.core.replay.placing import Jobs, Placed, Rooms, fits_somewhere, place
from shepherd.model.demand import Demand, DemandGroup, Gives, Resources
from shepherd.model.host import HostName
from shepherd.model.observation import HostFacts, Queue, RegularStartd
from shepherd.model.orders import SwitchRecord


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


def laid(queue: Queue | None, displaced: Jobs, vacant: Rooms, gained: Rooms) -> Laid:
    """Lay `displaced` jobs, which ran on hosts that would have been lent, on hosts that had room and on those `gained`,
    which were lent; then queued jobs on what is left of these. A queued job for which a local host had room all the
    same waited for something else, and goes on to."""
    rooms = _by_use({**vacant, **gained})
    moved = place(displaced, rooms)
    queued = queued_jobs(queue)
    open_to = set(vacant.values())
    stuck = {asks: jobs for asks, jobs in queued.items() if fits_somewhere(asks, open_to)}
    left_of = {host: moved.taken.get(host, gives) for host, gives in rooms.items() if host in gained}
    served = place({asks: jobs for asks, jobs in queued.items() if asks not in stuck}, left_of)
    waiting = added(moved.left, served.left)
    return Laid(
        gives={**moved.taken, **served.taken},
        jobs=_summed(moved, served),
        waiting=waiting,
        queue=_queue(queue, queued, added(waiting, stuck)) if displaced or served.taken else queue,
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


def added(one: Jobs, other: Jobs) -> dict[Resources, int]:
    """Both together."""
    return {asks: one.get(asks, 0) + other.get(asks, 0) for asks in {**one, **other}}


def _by_use(rooms: Rooms) -> Rooms:
    """Those that work first, so that idle hosts stay so."""
    return dict(sorted(rooms.items(), key=lambda room: (room[1].free == room[1].whole, room[0])))


def _summed(one: Placed, other: Placed) -> dict[HostName, int]:
    return {host: one.jobs.get(host, 0) + other.jobs.get(host, 0) for host in {**one.jobs, **other.jobs}}


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
