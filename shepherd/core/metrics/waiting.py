"""Local jobs that wait beside hosts which are out, by the hosts' and the queue's own words."""

from collections import Counter
from collections.abc import Iterable, Mapping

from shepherd.core.harvest.waiting import unplaced
from shepherd.core.policy.view import OUT
from shepherd.model.demand import NOTHING, DemandGroup, Resources
from shepherd.model.host import HostState
from shepherd.model.observation import Queue
from shepherd.model.view import PoolView


def blocked_jobs(view: PoolView, queue: Queue, stuck: Iterable[DemandGroup]) -> int:
    """Idle jobs that no local host has room for and that hosts which are out, or on their way, would take. Jobs that
    are `stuck` wait for something else. The report counts them so, too (`core.harvest.waiting`)."""
    jobs = _wanting(queue, stuck)
    if not jobs:
        return 0
    local = Counter(
        (host.gives.free, host.gives.largest)
        for host in view.hosts.values()
        if host.state is HostState.LOCAL and host.gives.free != NOTHING
    )
    out = Counter((h.gives.whole, h.gives.largest) for h in view.hosts.values() if h.is_out or h.state in OUT)
    left = unplaced(jobs, local)
    return sum(left.values()) - sum(unplaced(left, out).values())


def _wanting(queue: Queue, stuck: Iterable[DemandGroup]) -> Mapping[Resources, int]:
    """By what they ask for; one cpu, if only their number is known."""
    jobs: Counter[Resources] = Counter()
    for group in queue.demand.groups if queue.demand else ():
        jobs[group.asks] += group.jobs
    if queue.demand is None or queue.demand.unasked:
        jobs[Resources(cpus=1)] += max(queue.idle_jobs - jobs.total(), 0)
    jobs.subtract({group.asks: group.jobs for group in stuck if group.asks in jobs})
    return +jobs
