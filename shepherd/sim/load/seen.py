"""What the shepherd sees of a pool under load: facts of hosts, demand, and how its questions went."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from shepherd.model.demand import Demand, DemandGroup, Resources
from shepherd.model.host import HostName
from shepherd.model.lease import drain_reason
from shepherd.model.observation import (
    FlockStartd,
    HostFacts,
    KeeperPhase,
    KeeperReport,
    LockHolder,
    Queue,
    Reading,
    RegularStartd,
    Snapshot,
    Source,
)
from shepherd.sim.load.local_pool import LocalPool
from shepherd.sim.load.machine import Claim, Machine

LOCK = {
    KeeperPhase.ARMED: LockHolder.REGULAR,
    KeeperPhase.FLOCKING: LockHolder.FLOCK,
    KeeperPhase.LEAVING: LockHolder.FLOCK,
}


class Seen:
    """Facts as both collectors and the schedd would tell them. Hosts that have not changed are not asked again."""

    def __init__(self, machines: Sequence[Machine], local: LocalPool, ad_period_s: float) -> None:
        self.facts: dict[HostName, HostFacts] = {}
        self.silent_since_s: float | None = None
        """Since when the home collector has not answered."""
        self._machines = machines
        self._local = local
        self._ad_period_s = ad_period_s
        self._changed: set[int] = set()
        self._queue: Queue | None = None
        self._answered_s = 0.0

    def note(self, machine: Machine, now: float) -> None:
        """Something changed that its ads tell."""
        machine.changed_at_s = now
        self._changed.add(machine.index)

    def changed(self) -> set[HostName]:
        """Hosts of which something has changed since the last full look."""
        return {self._machines[number].host for number in self._changed}

    def one(self, machine: Machine, now: float) -> HostFacts:
        """Its facts, looked at now."""
        self._renew(machine, now)
        return self.facts[machine.host]

    def look(self, now: float, *, all_of_them: bool) -> Snapshot:
        """A full look. Ads that are only renewed are taken in with `all_of_them`."""
        problem = None if self.silent_since_s is None else "its collector does not answer"
        if problem is None:
            self._answered_s = now
            self._queue = self._asked(now)
            numbers = range(len(self._machines)) if all_of_them else sorted(self._changed)
            for number in numbers:
                self._renew(self._machines[number], now)
            self._changed.clear()
        readings = {source: Reading(source=source, at_s=self._answered_s, problem=problem) for source in Source}
        return Snapshot(at_s=now, hosts=self.facts, queue=self._queue, readings=readings)

    def _renew(self, machine: Machine, now: float) -> None:
        if machine.alive and self.silent_since_s is None:
            self.facts[machine.host] = facts_of(machine, now, self._ad_period_s)

    def _asked(self, now: float) -> Queue:
        return Queue(
            idle_jobs=self._local.idle_jobs,
            running_jobs=0,
            schedds=("cm",),
            demand=Demand(groups=demand_groups(self._local), at_s=now),
        )


def demand_groups(local: LocalPool) -> tuple[DemandGroup, ...]:
    """Each shape once, the largest first."""
    jobs: dict[Resources, int] = {}
    for group in local.groups():
        if len(group):
            jobs[group.shape] = jobs.get(group.shape, 0) + len(group)
    return tuple(DemandGroup(asks=shape, jobs=jobs[shape]) for shape in sorted(jobs, reverse=True))


def facts_of(machine: Machine, now: float, ad_period_s: float) -> HostFacts:
    """Everything that its ads tell, which are renewed every `ad_period_s` and at each change."""
    heard_s = max(machine.changed_at_s, now - (now + 7.0 * machine.index) % ad_period_s)
    return HostFacts(
        pair=machine.pair,
        regular=_regular(machine, heard_s) if machine.regular else None,
        flock=_flock(machine, heard_s, machine.flock_since_s) if machine.flock_since_s is not None else None,
        keeper=_keeper(machine, heard_s),
    )


def _regular(machine: Machine, heard_s: float) -> RegularStartd:
    has = machine.has
    return RegularStartd(
        cpus=has.cpus,
        memory_mib=has.memory_mib,
        gpus=has.gpus,
        claimed_slots=len(machine.claims),
        draining=machine.draining is not None,
        drained=machine.drained,
        drain_reason=drain_reason(machine.draining) if machine.draining is not None else "",
        started_at_s=machine.regular_since_s,
        heard_at_s=heard_s,
        idle_since_s=None if machine.claims else machine.idle_since_s,
        disk_kib=has.disk_kib,
        free=Resources(
            cpus=machine.cpus, memory_mib=machine.memory_mib, disk_kib=machine.disk_kib, gpus=machine.gpus
        ),
    )


def _flock(machine: Machine, heard_s: float, since_s: float) -> FlockStartd:
    cpus = sum(claim.shape.cpus for claim in machine.claims)
    work = sum(claim.started_s * claim.shape.cpus for claim in machine.claims)
    return FlockStartd(
        claimed_slots=len(machine.claims),
        started_at_s=since_s,
        heard_at_s=heard_s,
        claimed_cpus=cpus,
        working_since_s=work / cpus if cpus else 0.0,
        ends_by_s=_ends_by_s(machine.claims),
        guests=tuple(sorted({claim.guest for claim in machine.claims})),
    )


def _ends_by_s(claims: Collection[Claim]) -> float | None:
    limits = [claim.started_s + claim.limit_s for claim in claims if claim.limit_s is not None]
    return max(limits) if limits and len(limits) == len(claims) else None


def _keeper(machine: Machine, heard_s: float) -> KeeperReport:
    return KeeperReport(
        nonce=machine.nonce,
        phase=machine.phase,
        lock=LOCK.get(machine.phase, LockHolder.REGULAR),
        lease=machine.lease,
        container=None if machine.lease is None else machine.pair.flock_name,
        image=None,
        problem=machine.problem or None,
        sent_at_s=heard_s,
        heard_at_s=heard_s,
    )


def by_host(machines: Sequence[Machine]) -> Mapping[HostName, Machine]:
    """Each under its name."""
    return {machine.host: machine for machine in machines}
