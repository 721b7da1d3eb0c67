"""The flock pool's negotiator, and guests that always have one more job."""

from __future__ import annotations

import random
from collections.abc import Sequence

from shepherd.model.demand import Resources
from shepherd.model.workload import GuestLoad
from shepherd.sim.load.agenda import BEGIN_S, Agenda
from shepherd.sim.load.local_pool import CLAIM_WORKLIFE_S, REUSE_S, START_S
from shepherd.sim.load.machine import Claim, Machine
from shepherd.sim.load.pace import USUAL, Pace

AT_ONCE_S = 0.5
"""How long a job lives on that does not heed SIGTERM."""


class GuestJobs:
    """Fills what is lent, and counts what it came to."""

    def __init__(self, agenda: Agenda, load: GuestLoad, seed: int, pace: Pace = USUAL) -> None:
        self.agenda = agenda
        self.busy_cpus = 0
        self.given_core_s = 0.0
        self.lost_core_s = 0.0
        self.events = 0
        self._load = load
        self._seed = seed
        self._interval_s = pace.negotiator_interval_s
        self._shapes = sorted(load.shapes, key=lambda one: (-one[0].cpus, -one[0].memory_mib))
        self._dice: dict[int, random.Random] = {}
        self._over = False
        self._open: dict[int, Machine] = {}
        """Hosts with room, by number."""
        self._planned = False

    def opens(self, machine: Machine) -> None:
        """A flocking startd is in the flock pool."""
        self._open[machine.index] = machine
        self._plan()

    def closes(self, machine: Machine, notice_s: float) -> float:
        """Its jobs are told to end, within `notice_s`. Returns after how many seconds the last has."""
        self._open.pop(machine.index, None)
        last_s = 0.0
        for claim in list(machine.claims):
            last_s = max(last_s, self._told(claim, notice_s))
        self.busy_cpus -= sum(claim.shape.cpus for claim in machine.claims)
        machine.free_all()
        return last_s

    def finish(self, machines: Sequence[Machine]) -> None:
        """The time that counts is over: what runs has been given, and nobody has lost it."""
        for machine in machines:
            for claim in machine.claims if machine.flock_since_s is not None else ():
                self._account(claim, self.agenda.now_s, lost=False)
        self._over = True

    def _told(self, claim: Claim, notice_s: float) -> float:
        """One job is told to end. Whoever is done within what it takes anyway loses nothing."""
        now = self.agenda.now_s
        claim.over = True
        heeds = self._dice_of(claim.machine).random() < self._load.heeding
        left_s = claim.started_s + claim.run_s - now
        stays_s = notice_s if heeds else min(AT_ONCE_S, notice_s)
        self.events += 1
        self._account(claim, now + min(left_s, stays_s), lost=left_s > stays_s)
        return max(min(left_s, stays_s), 0.0)

    def _account(self, claim: Claim, until_s: float, *, lost: bool) -> None:
        if self._over:
            return
        ran_s = max(0.0, until_s - claim.started_s) * claim.shape.cpus
        self.given_core_s += ran_s
        if lost:
            self.lost_core_s += ran_s

    def _plan(self) -> None:
        """The negotiator does not know of new slots: it comes at its interval."""
        if not self._planned and self._open:
            self._planned = True
            past_s = (self.agenda.now_s - BEGIN_S) % self._interval_s
            self.agenda.after(self._interval_s - past_s, self._negotiate, None)

    def _negotiate(self, _: object) -> None:
        self._planned = False
        machines, self._open = list(self._open.values()), {}
        for machine in machines:
            self._fill(machine)

    def _fill(self, machine: Machine) -> None:
        while (shape := self._pick(machine)) is not None:
            claim = Claim(machine, shape, self.agenda.now_s)
            machine.take(claim)
            self.busy_cpus += shape.cpus
            self._start(claim, self.agenda.now_s + START_S)

    def _pick(self, machine: Machine) -> Resources | None:
        able = [one for one in self._shapes if machine.fits(one[0])]
        if len(able) <= 1:
            return able[0][0] if able else None
        shapes, weights = zip(*able, strict=True)
        chosen: Resources = self._dice_of(machine).choices(shapes, weights)[0]
        return chosen

    def _start(self, claim: Claim, at_s: float) -> None:
        dice, load = self._dice_of(claim.machine), self._load
        run_s = min(load.longest_s, load.median_s * dice.lognormvariate(0.0, load.sigma))
        claim.started_s, claim.run_s = at_s, run_s
        self.events += 1
        self.agenda.at(at_s + run_s, self._end, claim)

    def _end(self, claim: Claim) -> None:
        if claim.over:
            return
        self.events += 1
        now = self.agenda.now_s
        self._account(claim, now, lost=False)
        if now - claim.since_s < CLAIM_WORKLIFE_S:
            self._start(claim, now + REUSE_S)
            return
        self.busy_cpus -= claim.shape.cpus
        claim.machine.give_back(claim)
        self.opens(claim.machine)

    def _dice_of(self, machine: Machine) -> random.Random:
        """A host's own, so that what is decided elsewhere changes no job here."""
        dice = self._dice.get(machine.index)
        if dice is None:
            dice = self._dice[machine.index] = random.Random(f"{self._seed} guests {machine.index}")
        return dice

