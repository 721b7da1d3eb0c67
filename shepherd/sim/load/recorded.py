"""Recorded days of the ledger as local jobs.

Looks tell how many jobs of each shape wait, and how many cpus of the local herd are claimed. From one to the next, a
shape of which more wait was submitted, one of which fewer wait was started, and what the claimed cpus do not account
for has ended, first what was started first. Jobs that came and were started between two looks are seen by their cpus
alone, and are taken for jobs of one cpu. So the load is about what it was; which job was whose is not on record.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections import Counter, deque
from collections.abc import Iterable

from shepherd.errors import BadInput
from shepherd.model.demand import Resources
from shepherd.model.host import HostName
from shepherd.model.moment import Moment
from shepherd.model.observation import Queue
from shepherd.model.workload import DISK_KIB, LocalJob, Workload
from shepherd.sim.load.free_slots import fair_guests

ONE_CPU = Resources(1, 1024, DISK_KIB)
PLENTY_MIB, PLENTY_KIB = 1 << 20, 1 << 32
MOST_JOBS = 10_000_000
UNKNOWN_RUN_S = 1800.0
"""Of jobs that had not ended when the record did, if none had."""


@dataclasses.dataclass(slots=True)
class _Job:
    submit_s: float
    shape: Resources
    started_s: float | None = None
    run_s: float | None = None


class Recorded:
    """Folds looks, in their order. While a clock that was set back shows times that were, no time passes."""

    def __init__(self) -> None:
        self._hosts: dict[HostName, Resources] = {}
        self._jobs: list[_Job] = []
        self._waiting: dict[Resources, deque[_Job]] = {}
        self._running: deque[_Job] = deque()
        self._busy_cpus = 0
        self._first_s: float | None = None
        self._last_s = 0.0

    def add(self, look: Moment) -> None:
        """One more look. Its queue may be unknown: then nothing is taken from it."""
        if self._first_s is None:
            self._first_s = look.at_s
        self._last_s = max(self._last_s, look.at_s - self._first_s)
        busy_cpus = self._see_hosts(look)
        if look.snapshot.queue is not None:
            self._see_queue(look.snapshot.queue, busy_cpus)

    def workload(self, name: str) -> Workload:
        """All that was seen. Raises BadInput if that is nothing."""
        if not self._hosts or not self._jobs:
            raise BadInput(f"{name}: no host, or no local job, is on record there; name another day")
        if self._last_s <= 0:
            raise BadInput(f"{name}: a single look is on record there; name another day")
        known = [job.run_s for job in self._jobs if job.run_s is not None]
        hosts = tuple(_told(self._hosts[host]) for host in sorted(self._hosts))
        usual_s = statistics.median(known) if known else UNKNOWN_RUN_S
        return Workload(
            name=name,
            about=f"{len(self._jobs)} local jobs as they can be told from the ledger's record",
            hosts=hosts,
            jobs=tuple(LocalJob(job.submit_s, self._run_s(job, usual_s), job.shape, "local") for job in self._jobs),
            length_s=self._last_s,
            guests=(fair_guests(hosts),),
        )

    def _run_s(self, job: _Job, usual_s: float) -> float:
        if job.run_s is not None:
            return job.run_s
        return usual_s if job.started_s is None else max(usual_s, self._last_s - job.started_s)

    def _see_hosts(self, look: Moment) -> int:
        """Cpus that local jobs have."""
        busy = 0
        for host, facts in look.snapshot.hosts.items():
            if facts.regular is not None:
                self._hosts[host] = facts.regular.gives.whole
                busy += facts.regular.cpus - facts.regular.gives.free.cpus
        for host, record in look.switches.items():
            self._hosts.setdefault(host, record.gives.whole if record.gives.whole.cpus else Resources(record.cpus))
        return busy

    def _see_queue(self, queue: Queue, busy_cpus: int) -> None:
        asked = Counter({ONE_CPU: queue.idle_jobs})
        if queue.demand is not None:
            asked = Counter({group.asks: group.jobs for group in queue.demand.groups})
        started = 0
        for shape in {*asked, *self._waiting}:
            row = self._waiting.setdefault(shape, deque())
            while len(row) < asked[shape]:
                row.append(self._new(shape))
            while len(row) > asked[shape]:
                started += self._start(row.popleft())
        self._account(started - (busy_cpus - self._busy_cpus))
        self._busy_cpus = busy_cpus

    def _new(self, shape: Resources) -> _Job:
        if len(self._jobs) >= MOST_JOBS:
            raise BadInput(f"more than {MOST_JOBS} local jobs are on record there; name other days, or fewer")
        job = _Job(self._last_s, shape)
        self._jobs.append(job)
        return job

    def _start(self, job: _Job) -> int:
        job.started_s = self._last_s
        self._running.append(job)
        return job.shape.cpus

    def _account(self, ended_cpus: int) -> None:
        """So many cpus were given back; fewer than none: jobs began that nobody saw waiting."""
        for _ in range(-ended_cpus):
            self._start(self._new(ONE_CPU))
        while self._running and ended_cpus >= self._running[0].shape.cpus:
            job = self._running.popleft()
            job.run_s = max(1.0, self._last_s - (job.started_s or 0.0))
            ended_cpus -= job.shape.cpus


def _told(has: Resources) -> Resources:
    """What a host did not tell of itself keeps no job away."""
    return has._replace(memory_mib=has.memory_mib or PLENTY_MIB, disk_kib=has.disk_kib or PLENTY_KIB)


def recorded_load(looks: Iterable[Moment], name: str) -> Workload:
    """The load of these looks. Raises BadInput."""
    recorded = Recorded()
    for look in looks:
        recorded.add(look)
    return recorded.workload(name)
