"""What the queue's contract is asked of: one schedd and who asks it, fake or real."""

from collections.abc import Callable
from typing import Protocol

from shepherd.model.demand import Resources
from shepherd.model.observation import Queue
from shepherd.sim.crash import Crashes
from shepherd.sim.jobs import Cluster
from shepherd.sim.ports import SimPool
from shepherd.sim.site import Site, SiteSpec

WITHIN_S = 120.0
"""The real one tells its collector every few seconds, and is asked again after a minute."""
LENGTH_S = 1000.0
UNTOLD = "it refuses READ"


class QueuePlace(Protocol):
    """One schedd of the site."""

    schedd: str

    def told(self, so: Callable[[Queue], object]) -> Queue:
        """What the shepherd is told of the queue, as soon as that is `so`."""

    def submit(self, jobs: int, asks: Resources) -> None:
        """Jobs that no host takes."""

    def submit_held(self, jobs: int, asks: Resources) -> None:
        """Jobs on hold."""

    def run(self, jobs: int, asks: Resources) -> None:
        """Jobs that run."""

    def submit_late(self, jobs: int, most_idle: int, asks: Resources) -> None:
        """Jobs of one cluster that are made as others of them start."""

    def submit_dag(self, nodes: int, most: int, asks: Resources) -> None:
        """A DAG of nodes that wait for nothing, of which so many may be in the queue."""

    def remove_jobs(self) -> None:
        """All of them."""

    def refuse(self) -> None:
        """The schedd gives us no READ any more."""

    def hang(self) -> None:
        """The schedd answers nobody."""

    def end(self) -> None:
        """The schedd goes, and says so."""


class FakeQueue:
    """One fake host, which takes no job unless it is asked to."""

    schedd = "schedd"

    def __init__(self) -> None:
        self._site = Site(SiteSpec(hosts=1))
        (self._host,) = self._site.hosts.values()
        self._host.refuses_local = True
        self._jobs = self._site.pools.local_jobs
        self._pool = SimPool(
            pools=self._site.pools, meter=self._site.meter, crashes=Crashes(), recordable=lambda: True
        )
        self._site.run(60)

    def told(self, so: Callable[[Queue], object]) -> Queue:
        """See above."""
        assert self._site.run_until(lambda: bool(so(self._pool.queue())), WITHIN_S), self._pool.queue()
        return self._pool.queue()

    def submit(self, jobs: int, asks: Resources) -> None:
        """See above."""
        for _ in range(jobs):
            self._jobs.submit(LENGTH_S, asks=asks)

    def submit_held(self, jobs: int, asks: Resources) -> None:
        """See above."""
        for _ in range(jobs):
            self._jobs.submit(LENGTH_S, asks=asks).held = True

    def run(self, jobs: int, asks: Resources) -> None:
        """See above."""
        self._host.refuses_local = False
        self.submit(jobs, asks)

    def submit_late(self, jobs: int, most_idle: int, asks: Resources) -> None:
        """See above."""
        self._jobs.submit_late(Cluster(asks=asks, length_s=LENGTH_S, most_idle=most_idle, store=jobs))

    def submit_dag(self, nodes: int, most: int, asks: Resources) -> None:
        """See above."""
        self.submit(most, asks)
        self._jobs.dag_nodes = nodes - most

    def remove_jobs(self) -> None:
        """See above."""
        for job in self._jobs.idle():
            self._jobs.remove(job)

    def refuse(self) -> None:
        """See above."""
        self._jobs.unreadable = UNTOLD

    def hang(self) -> None:
        """See above."""
        self._jobs.unreadable = "no answer in time"

    def end(self) -> None:
        """See above."""
        self._jobs.alive = False
