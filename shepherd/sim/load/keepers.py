"""What happens on the hosts in a switch: keeper, container and both startds, by measured times."""

from __future__ import annotations

from collections.abc import Callable

from shepherd.model.host import LeaseId
from shepherd.model.observation import KeeperPhase
from shepherd.model.orders import StepKind
from shepherd.model.settings import TimerSettings
from shepherd.sim.load import switch_times as times
from shepherd.sim.load.agenda import Agenda
from shepherd.sim.load.guest_jobs import GuestJobs
from shepherd.sim.load.local_pool import LocalPool
from shepherd.sim.load.machine import Machine
from shepherd.sim.load.pace import USUAL, Pace


class Keepers:
    """Carries out steps on hosts, and whatever follows from them by itself."""

    def __init__(
        self, agenda: Agenda, local: LocalPool, guests: GuestJobs, timers: TimerSettings, pace: Pace = USUAL
    ) -> None:
        self.agenda = agenda
        self.leaves_took_s: list[float] = []
        """Of each reclaim, from the end's beginning to a regular startd that accepts work."""
        self.unserved_s: list[float] = []
        """Of each lend, from the drain to a flocking startd that serves: nobody of the host accepts work."""
        self._closed_s: dict[int, float] = {}
        self._pace = pace
        self._local = local
        self._guests = guests
        self._timers = timers

    def takes(self, machine: Machine, step: StepKind) -> float:
        """After so many seconds a step has its effect."""
        by_page = step in {StepKind.GRANT, StepKind.GO, StepKind.REVOKE, StepKind.FORGET}
        return times.PUBLISH_S if by_page else machine.dice.uniform(*times.TOOL_S)

    def carry_out(self, machine: Machine, step: StepKind, lease: LeaseId) -> str:
        """The effect. Returns why the other side refused, or the empty string."""
        match step:
            case StepKind.GRANT:
                machine.granted = lease
                self._later(machine, (0.0, self._pace.poll_local_s), lambda: self._arm(machine, lease))
            case StepKind.DRAIN:
                return self._drain(machine, lease)
            case StepKind.RESTART:
                self._restart(machine, lease)
            case StepKind.UNDRAIN:
                self._undrain(machine, lease)
            case StepKind.REVOKE:
                machine.granted = None
                self._later(machine, (0.0, self._pace.arm_poll_s), lambda: self._disarm(machine, lease))
            case StepKind.OFF_GRACEFUL:
                self.leave(machine, lease)
            case StepKind.GO | StepKind.OFF_FAST | StepKind.FORGET:
                pass
        return ""

    def leave(self, machine: Machine, lease: LeaseId) -> None:
        """The way home of a serving host: guests are told, the container ends, the regular startd comes back."""
        if machine.lease != lease or machine.phase is not KeeperPhase.FLOCKING:
            return
        machine.phase = KeeperPhase.LEAVING
        began_s = self.agenda.now_s
        notice_s = self._guests.closes(machine, self._timers.graceful_s)
        ends_s = notice_s + machine.dice.uniform(*times.CONTAINER_ENDS_S)
        self._later(machine, (ends_s, ends_s), lambda: self._container_gone(machine, began_s))

    def lapse(self, machine: Machine) -> None:
        """Its lease has not been renewed for as long as it lasts."""
        if machine.lease is not None:
            self._disarm(machine, machine.lease)
        if machine.lease is not None:
            self.leave(machine, machine.lease)

    def die(self, machine: Machine) -> None:
        """Power is lost: with it the jobs of whoever had the host."""
        if machine.flock_since_s is not None:
            self._guests.closes(machine, 0.0)
        if machine.accepts_local:
            self._local.closes(machine)
            self._local.lose(machine)
        machine.alive, machine.regular = False, False
        machine.draining, machine.drained = None, False
        machine.lease, machine.phase, machine.flock_since_s = None, KeeperPhase.IDLE, None

    def revive(self, machine: Machine) -> None:
        """Power is back."""
        machine.boots += 1
        machine.alive = True
        self._later(machine, (times.BOOT_S, times.BOOT_S), lambda: self._regular_back(machine))

    def _later(self, machine: Machine, within_s: tuple[float, float], act: Callable[[], None]) -> None:
        """Unless the host is dead by then, or was."""

        def unless_dead(boots: int) -> None:
            if machine.alive and machine.boots == boots:
                act()

        self.agenda.after(machine.dice.uniform(*within_s), unless_dead, machine.boots)

    def _arm(self, machine: Machine, lease: LeaseId) -> None:
        if machine.lease is None and machine.phase is KeeperPhase.IDLE and machine.granted == lease:
            machine.lease, machine.phase = lease, KeeperPhase.PREPARING
            self._later(machine, times.ARM_S, lambda: self._armed(machine, lease))

    def _armed(self, machine: Machine, lease: LeaseId) -> None:
        if machine.lease == lease and machine.phase is KeeperPhase.PREPARING:
            machine.phase = KeeperPhase.ARMED
            machine.changed(machine)

    def _disarm(self, machine: Machine, lease: LeaseId) -> None:
        """A container that waits is removed."""
        if machine.lease == lease and machine.phase in {KeeperPhase.PREPARING, KeeperPhase.ARMED}:
            machine.lease, machine.phase = None, KeeperPhase.IDLE
            machine.changed(machine)

    def _drain(self, machine: Machine, lease: LeaseId) -> str:
        """`condor_drain -check idle`: asked and taken in one."""
        if not machine.accepts_local:
            return "no startd"
        if machine.claims:
            return "a slot is busy"
        self._local.closes(machine)
        machine.draining = lease
        self._closed_s[machine.index] = self.agenda.now_s
        self._later(machine, times.DRAINED_S, lambda: self._drained(machine, lease))
        return ""

    def _drained(self, machine: Machine, lease: LeaseId) -> None:
        if machine.draining == lease:
            machine.drained = True
            machine.changed(machine)

    def _undrain(self, machine: Machine, lease: LeaseId) -> None:
        if machine.draining == lease and machine.regular:
            machine.draining, machine.drained = None, False
            self._local.opens(machine)
            machine.changed(machine)

    def _restart(self, machine: Machine, lease: LeaseId) -> None:
        """The regular startd ends; PID 1 has the lock, or the guard if no container waits."""
        if machine.draining != lease or not machine.regular:
            return
        machine.regular, machine.draining, machine.drained = False, None, False
        if machine.lease == lease and machine.phase is KeeperPhase.ARMED:
            machine.phase = KeeperPhase.FLOCKING
            self._later(machine, times.HANDOVER_S, lambda: self._serve(machine, lease))
        else:
            self._later(machine, times.REGULAR_BACK_S, lambda: self._regular_back(machine))
        machine.changed(machine)

    def _serve(self, machine: Machine, lease: LeaseId) -> None:
        if machine.lease == lease and machine.phase is KeeperPhase.FLOCKING:
            machine.flock_since_s = self.agenda.now_s
            self.unserved_s.append(self.agenda.now_s - self._closed_s[machine.index])
            self._guests.opens(machine)
            machine.changed(machine)

    def _container_gone(self, machine: Machine, began_s: float) -> None:
        machine.lease, machine.phase = None, KeeperPhase.IDLE
        machine.flock_since_s = None
        machine.changed(machine)
        self._later(machine, times.REGULAR_BACK_S, lambda: self._back_after(machine, began_s))

    def _back_after(self, machine: Machine, began_s: float) -> None:
        self.leaves_took_s.append(self.agenda.now_s - began_s)
        self._regular_back(machine)

    def _regular_back(self, machine: Machine) -> None:
        now = self.agenda.now_s
        machine.regular, machine.regular_since_s, machine.idle_since_s = True, now, now
        self._local.opens(machine)
        machine.changed(machine)
