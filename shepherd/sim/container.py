"""The flock container: PID 1 that holds the host lock, and everything that dies with it."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

from shepherd.model.host import LeaseId
from shepherd.ports_node import NodeFile
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


class Word(enum.Enum):
    """What the control file says first."""

    WAIT = "wait"
    GO = "go"
    LEAVE = "leave"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Control:
    """The control file as PID 1 reads it."""

    word: Word
    until_boottime_s: float
    graceful_s: float
    fast_s: float


def read_control(text: str | None, lease: LeaseId) -> Control | None:
    """The control file if it is about `lease`."""
    entries = dict(line.split("=", 1) for line in (text or "").splitlines())
    if entries.get("lease") != lease:
        return None
    return Control(
        word=Word(entries["phase"]),
        until_boottime_s=float(entries["until_boottime_s"]),
        graceful_s=float(entries["graceful_s"]),
        fast_s=float(entries["fast_s"]),
    )


class Pid1(Process):
    """PID 1 of the container. Its death is the death of everything in it, by the kernel."""

    def __init__(self, host: Host, lease: LeaseId, go_wait_s: float) -> None:
        super().__init__(host.events, f"PID 1 of {host.flock_name}")
        self.ident = f"container-{self.pid}"
        self.host = host
        self.lease = lease
        self.has_lock = False
        self.is_frozen = self.is_set_aside = False
        self.flock: FlockSide | None = None
        self._control: Control | None = None
        self._started_s = host.events.now_s
        self.started_boottime_s = host.boottime_s()
        self._go_wait_s = go_wait_s
        self._go_until_s = 0.0
        self._rung_until_s: float | None = None
        """The deadline of the present rung of the ladder, once it leaves."""
        self._fast = False
        self._planned_s: float | None = None
        self.on_death.append(self._kernel)
        self.after(0.0, self._wait)

    @property
    def guests_alive(self) -> bool:
        """Whether anything but PID 1 may live in the container."""
        return self.flock is not None and self.flock.lives

    def poke(self) -> None:
        """The control file changed: noticed at the next poll."""
        self.after(CONTROL_POLL_S, self._consider)

    def freeze(self) -> None:
        """By its cgroup: nothing of it runs until it is killed."""
        self.is_frozen = True
        for process in (self, *((self.flock.master, self.flock.startd) if self.flock else ())):
            process.stop()

    def cont(self) -> None:
        """SIGCONT thaws nothing."""
        if not self.is_frozen:
            super().cont()

    def terminate(self) -> None:
        """SIGTERM to PID 1."""
        self.after(0.0, self._leave)

    def _wait(self) -> None:
        if self._phase() is Word.LEAVE:
            self.kill()
        elif self._control is not None and self.host.lock.try_take(self):
            self.has_lock = True
            self._go_until_s = self.host.events.now_s + self._go_wait_s
            self.host.lock_changed()
            self._consider()
        else:
            self.after(LOCK_POLL_S, self._wait)

    def _phase(self) -> Word:
        """What the control file for this lease says; a vanished one says what it said last, until then."""
        written = self.host.run_dir.read(NodeFile.CONTROL)
        self._control = control = read_control(written, self.lease) or self._control
        if control is None:
            silent_s = self.host.events.now_s - self._started_s
            return Word.LEAVE if silent_s > CONTROL_WAIT_S else Word.WAIT
        lapsed = self.host.boottime_s() >= control.until_boottime_s
        return Word.LEAVE if lapsed else control.word

    def _consider(self) -> None:
        """Holding the lock: look at control and deadlines, then plan the next look."""
        if not self.has_lock:
            return
        now_s, phase = self.host.events.now_s, self._phase()
        if self._rung_until_s is not None:
            self._climb(self._rung_until_s)
        elif phase is Word.LEAVE:
            self._leave()
        elif self.flock is None and phase is Word.GO:
            self.flock = FlockSide(self.host, self.lease, self.ident, lambda: self.after(REAP_S, self.kill))
        elif self.flock is None and now_s >= self._go_until_s:
            self.kill()
        self._plan()

    def _leave(self) -> None:
        if self.flock is None:
            self.kill()
        elif self._rung_until_s is None:
            graceful_s = self._control.graceful_s if self._control else 0.0
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
        self._rung_until_s = now_s + (self._control.fast_s if self._control else 0.0)
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

    def pids(self) -> set[int]:
        """Processes in the container's cgroup."""
        own = {self.pid} if self.alive else set()
        return own | ({self.flock.guest_pid} if self.flock is not None and self.guests_alive else set())

    def zap(self) -> None:
        """Every process but PID 1 is killed."""
        if self.flock is not None:
            self.flock.zap()

    def _kernel(self) -> None:
        """The kernel kills the whole pid namespace, a little after it has freed the lock."""
        self.host.events.after(ZAP_S, self.zap)
