"""The home pool's schedd and negotiator, for local jobs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from shepherd.model.demand import Resources
from shepherd.model.workload import LocalJob
from shepherd.sim.load.agenda import BEGIN_S, Agenda
from shepherd.sim.load.free_slots import FreeSlots, can_hold
from shepherd.sim.load.machine import Claim, Machine
from shepherd.sim.load.pace import USUAL, Pace

RESCHEDULE_S = 0.5
"""From a submission to the negotiator's start."""
CLAIM_WORKLIFE_S = 1200.0
"""CLAIM_WORKLIFE: how long one claim takes job after job without the negotiator."""
START_S = 1.0
"""From the match to the job's start."""
REUSE_S = 0.2
"""From a job's end to the next one's start in the same claim."""
PRIORITY_HALFLIFE_S = 86400.0


class Group:
    """Jobs of one owner that ask for the same: an autocluster."""

    __slots__ = ("again", "fits", "idle", "owner", "shape")

    def __init__(self, owner: Owner, shape: Resources, *, fits: bool) -> None:
        self.owner = owner
        self.shape = shape
        self.fits = fits
        """Whether any host of the pool could ever run one."""
        self.idle: deque[LocalJob] = deque()
        self.again: deque[LocalJob] = deque()
        """Those that had started, and lost their host."""

    def __len__(self) -> int:
        return len(self.idle) + len(self.again)


class Owner:
    """A submitter, and what the negotiator knows of it."""

    __slots__ = ("groups", "name", "priority", "running_cpus")

    def __init__(self, name: str) -> None:
        self.name = name
        self.groups: dict[Resources, Group] = {}
        self.running_cpus = 0
        self.priority = 0.5
        """Real user priority: what it used, forgotten by half in PRIORITY_HALFLIFE. Smaller is better."""


class LocalClaim(Claim):
    """A slot of a local job."""

    __slots__ = ("group", "job")

    def __init__(self, machine: Machine, group: Group, job: LocalJob, since_s: float) -> None:
        super().__init__(machine, group.shape, since_s)
        self.group = group
        self.job = job


class LocalPool:
    """Local jobs: submitted, matched, run. Knows of hosts what the home collector does."""

    def __init__(
        self, agenda: Agenda, machines: Sequence[Machine], jobs: Sequence[LocalJob], pace: Pace = USUAL
    ) -> None:
        self.agenda = agenda
        self.free = FreeSlots(machines)
        self.owners: dict[str, Owner] = {}
        self.waits: list[float] = []
        """Of jobs that fit some host, in the order of their first starts. Seconds."""
        self.idle_jobs = 0
        self.unfit_jobs = 0
        self.busy_cpus = 0
        self.evicted = 0
        self.events = 0
        self._pace = pace
        self._coming = iter(jobs)
        self._next = next(self._coming, None)
        self._kinds = {machine.has for machine in machines}
        self._cycle_at_s: float | None = None
        self._last_cycle_s = BEGIN_S - pace.negotiator_interval_s
        self._aged_s = BEGIN_S
        self._cpus = sum(machine.has.cpus for machine in machines)
        for machine in machines:
            self.free.add(machine)
        self._plan_submission()

    @property
    def is_done(self) -> bool:
        """Nothing comes any more, and nothing that could start waits."""
        return self._next is None and not any(len(group) for group in self.groups() if group.fits)

    def groups(self) -> Iterator[Group]:
        """All there ever were."""
        for owner in self.owners.values():
            yield from owner.groups.values()

    def still_waiting(self) -> list[float]:
        """Of jobs that fit and have not started: so far. Seconds."""
        now = self.agenda.now_s - BEGIN_S
        return [now - job.submit_s for group in self.groups() if group.fits for job in group.idle]

    def opens(self, machine: Machine) -> None:
        """Its regular startd accepts jobs, from now on. The negotiator learns of it at its next cycle."""
        self.free.add(machine)
        if self.idle_jobs > self.unfit_jobs:
            self._plan_cycle(max(self._last_cycle_s + self._pace.negotiator_interval_s, self.agenda.now_s))

    def closes(self, machine: Machine) -> None:
        """Its regular startd accepts none any more."""
        self.free.remove(machine)

    def lose(self, machine: Machine) -> None:
        """A host died with its jobs: they wait again, first in their rows."""
        for claim in machine.claims:
            if isinstance(claim, LocalClaim):
                self._put_back(claim)
        machine.free_all()
        self._plan_cycle(self.agenda.now_s + RESCHEDULE_S)

    def _put_back(self, claim: LocalClaim) -> None:
        claim.over = True
        claim.group.again.append(claim.job)
        claim.group.owner.running_cpus -= claim.shape.cpus
        self.busy_cpus -= claim.shape.cpus
        self.idle_jobs += 1
        self.evicted += 1

    def _plan_submission(self) -> None:
        if self._next is not None:
            self.agenda.at(BEGIN_S + self._next.submit_s, self._submit, None)

    def _submit(self, _: object) -> None:
        """Everything that is due now."""
        job, now = self._next, self.agenda.now_s
        wanted = False
        while job is not None and BEGIN_S + job.submit_s <= now:
            wanted |= self._enqueue(job)
            job = next(self._coming, None)
        self._next = job
        self._plan_submission()
        if wanted:
            self._plan_cycle(now + RESCHEDULE_S)

    def _enqueue(self, job: LocalJob) -> bool:
        owner = self.owners.get(job.owner)
        if owner is None:
            owner = self.owners[job.owner] = Owner(job.owner)
        group = owner.groups.get(job.shape)
        if group is None:
            fits = any(can_hold(has, job.shape) for has in self._kinds)
            group = owner.groups[job.shape] = Group(owner, job.shape, fits=fits)
        group.idle.append(job)
        self.events += 1
        self.idle_jobs += 1
        self.unfit_jobs += not group.fits
        return group.fits

    def _plan_cycle(self, when_s: float) -> None:
        """Cycles for nobody, every minute, are left out; that there was one keeps the next waiting all the same."""
        empty = max(0.0, (self.agenda.now_s - self._last_cycle_s) // self._pace.negotiator_interval_s)
        when_s = max(when_s, self._last_cycle_s + empty * self._pace.negotiator_interval_s + self._pace.cycle_delay_s)
        if self._cycle_at_s is None or when_s < self._cycle_at_s:
            self._cycle_at_s = when_s
            self.agenda.at(when_s, self._negotiate, when_s)

    def _negotiate(self, planned_s: float) -> None:
        if planned_s != self._cycle_at_s:
            return
        self._cycle_at_s, self._last_cycle_s = None, self.agenda.now_s
        self._age()
        owners = [owner for owner in self.owners.values() if any(len(g) for g in owner.groups.values() if g.fits)]
        owners.sort(key=lambda owner: (owner.priority, owner.name))
        self._serve(owners)
        if self.idle_jobs > self.unfit_jobs:
            self._plan_cycle(self.agenda.now_s + self._pace.negotiator_interval_s)

    def _age(self) -> None:
        """Priorities follow use (PRIORITY_HALFLIFE)."""
        kept = 0.5 ** ((self.agenda.now_s - self._aged_s) / PRIORITY_HALFLIFE_S)
        self._aged_s = self.agenda.now_s
        for owner in self.owners.values():
            owner.priority = max(0.5, kept * owner.priority + (1.0 - kept) * owner.running_cpus)

    def _serve(self, owners: Sequence[Owner]) -> None:
        """First each its share, by priority; then the rest to whoever still wants some."""
        worth = sum(1.0 / owner.priority for owner in owners)
        for owner in owners:
            share = self._cpus / owner.priority / worth
            self._match(owner, share - owner.running_cpus)
        for owner in owners:
            self._match(owner, float("inf"))

    def _match(self, owner: Owner, cpus: float) -> None:
        find = self.free.find
        for group in owner.groups.values():
            while len(group) and group.fits and group.shape.cpus <= cpus:
                machine = find(group.shape)
                if machine is None:
                    break
                cpus -= group.shape.cpus
                self._claim(machine, group)

    def _claim(self, machine: Machine, group: Group) -> None:
        now = self.agenda.now_s
        claim = LocalClaim(machine, group, self._next_of(group, now + START_S), now)
        self.free.remove(machine)
        machine.take(claim)
        self.free.add(machine)
        self.busy_cpus += claim.shape.cpus
        group.owner.running_cpus += claim.shape.cpus
        self.agenda.at(now + START_S + claim.job.run_s, self._end, claim)

    def _next_of(self, group: Group, at_s: float) -> LocalJob:
        """The job of a group that starts now."""
        self.events += 1
        self.idle_jobs -= 1
        if group.again:
            return group.again.popleft()
        job = group.idle.popleft()
        self.waits.append(at_s - BEGIN_S - job.submit_s)
        return job

    def _end(self, claim: LocalClaim) -> None:
        """The next job of the group in the same claim, or the claim's end."""
        if claim.over:
            return
        self.events += 1
        now, group = self.agenda.now_s, claim.group
        if len(group) and now - claim.since_s < CLAIM_WORKLIFE_S:
            claim.job = self._next_of(group, now + REUSE_S)
            self.agenda.at(now + REUSE_S + claim.job.run_s, self._end, claim)
            return
        machine, cpus = claim.machine, claim.shape.cpus
        self.busy_cpus -= cpus
        group.owner.running_cpus -= cpus
        self.free.remove(machine)
        machine.give_back(claim)
        self.free.add(machine)
