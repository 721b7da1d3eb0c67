"""What breaks in a run, and what follows from it by itself."""

from __future__ import annotations

from shepherd.errors import UsageError
from shepherd.model.simulated import FaultKind, SimulatedFault
from shepherd.sim.load.agenda import BEGIN_S
from shepherd.sim.load.machine import Machine
from shepherd.sim.load.pool import LoadedPool


class Outage:
    """One fault of one pool. Entered on its agenda, with its end."""

    def __init__(self, pool: LoadedPool, fault: SimulatedFault) -> None:
        self._machine = _victim(pool, fault)
        self._pool = pool
        self._fault = fault
        begins_s = BEGIN_S + fault.at_s
        pool.agenda.at(begins_s, self._begin, None)
        pool.agenda.at(begins_s + fault.lasts_s, self._end, None)
        lease_s = pool.settings.timers.lease_s
        if fault.kind is not FaultKind.HOST_DIES and fault.lasts_s > lease_s:
            pool.agenda.at(begins_s + lease_s, self._lapse, None)

    def _begin(self, _: object) -> None:
        pool = self._pool
        match self._fault.kind:
            case FaultKind.HOST_DIES:
                pool.keepers.die(self._machine)
                pool.gaps.note(self._machine, pool.agenda.now_s)
            case FaultKind.SHEPHERD_DEAD:
                pool.switching.stopped = True
            case FaultKind.COLLECTOR_SILENT:
                pool.seen.silent_since_s = pool.agenda.now_s

    def _end(self, _: object) -> None:
        pool = self._pool
        match self._fault.kind:
            case FaultKind.HOST_DIES:
                pool.keepers.revive(self._machine)
                return
            case FaultKind.SHEPHERD_DEAD:
                pool.switching.stopped = False
            case FaultKind.COLLECTOR_SILENT:
                pool.seen.silent_since_s = None
        pool.switching.follow(list(pool.switching.records))

    def _lapse(self, _: object) -> None:
        for machine in self._pool.machines:
            self._pool.keepers.lapse(machine)


def _victim(pool: LoadedPool, fault: SimulatedFault) -> Machine:
    """The host that dies; the first if none is named, or needed. Raises UsageError."""
    machine = pool.by_host.get(fault.host) if fault.host is not None else pool.machines[0]
    if machine is None:
        names = f"{pool.machines[0].host} to {pool.machines[-1].host}"
        raise UsageError(f"there is no host {fault.host} to die; there are {names}")
    return machine
