"""The ports of bans, opened onto the fake world: the flock pool's claims, and jobs in a host's container."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from shepherd.model.container import Container
from shepherd.model.guest import Claim
from shepherd.model.stop import FlockAd, JobSeen
from shepherd.ports import Clock
from shepherd.programs.diary import Diary
from shepherd.programs.stops import Chase, Stops
from shepherd.sim.flock import FlockSide
from shepherd.sim.jobs import Job
from shepherd.sim.pools import Pools

if TYPE_CHECKING:
    from shepherd.sim.host import Host
    from shepherd.sim.running import Running

FIRST_UID = 3001


@dataclasses.dataclass(kw_only=True)
class SimFlockLook:
    """What the flock collector shows of claims, and condor_vacate. It reaches a container over the flock network."""

    hosts: Mapping[str, Host]
    pools: Pools
    vacate_works: bool = True

    def claims(self) -> Sequence[Claim]:
        """Of hosts that have an ad."""
        self.pools.flock_collector.asked()
        known = self.pools.flock.all()
        return [
            Claim(slot=slot, user=job.user, schedd="campus")
            for host in self.hosts.values()
            if host.flock_name in known
            for slot, job in claimed(host)
        ]

    def flock_ads(self) -> Sequence[FlockAd]:
        """One guest's schedd."""
        self.pools.flock_collector.asked()
        return [FlockAd(identity="guest.campus.1@flock", schedd="campus", address="192.0.2.7")]

    def vacate(self, slots: Sequence[str]) -> str:
        """Claims end where the tool gets through."""
        if not self.vacate_works or self.pools.flock_collector.down:
            return "no answer"
        for host in self.hosts.values():
            for slot, job in list(claimed(host)):
                if slot in slots and host.flock_up and (flock := flock_of(host)) is not None:
                    flock.evict(job)
        return ""


class SimGuestJobs:
    """Jobs in one host's container: the n-th runs as the n-th account."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def seen(self, container: Container) -> Mapping[int, JobSeen]:
        """Whose they are."""
        return {uid: JobSeen(user=job.user) for uid, job in self._running(container).items()}

    def alive(self, container: Container, uids: AbstractSet[int]) -> AbstractSet[int]:
        """Those that run."""
        return uids & set(self._running(container))

    def kill(self, container: Container, uid: int) -> int:
        """SIGKILL: to its startd the job has ended."""
        job, flock = self._running(container).get(uid), flock_of(self._host)
        if job is None or flock is None:
            return 0
        flock.evict(job)
        return 1

    def cut(self, container: Container, uids: AbstractSet[int], for_s: float) -> None:
        """Nothing of what is simulated has traffic."""

    def _running(self, container: Container) -> Mapping[int, Job]:
        pid1, flock = self._host.container, flock_of(self._host)
        if flock is None or pid1 is None or pid1.pid != container.pid:
            return {}
        return dict(enumerate(flock.jobs, FIRST_UID))


def simulated_stops(running: Running, look: SimFlockLook, diary: Diary, clock: Clock) -> Stops:
    """The bans as one shepherd process keeps them."""
    chase = Chase(
        pool=look, hands=look, background=running.beside, diary=diary, clock=clock, log=running.note
    )
    return Stops(
        ledger=running.ledger,
        diary=diary,
        spool=running.intents,
        clock=clock,
        log=running.note,
        chase=chase,
        domains=dict,
    )


def flock_of(host: Host) -> FlockSide | None:
    """What serves guests there."""
    return host.container.flock if host.container is not None else None


def claimed(host: Host) -> Iterator[tuple[str, Job]]:
    """Slot and job."""
    flock = flock_of(host)
    for number, job in enumerate(flock.jobs if flock is not None else (), 1):
        yield f"slot1_{number}@{host.flock_name}", job
