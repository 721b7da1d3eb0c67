"""Jobs, the queue they wait in, and the negotiator that matches them to what a collector shows."""

import dataclasses
import enum
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from shepherd.model.demand import DemandGroup, Resources
from shepherd.sim.events import Events, Process

USER = "alice@campus"
SMALL = Resources(cpus=1, memory_mib=1024)
"""What a job asks for unless it says otherwise: one slot's worth."""


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

    @property
    def idle(self) -> bool:
        """Waiting for a slot."""
        return not self.where and self.done_s is None


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

    def remove(self, job: Job) -> None:
        """condor_rm of an idle job."""
        job.done_s = self._events.now_s
        self.jobs.remove(job)

    def idle(self) -> list[Job]:
        """Jobs that wait, oldest first."""
        return [job for job in self.jobs if job.idle]

    def shapes(self) -> tuple[DemandGroup, ...]:
        """Idle jobs by what they ask for, the largest first."""
        jobs = Counter(job.asks for job in self.idle())
        return tuple(DemandGroup(asks=asks, jobs=jobs[asks]) for asks in sorted(jobs, reverse=True))

    def running(self) -> list[Job]:
        """Jobs that run."""
        return [job for job in self.jobs if job.where]

    def start(self, job: Job, startd: Startd) -> bool:
        """Claim a slot and run there."""
        if not job.idle or not startd.accept(job):
            return False
        job.where, job.started_s = startd.name, self._events.now_s
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
