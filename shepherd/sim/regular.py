"""A host's regular side: the master that never gives up, the guard that waits, the startd it becomes."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from shepherd.core.demand.fit import times
from shepherd.model.demand import NOTHING, Resources
from shepherd.model.observation import RegularMaster, RegularStartd
from shepherd.sim.events import Process
from shepherd.sim.jobs import Job

if TYPE_CHECKING:
    from shepherd.sim.host import Host

BACKOFF_S = 5.0
"""MASTER_STARTD_BACKOFF_CONSTANT = 4, _FACTOR = 1.0: measured 5 s each time."""
DRAIN_S = 1.05
"""From an accepted drain of an idle startd to Drained: measured 1.0 to 1.1 s."""
FIRST_AD_S = 1.5
"""From exec to the first ad in the collector: measured 1.5 to 1.7 s."""
MEMORY_MIB = 1024
"""Of each slot."""
FENCE_S = 0.01
"""The guard looks again this often whether anything of the container lives."""


class Leaving(enum.Enum):
    """Why a startd exits."""

    ORDERED = "ordered"
    """By the shepherd or the keeper: no local job may be lost by it."""
    HUMAN = "human"
    FAULT = "fault"


class Startd(Process):
    """Starts as the guard; becomes condor_startd, the same process, when it has the lock."""

    def __init__(self, host: Host) -> None:
        super().__init__(host.events, f"startd of {host.name}")
        self.host = host
        self.serving = False
        """It is condor_startd, no longer the guard."""
        self.started_s = 0.0
        self.jobs: dict[Job, int] = {}
        self.pinned_slots = 0
        """Claimed/Idle, or matched: busy without a job."""
        self.draining = False
        self.drained = False
        self.reason = ""
        self.restart_when_drained = False
        self._idle_s = 0.0
        self._starts = 0
        self.on_death.append(lambda: self._lose_jobs(Leaving.FAULT))
        host.lock.wait(self, self._keep_the_fence)

    @property
    def accepts(self) -> bool:
        """Takes work, or does some."""
        return self.alive and self.serving and (not self.draining or bool(self.jobs))

    @property
    def busy_slots(self) -> int:
        """Slots that the drain check finds not Unclaimed/Idle."""
        return len(self.jobs) + self.pinned_slots

    @property
    def free(self) -> Resources:
        """What is left for jobs."""
        cpus, memory = self.host.slots - self.pinned_slots, MEMORY_MIB * (self.host.slots - self.pinned_slots)
        used = [job.asks for job in self.jobs]
        return Resources(cpus - sum(one.cpus for one in used), memory - sum(one.memory_mib for one in used))

    def accept(self, job: Job) -> bool:
        """A schedd claims a slot and starts its job."""
        reachable = self.host.private_up and self.runs and self.serving
        if not reachable or self.draining or self.host.refuses_local or not times(job.asks, self.free):
            return False
        self._starts += 1
        self.jobs[job] = self._starts
        run = self._starts
        self.after(job.length_s, lambda: self._finish(job, run))
        self.host.meter.job_on_regular(self.host.name, job)
        self.advertise()
        return True

    def drain(self, reason: str, *, check_idle: bool, restart: bool) -> str:
        """condor_drain. Empty, or why not."""
        if self.draining:
            return "Draining already in progress"
        if check_idle and self.busy_slots:
            return "The check expression failed: a slot is busy"
        self.draining, self.reason, self.restart_when_drained = True, reason, restart
        self.after(DRAIN_S, self._see_drained)
        self.advertise()
        return ""

    def undrain(self) -> None:
        """condor_drain -cancel."""
        self.draining = self.drained = self.restart_when_drained = False
        self.reason = ""
        self.advertise()

    def leave(self, why: Leaving, *, delay_s: float = 0.025) -> None:
        """Exit in order: say goodbye to the collector, jobs go back to the queue."""

        def exit_() -> None:
            if why is Leaving.ORDERED and not self.drained:
                self.host.meter.restarted_undrained(self.host.name)
            self._lose_jobs(why)
            if self.serving:
                self.host.send(lambda: self.host.pool.regular.drop(self.host.name))
            self.kill()

        self.after(delay_s, exit_)

    def advertise(self) -> None:
        """Send the slot ads, if the collector can be reached."""
        if self.serving and self.alive:
            self.host.send(lambda: self.host.pool.regular.put(self.host.name, self._ad()))

    def _ad(self) -> RegularStartd:
        host = self.host
        return RegularStartd(
            cpus=host.slots,
            memory_mib=MEMORY_MIB * host.slots,
            gpus=0,
            claimed_slots=self.busy_slots,
            draining=self.draining,
            drained=self.drained,
            drain_reason=self.reason,
            started_at_s=host.site_wall_s(self.started_s),
            heard_at_s=host.site_wall_s(),
            idle_since_s=None if self.busy_slots else host.site_wall_s(self._idle_s),
            free=NOTHING if self.draining else self.free,
        )

    def _keep_the_fence(self) -> None:
        """The guard has the lock: it waits until nothing of the container lives, then it is the startd."""
        if self.host.fenced and self.host.fence_keeps_out():
            self.after(FENCE_S, self._keep_the_fence)
        else:
            self._exec()

    def _exec(self) -> None:
        self.serving = True
        self.started_s = self._idle_s = self._events.now_s
        self.after(FIRST_AD_S, self.advertise)
        self.every(lambda: self.host.tempo.update_s, self._update)

    def _update(self) -> None:
        """restart-on-completion is looked at only here, once an update interval."""
        if self.drained and self.restart_when_drained:
            self.leave(Leaving.ORDERED)
        else:
            self.advertise()

    def _see_drained(self) -> None:
        if self.draining and not self.busy_slots and not self.drained:
            self.drained = True
            self.advertise()

    def _finish(self, job: Job, run: int) -> None:
        if self.jobs.get(job) != run:
            return
        del self.jobs[job]
        self._idle_s = self._events.now_s
        self.host.local_queue.ended(job)
        self.after(DRAIN_S, self._see_drained)
        self.advertise()

    def _lose_jobs(self, why: Leaving) -> None:
        lost, self.jobs = list(self.jobs), {}
        for job in lost:
            self.host.local_queue.lost(job)
            if why is Leaving.ORDERED:
                self.host.meter.evicted(self.host.name, job)


class Master(Process):
    """The regular condor_master: keeps one guard or startd alive unless a human turned it off."""

    def __init__(self, host: Host) -> None:
        super().__init__(host.events, f"master of {host.name}")
        self.host = host
        self.startd: Startd | None = None
        self.off = False
        """condor_off -daemon startd: on hold until condor_on."""
        self.after(0.1, self._start)
        self.after(1.0, self.advertise)
        self.every(lambda: host.tempo.update_s, self.advertise)
        self.on_death.append(self._sweep)

    def advertise(self) -> None:
        """Send the master ad."""
        ad = RegularMaster(startd_off=self.off, heard_at_s=self.host.site_wall_s())
        self.host.send(lambda: self.host.pool.masters.put(self.host.name, ad))

    def turn_off(self) -> None:
        """A human's condor_off -fast -daemon startd."""
        if not self.runs:
            return
        self.off = True
        if self.startd is not None:
            self.startd.leave(Leaving.HUMAN)
        self.after(0.2, self.advertise)

    def turn_on(self) -> None:
        """condor_on."""
        if not self.runs:
            return
        self.off = False
        self._start()
        self.after(0.2, self.advertise)

    def restart(self) -> None:
        """A package upgrade: the master goes through exec, its startd anew. Local jobs of a human's making."""
        if not self.runs:
            return
        if self.startd is not None:
            self.startd.leave(Leaving.HUMAN)

    def _start(self) -> None:
        if self.off or (self.startd is not None and self.startd.alive):
            return
        self.startd = Startd(self.host)
        self.startd.on_death.append(lambda: self.after(BACKOFF_S, self._start))

    def _sweep(self) -> None:
        """KillMode=mixed: systemd kills what a dead master leaves."""
        if self.startd is not None:
            self.startd.kill()
