"""Which host the home negotiator takes for a job.

By NEGOTIATOR_PRE_JOB_RANK as HTCondor ships it: of the partitionable slots that fit, the one with the fewest free
cpus, then the least free memory. So jobs gather on hosts that work already, and others stay wholly idle.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

from shepherd.model.demand import Resources
from shepherd.model.workload import GuestLoad
from shepherd.sim.load.machine import Machine


class FreeSlots:
    """Hosts that accept local jobs, by what is free on them."""

    def __init__(self, machines: Sequence[Machine]) -> None:
        self._machines = machines
        most = max(machine.has.cpus for machine in machines)
        self._by_cpus: list[list[tuple[int, int]]] = [[] for _ in range(most + 1)]
        """Free cpus: (free memory, host's number), ascending."""

    def add(self, machine: Machine) -> None:
        """A host whose free resources have changed, after it was removed; or one that accepts jobs now."""
        insort(self._by_cpus[machine.cpus], (machine.memory_mib, machine.index))

    def remove(self, machine: Machine) -> None:
        """Before its free resources change."""
        entry = (machine.memory_mib, machine.index)
        row = self._by_cpus[machine.cpus]
        at = bisect_left(row, entry)
        if at < len(row) and row[at] == entry:
            del row[at]

    def find(self, shape: Resources) -> Machine | None:
        """The host for a job, or None."""
        machines = self._machines
        least = (shape.memory_mib, -1)
        for row in self._by_cpus[shape.cpus :]:
            if row:
                for at in range(bisect_left(row, least), len(row)):
                    machine = machines[row[at][1]]
                    if machine.disk_kib >= shape.disk_kib and machine.gpus >= shape.gpus:
                        return machine
        return None


def can_hold(has: Resources, request: Resources) -> bool:
    """Whether a host with these could run a job that asks for `request` if it had no other."""
    return (
        request.cpus <= has.cpus
        and request.memory_mib <= has.memory_mib
        and request.disk_kib <= has.disk_kib
        and request.gpus <= has.gpus
    )


def how_many(has: Resources, request: Resources) -> int:
    """So many jobs that ask for `request` a host with these could run at once."""
    asked = [(have, ask) for have, ask in zip(has, request, strict=True) if ask > 0]
    return min((have // ask for have, ask in asked), default=0)


def fair_guests(hosts: Iterable[Resources]) -> GuestLoad:
    """Guests whose jobs have one cpu, and of the rest what a host has for one: 2 GiB and 1 GiB of disk at most."""
    usual = GuestLoad().shapes[0][0]
    alike = set(hosts)
    memory_mib = min(usual.memory_mib, *(has.memory_mib // has.cpus for has in alike if has.cpus))
    disk_kib = min(usual.disk_kib, *(has.disk_kib // has.cpus for has in alike if has.cpus))
    return GuestLoad(shapes=((Resources(cpus=1, memory_mib=memory_mib, disk_kib=disk_kib), 1.0),))
