"""The flock pool's negotiator, and what guests' jobs come to on hosts that are lent."""

from __future__ import annotations

import random
from collections.abc import Sequence

from shepherd.model.workload import GuestJob, GuestLoad
from shepherd.sim.load.agenda import BEGIN_S, Agenda
from shepherd.sim.load.guest_users import EndlessJobs, GuestUser, ListedJobs
from shepherd.sim.load.local_pool import CLAIM_WORKLIFE_S, REUSE_S, START_S
from shepherd.sim.load.machine import Claim, Machine
from shepherd.sim.load.pace import USUAL, Pace

AT_ONCE_S = 0.5
"""How long a job lives on that does not heed SIGTERM."""


class GuestClaim(Claim):
    """A slot of a guest's job."""

    __slots__ = ("job", "user")

    def __init__(self, machine: Machine, user: GuestUser, job: GuestJob, since_s: float) -> None:
        super().__init__(machine, job.shape, since_s)
        self.user = user
        self.guest = user.name
        self.begin(job, since_s)

    def begin(self, job: GuestJob, at_s: float) -> None:
        """Its next job starts."""
        self.job = job
        self.started_s = at_s
        self.limit_s = job.limit_s


class GuestJobs:
    """Fills what is lent, and counts what it came to."""

    def __init__(self, agenda: Agenda, loads: Sequence[GuestLoad], seed: int, pace: Pace = USUAL) -> None:
        self.agenda = agenda
        self.busy_cpus = 0
        self.events = 0
        self.users: list[GuestUser] = []
        self._seed = seed
        self._interval_s = pace.negotiator_interval_s
        self._dice: dict[int, random.Random] = {}
        self._over = False
        self._open: dict[int, Machine] = {}
        """Hosts with room, by number."""
        self._planned = False
        self._come_later = any(load.jobs is not None for load in loads)
        for load in loads:
            self._enter(load)

    @property
    def given_core_s(self) -> float:
        """What all guests' jobs have run."""
        return sum(user.given_core_s for user in self.users)

    @property
    def lost_core_s(self) -> float:
        """Of that, what was thrown away."""
        return sum(user.lost_core_s for user in self.users)

    def opens(self, machine: Machine) -> None:
        """A flocking startd is in the flock pool."""
        self._open[machine.index] = machine
        self._plan()

    def closes(self, machine: Machine, notice_s: float) -> float:
        """Its jobs are told to end, within `notice_s`. Returns after how many seconds the last has."""
        self._open.pop(machine.index, None)
        last_s = 0.0
        for claim in list(machine.claims):
            if isinstance(claim, GuestClaim):
                last_s = max(last_s, self._told(claim, notice_s))
                self._count(claim, -1)
        machine.free_all()
        return last_s

    def finish(self, machines: Sequence[Machine]) -> None:
        """The time that counts is over: what runs has been given, and nobody has lost it."""
        for machine in machines:
            for claim in machine.claims:
                if isinstance(claim, GuestClaim):
                    self._account(claim, self.agenda.now_s, lost=False)
        self._over = True

    def _enter(self, load: GuestLoad) -> None:
        if load.jobs is None:
            self.users.append(GuestUser(load.name, EndlessJobs(load)))
            return
        listed = ListedJobs()
        self.users.append(GuestUser(load.name, listed))

        def submitted(job: GuestJob) -> None:
            self.events += 1
            listed.submit(job)
            self._plan()

        for job in load.jobs:
            self.agenda.at(BEGIN_S + job.submit_s, submitted, job)

    def _told(self, claim: GuestClaim, notice_s: float) -> float:
        """One job is told to end. Whoever is done within what it takes anyway loses nothing."""
        now, job, user = self.agenda.now_s, claim.job, claim.user
        claim.over = True
        left_s = claim.started_s + job.run_s - now
        stays_s = notice_s if user.jobs.heeds(job, self._dice_of(claim.machine)) else min(AT_ONCE_S, notice_s)
        lost = left_s > stays_s
        self.events += 1
        self._account(claim, now + min(left_s, stays_s), lost=lost)
        if lost:
            user.evicted += 1
            user.jobs.give_back(job)
        else:
            user.completed += 1
        return max(min(left_s, stays_s), 0.0)

    def _account(self, claim: GuestClaim, until_s: float, *, lost: bool) -> None:
        if self._over:
            return
        ran_s = max(0.0, until_s - claim.started_s) * claim.shape.cpus
        claim.user.given_core_s += ran_s
        if lost:
            claim.user.lost_core_s += ran_s

    def _count(self, claim: GuestClaim, sign: int) -> None:
        self.busy_cpus += sign * claim.shape.cpus
        claim.user.running_cpus += sign * claim.shape.cpus

    def _plan(self) -> None:
        """The negotiator does not know of new slots: it comes at its interval."""
        if not self._planned and self._open:
            self._planned = True
            past_s = (self.agenda.now_s - BEGIN_S) % self._interval_s
            self.agenda.after(self._interval_s - past_s, self._negotiate, None)

    def _negotiate(self, _: object) -> None:
        self._planned = False
        machines = sorted(self._open.values(), key=lambda machine: (machine.flock_since_s or 0.0, machine.index))
        if not self._come_later:
            self._open = {}
        for machine in machines:
            self._fill(machine)

    def _fill(self, machine: Machine) -> None:
        while self._claimed(machine):
            pass

    def _claimed(self, machine: Machine) -> bool:
        """Whether somebody has taken some of it: of those who have a job for it whoever runs least."""
        dice = self._dice_of(machine)
        for user in sorted(self.users, key=lambda user: user.running_cpus):
            shape = user.jobs.shape_for(machine, dice)
            job = None if shape is None else user.jobs.take(machine, shape, dice)
            if job is not None:
                claim = GuestClaim(machine, user, job, self.agenda.now_s)
                machine.take(claim)
                self._count(claim, 1)
                self._start(claim, job, self.agenda.now_s + START_S)
                return True
        return False

    def _start(self, claim: GuestClaim, job: GuestJob, at_s: float) -> None:
        claim.begin(job, at_s)
        self.events += 1
        self.agenda.at(at_s + job.run_s, self._end, claim)

    def _end(self, claim: GuestClaim) -> None:
        if claim.over:
            return
        self.events += 1
        now, user = self.agenda.now_s, claim.user
        self._account(claim, now, lost=False)
        user.completed += 1
        if now - claim.since_s < CLAIM_WORKLIFE_S:
            job = user.jobs.follow(claim.job, claim.machine, self._dice_of(claim.machine))
            if job is not None:
                self._start(claim, job, now + REUSE_S)
                return
        self._count(claim, -1)
        claim.machine.give_back(claim)
        self.opens(claim.machine)

    def _dice_of(self, machine: Machine) -> random.Random:
        """A host's own, so that what is decided elsewhere changes no job here."""
        dice = self._dice.get(machine.index)
        if dice is None:
            dice = self._dice[machine.index] = random.Random(f"{self._seed} guests {machine.index}")
        return dice
