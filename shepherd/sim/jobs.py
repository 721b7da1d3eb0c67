"""Jobs, the queue they wait in, and the negotiator that matches them to what a collector shows."""

from __future__ import annotations

import dataclasses
import enum
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from shepherd.model.demand import Demand, DemandGroup, Resources
from shepherd.sim.events import Events, Process

USER = "alice@campus"
SMALL = Resources(cpus=1, memory_mib=1024)
"""What a job asks for unless it says otherwise: one slot's worth."""
STEPS = (1, 128, 1024, 1)
"""A schedd tells requests in steps in which slots give: cpus, MiB, KiB of disk, GPUs."""


class Owner(enum.Enum):
    """Whose job it is."""

    LOCAL = "local"
    GUEST = "guest"


class Manners(enum.Enum):
    """What a job does when it is asked to end."""

    POLITE = "polite"
    """Ends within a second."""
    STUBBORN = "stubborn"
    """Ends only when killed."""
    DAEMONISED = "daemonised"
    """Ends, but leaves a double-forked child that only the container's end kills."""


@dataclasses.dataclass(eq=False)
class Job:
    """One job."""

    number: int
    owner: Owner
    length_s: float
    manners: Manners = Manners.POLITE
    user: str = USER
    submitted_s: float = 0.0
    started_s: float | None = None
    done_s: float | None = None
    evictions: int = 0
    asks: Resources = SMALL
    where: str = ""
    """Name of the startd that runs it, empty while it is idle."""
    held: bool = False
    cluster: Cluster | None = None
    """What makes more of its kind."""

    @property
    def idle(self) -> bool:
        """Waiting for a slot."""
        return not self.where and not self.held and self.done_s is None


@dataclasses.dataclass(eq=False)
class Cluster:
    """Jobs that are made as others of them start: `max_idle` in a submit file."""

    asks: Resources
    length_s: float
    most_idle: int
    store: int
    """Those that are not made yet."""


class Startd(Protocol):
    """What a schedd needs of a startd."""

    name: str

    def accept(self, job: Job) -> bool:
        """Start `job` if a slot is free and work is accepted; else False."""


class Queue:
    """A schedd: its jobs, and the negotiator that serves it."""

    def __init__(self, events: Events, owner: Owner) -> None:
        self.owner = owner
        self.jobs: list[Job] = []
        self.alive = True
        self.unreadable = ""
        """Why it does not tell what its idle jobs ask for."""
        self.dag_nodes = 0
        """Nodes of its DAGs that could be submitted and are not."""
        self.clusters: list[Cluster] = []
        self.finished = 0
        self._events = events

    def submit(
        self, length_s: float, manners: Manners = Manners.POLITE, user: str = USER, asks: Resources = SMALL
    ) -> Job:
        """A new idle job."""
        number = self.finished + len(self.jobs) + 1
        now_s = self._events.now_s
        job = Job(number, self.owner, length_s, manners, user, submitted_s=now_s, asks=asks)
        self.jobs.append(job)
        return job

    def submit_late(self, cluster: Cluster) -> None:
        """Jobs that are made as others of them start."""
        self.clusters.append(cluster)
        self._make_more(cluster)

    def _make_more(self, cluster: Cluster) -> None:
        idle = sum(job.cluster is cluster for job in self.idle())
        for _ in range(min(cluster.store, cluster.most_idle - idle)):
            self.submit(cluster.length_s, asks=cluster.asks).cluster = cluster
            cluster.store -= 1

    def remove(self, job: Job) -> None:
        """condor_rm of an idle job."""
        job.done_s = self._events.now_s
        self.jobs.remove(job)

    def idle(self) -> list[Job]:
        """Jobs that wait, oldest first."""
        return [job for job in self.jobs if job.idle]

    def demand(self, name: str, at_s: float) -> Demand:
        """What a schedd of that name tells of its idle jobs. Nobody asks one that has none."""
        jobs = Counter(in_steps(job.asks) for job in self.idle())
        if not self.alive or not jobs:
            return Demand(at_s=at_s)
        if self.unreadable:
            return Demand(at_s=at_s, unasked=(name,), problem=f"{name}: {self.unreadable}")
        store: Counter[Resources] = Counter()
        for cluster in self.clusters:
            store[in_steps(cluster.asks)] += cluster.store
        shapes = sorted(jobs, reverse=True)
        groups = tuple(DemandGroup(asks=asks, jobs=jobs[asks], soon=store[asks]) for asks in shapes)
        return Demand(groups=groups, at_s=at_s, soon=self.dag_nodes)

    def running(self) -> list[Job]:
        """Jobs that run."""
        return [job for job in self.jobs if job.where]

    def start(self, job: Job, startd: Startd) -> bool:
        """Claim a slot and run there."""
        if not job.idle or not startd.accept(job):
            return False
        job.where, job.started_s = startd.name, self._events.now_s
        if job.cluster is not None:
            self._make_more(job.cluster)
        return True

    def ended(self, job: Job) -> None:
        """The job did its work."""
        job.where, job.done_s = "", self._events.now_s
        self.finished += 1
        self.jobs.remove(job)

    def lost(self, job: Job) -> None:
        """The job's slot went away; it waits again."""
        job.where, job.started_s = "", None
        job.evictions += 1


def in_steps(asks: Resources) -> Resources:
    """What a schedd tells of a request."""
    return Resources(*(-(-amount // step) * step for amount, step in zip(asks, STEPS, strict=True)))


MATCH_S = 0.2
"""From the match to the claim: what an ad says may have changed by then."""


def negotiate(
    process: Process, queue: Queue, free: Callable[[], Iterable[tuple[Startd | None, int]]]
) -> None:
    """One negotiation cycle: idle jobs, oldest first, to the free cpus that the ads show."""
    waiting = queue.idle()
    for startd, cpus in free():
        matched: list[Job] = []
        for job in waiting:
            if job.asks.cpus + sum(one.asks.cpus for one in matched) <= cpus:
                matched.append(job)
        for job in matched if startd is not None else ():
            process.after(MATCH_S, lambda job=job, startd=startd: _claim(queue, job, startd))  # type: ignore[misc]
        waiting = [job for job in waiting if job not in matched]


def _claim(queue: Queue, job: Job, startd: Startd) -> None:
    queue.start(job, startd)
