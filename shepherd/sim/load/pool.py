"""One simulated pool: hosts, both negotiators, keepers, the switch, and whoever decides."""

from __future__ import annotations

import random

from shepherd.model.host import HostName, HostPair
from shepherd.model.orders import SwitchRecord
from shepherd.model.settings import FlockSettings, HomeSettings, PolicySettings, Settings, TimerSettings
from shepherd.model.simulated import Instant
from shepherd.model.workload import Workload
from shepherd.sim.load.agenda import BEGIN_S, Agenda
from shepherd.sim.load.guest_jobs import GuestJobs
from shepherd.sim.load.idle_gaps import IdleGaps
from shepherd.sim.load.keepers import Keepers
from shepherd.sim.load.local_pool import LocalPool
from shepherd.sim.load.machine import Machine
from shepherd.sim.load.pace import USUAL, Pace
from shepherd.sim.load.seen import Seen, by_host
from shepherd.sim.load.switching import Switching

SAMPLE_S = 300.0
IMAGE = "sha256:" + "5" * 64


def simulated_settings(policy: PolicySettings, timers: TimerSettings) -> Settings:
    """Settings of a pool that does not exist."""
    return Settings(
        home=HomeSettings(name="simulated", schedds=("cm",), schedd_identities=("condor@family",)),
        flock=FlockSettings(collector="flock", image=IMAGE),
        policy=policy,
        timers=timers,
    )


class LoadedPool:
    """A pool under a workload. `decider` is entered by whoever builds it."""

    def __init__(self, workload: Workload, settings: Settings, seed: int, pace: Pace = USUAL) -> None:
        self.agenda = Agenda()
        self.workload = workload
        self.settings = settings
        self.machines = [self._machine(number, seed) for number in range(len(workload.hosts))]
        self.local = LocalPool(self.agenda, self.machines, workload.jobs, pace)
        self.guests = GuestJobs(self.agenda, workload.guests, seed, pace)
        self.seen = Seen(self.machines, self.local, settings.timers.ad_period_s)
        self.keepers = Keepers(self.agenda, self.local, self.guests, settings.timers, pace)
        self.by_host = by_host(self.machines)
        self.switching = Switching(
            self.agenda, settings, self.seen, self.keepers, self.by_host, on_grant=self._granted
        )
        self.gaps = IdleGaps(self.machines)
        self.reserve_violations = 0
        self._is_over = False
        self.switches = (0, 0)
        """Lends and reclaims by the end of the workload's time."""
        self.course: list[Instant] = []
        self.seen.look(self.agenda.now_s, all_of_them=True)
        self.agenda.after(0.0, self._sample, None)

    def ended(self) -> None:
        """The workload's time is over."""
        self.switches = (self.switching.lends, self.switching.reclaims)
        self._is_over = True

    def _machine(self, number: int, seed: int) -> Machine:
        name = f"{number:04}"
        return Machine(
            index=number,
            pair=HostPair(host=HostName(f"p{name}"), flock_name=f"f{name}"),
            has=self.workload.hosts[number],
            dice=random.Random(f"{seed} host {number}"),
            changed=self._changed,
            now_s=lambda: self.agenda.now_s,
            idle_since_s=BEGIN_S,
            regular_since_s=BEGIN_S,
        )

    def _changed(self, machine: Machine) -> None:
        now = self.agenda.now_s
        self.seen.note(machine, now)
        self.gaps.note(machine, now)
        if machine.host in self.switching.records:
            self.switching.noticed(machine)

    def _granted(self, _: SwitchRecord) -> None:
        """Count grants that leave the local herd less than its reserve."""
        out = self.switching.records
        usable = sum(machine.has.cpus for machine in self.machines if machine.alive)
        local = sum(m.has.cpus for m in self.machines if m.alive and m.host not in out)
        self.reserve_violations += local < self.settings.policy.reserve * usable

    def _sample(self, _: object) -> None:
        if self._is_over:
            return
        self.agenda.after(SAMPLE_S, self._sample, None)
        self.course.append(
            Instant(
                at_s=self.agenda.now_s - BEGIN_S,
                local_cpus_busy=self.local.busy_cpus,
                guest_cpus_busy=self.guests.busy_cpus,
                lent_hosts=sum(1 for machine in self.machines if machine.flock_since_s is not None),
                idle_jobs=self.local.idle_jobs,
            )
        )
