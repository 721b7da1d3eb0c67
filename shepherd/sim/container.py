"""The flock container: PID 1 that holds the host lock, and everything that dies with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shepherd.core.keeper.control import Control, ControlPhase
from shepherd.model.host import LeaseId
from shepherd.sim.events import Process
from shepherd.sim.flock import FlockSide

if TYPE_CHECKING:
    from shepherd.sim.host import Host

LOCK_POLL_S = 0.05
"""PID 1 asks for the lock this often while it waits."""
CONTROL_POLL_S = 0.25
"""How soon PID 1 notices a changed control file."""
CONTROL_WAIT_S = 30.0
"""How long PID 1 waits for a first control file."""
REAP_S = 0.01
"""From the master's end to PID 1's."""
ZAP_S = 0.002
"""The kernel frees a dying PID 1's lock this long before the rest of its pid namespace is dead: measured
0.3 to 2.7 ms."""


class Pid1(Process):
    """PID 1 of the container. Its death is the death of everything in it, by the kernel."""

    def __init__(self, host: Host, lease: LeaseId, go_wait_s: float) -> None:
        super().__init__(host.events, f"PID 1 of {host.flock_name}")
        self.host = host
        self.lease = lease
        self.has_lock = False
        self.flock: FlockSide | None = None
        self._control: Control | None = None
        self._started_s = host.events.now_s
        self._go_wait_s = go_wait_s
        self._go_until_s = 0.0
        self._rung_until_s: float | None = None
        """The deadline of the present rung of the ladder, once it leaves."""
        self._fast = False
        self._planned_s: float | None = None
        self.on_death.append(self._zap)
        self.after(0.0, self._wait)

    @property
    def guests_alive(self) -> bool:
        """Whether anything but PID 1 may live in the container."""
        return self.flock is not None and self.flock.lives

    def poke(self) -> None:
        """The control file changed: noticed at the next poll."""
        self.after(CONTROL_POLL_S, self._consider)

    def terminate(self) -> None:
        """SIGTERM to PID 1."""
        self.after(0.0, self._leave)

    def _wait(self) -> None:
        if self._phase() is ControlPhase.LEAVE:
            self.kill()
        elif self._control is not None and self.host.lock.try_take(self):
            self.has_lock = True
            self._go_until_s = self.host.events.now_s + self._go_wait_s
            self.host.lock_changed()
            self._consider()
        else:
            self.after(LOCK_POLL_S, self._wait)

    def _phase(self) -> ControlPhase:
        """What the control file for this lease says; a vanished one says what it said last, until then."""
        written = self.host.control
        if written is not None and written.lease.lease == self.lease:
            self._control = written
        control = self._control
        if control is None:
            silent_s = self.host.events.now_s - self._started_s
            return ControlPhase.LEAVE if silent_s > CONTROL_WAIT_S else ControlPhase.WAIT
        lapsed = self.host.boottime_s() >= control.until_boottime_s
        return ControlPhase.LEAVE if lapsed else control.phase

    def _consider(self) -> None:
        """Holding the lock: look at control and deadlines, then plan the next look."""
        if not self.has_lock:
            return
        now_s, phase = self.host.events.now_s, self._phase()
        if self._rung_until_s is not None:
            self._climb(self._rung_until_s)
        elif phase is ControlPhase.LEAVE:
            self._leave()
        elif self.flock is None and phase is ControlPhase.GO:
            self.flock = FlockSide(self.host, lambda: self.after(REAP_S, self.kill))
        elif self.flock is None and now_s >= self._go_until_s:
            self.kill()
        self._plan()

    def _leave(self) -> None:
        if self.flock is None:
            self.kill()
        elif self._rung_until_s is None:
            graceful_s = self._control.lease.ladder.graceful_s if self._control else 0.0
            self._rung_until_s = self.host.events.now_s + graceful_s
            self.flock.graceful()
            self._plan()

    def _climb(self, deadline_s: float) -> None:
        now_s = self.host.events.now_s
        if now_s < deadline_s or self.flock is None:
            return
        if self._fast:
            self.kill()
            return
        self._fast = True
        self._rung_until_s = now_s + (self._control.lease.ladder.fast_s if self._control else 0.0)
        self.flock.fast()

    def _plan(self) -> None:
        """Look again at the next deadline that is known."""
        now_s = self.host.events.now_s
        next_s = self._next_deadline_s(now_s)
        if self._planned_s is None or self._planned_s <= now_s or next_s < self._planned_s:
            self._planned_s = next_s
            self.after(max(next_s - now_s, 0.001), self._consider)

    def _next_deadline_s(self, now_s: float) -> float:
        if self._rung_until_s is not None:
            return self._rung_until_s
        until_s = self._control.until_boottime_s if self._control else 0.0
        lapse_s = now_s + until_s - self.host.boottime_s()
        return lapse_s if self.flock else min(lapse_s, self._go_until_s)

    def _zap(self) -> None:
        """The kernel kills the whole pid namespace, a little after it has freed the lock."""
        if self.flock is not None:
            self.host.events.after(ZAP_S, self.flock.zap)
