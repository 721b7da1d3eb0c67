"""Both pools of the fake site: collectors, queues, negotiators, and the central manager's clock."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from shepherd.model.lease import SignedPage
from shepherd.model.observation import FlockStartd, KeeperReport, RegularMaster, RegularStartd
from shepherd.sim.collector import Collector, Shelf
from shepherd.sim.events import Events, Process
from shepherd.sim.jobs import Owner, Queue, Startd, negotiate

if TYPE_CHECKING:
    from shepherd.sim.host import Host

EPOCH_S = 1_800_000_000.0
"""The wall clock of the fake site when it begins."""


class Pools:
    """What stands on the central manager, but for the shepherd."""

    def __init__(self, events: Events, negotiate_s: float) -> None:
        self.events = events
        self.wall_offset_s = 0.0
        self.home = Collector(events, "home")
        self.flock_collector = Collector(events, "flock")
        self.regular: Shelf[RegularStartd] = self.home.shelf()
        self.masters: Shelf[RegularMaster] = self.home.shelf()
        self.keepers: Shelf[KeeperReport] = self.home.shelf()
        self.pages: Shelf[SignedPage] = self.home.shelf()
        self.flock: Shelf[FlockStartd] = self.flock_collector.shelf()
        self.local_jobs = Queue(events, Owner.LOCAL)
        self.guest_jobs = Queue(events, Owner.GUEST)
        self.negotiate_s = negotiate_s

    def wall_s(self, at_s: float | None = None) -> float:
        """The central manager's wall clock."""
        return EPOCH_S + self.wall_offset_s + (self.events.now_s if at_s is None else at_s)

    def blind(self, young_s: float) -> str:
        """Why nobody can know both pools now; empty if one can."""
        for collector in (self.home, self.flock_collector):
            if collector.down or collector.refusing:
                return f"the {collector.name} collector is silent"
            if collector.age_s() < young_s:
                return f"the {collector.name} collector is young"
        return ""

    def put_keeper(self, host: str, report: KeeperReport) -> None:
        """A keeper's ad; the collector stamps its own time on it."""
        self.keepers.put(host, dataclasses.replace(report, heard_at_s=self.wall_s()))

    def start_negotiators(self, hosts: Mapping[str, Host]) -> None:
        """One for each pool; each knows only its own collector."""
        by_flock_name = {host.flock_name: host for host in hosts.values()}

        def regular() -> Iterable[tuple[Startd | None, int]]:
            for name, ad in self.regular.all().items():
                if not ad.draining:
                    yield hosts[name].startd, ad.gives.free.cpus

        def flocking() -> Iterable[tuple[Startd | None, int]]:
            for name, ad in self.flock.all().items():
                host = by_flock_name[name]
                container = host.container
                yield container.flock if container else None, host.slots - ad.claimed_slots

        self._negotiator(self.home, self.local_jobs, regular)
        self._negotiator(self.flock_collector, self.guest_jobs, flocking)

    def _negotiator(
        self,
        collector: Collector,
        queue: Queue,
        free: Callable[[], Iterable[tuple[Startd | None, int]]],
    ) -> None:
        process = Process(self.events, f"negotiator of the {collector.name} pool")

        def cycle() -> None:
            if not collector.down and queue.alive:
                negotiate(process, queue, free)

        process.every(lambda: self.negotiate_s, cycle)
