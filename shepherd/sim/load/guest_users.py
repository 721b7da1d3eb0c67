"""Guests of the flock pool, and which job each has next."""

from __future__ import annotations

import random
from collections import deque
from typing import Protocol

from shepherd.model.demand import Resources
from shepherd.model.workload import LIMITS_S, YOUNG_S, GuestJob, GuestLoad
from shepherd.sim.load.machine import Machine

TRIES = 20
"""So many jobs of a guest's wait at least."""


class Jobs(Protocol):
    """What a guest has to run."""

    def shape_for(self, machine: Machine, dice: random.Random, /) -> Resources | None:
        """What its next job that fits a host asks for; None: it has none."""

    def take(self, machine: Machine, shape: Resources, dice: random.Random, /) -> GuestJob | None:
        """Its next job for a host that asks for this; None: it has none."""

    def follow(self, job: GuestJob, machine: Machine, dice: random.Random, /) -> GuestJob | None:
        """The next one in the same claim: of the same autocluster; None: it has none."""

    def give_back(self, job: GuestJob) -> None:
        """It was thrown off before it was done."""

    def heeds(self, job: GuestJob, dice: random.Random, /) -> bool:
        """Whether it goes on after SIGTERM for as long as it may."""


class EndlessJobs:
    """There is always one more. Draws are a host's own."""

    def __init__(self, load: GuestLoad) -> None:
        self._load = load
        self._shapes = sorted(load.shapes, key=lambda one: (-one[0].cpus, -one[0].memory_mib))

    def shape_for(self, machine: Machine, dice: random.Random) -> Resources | None:
        """Of those that fit, by their weights."""
        able = [one for one in self._shapes if machine.fits(one[0])]
        if len(able) <= 1:
            return able[0][0] if able else None
        shapes, weights = zip(*able, strict=True)
        chosen: Resources = dice.choices(shapes, weights)[0]
        return chosen

    def take(self, machine: Machine, shape: Resources, dice: random.Random) -> GuestJob | None:
        """A new one."""
        return self._new(self._of_age(machine, dice) if self._load.by_age else self._run_s(dice), shape)

    def follow(self, job: GuestJob, machine: Machine, dice: random.Random) -> GuestJob | None:
        """A new one, with the same limit if they have some."""
        for _ in range(TRIES if self._load.declares else 0):
            found = self._new(self._run_s(dice), job.shape)
            if found.limit_s == job.limit_s:
                return found
        return self.take(machine, job.shape, dice)

    def give_back(self, job: GuestJob) -> None:
        """It is one of endlessly many."""

    def heeds(self, _: GuestJob, dice: random.Random) -> bool:
        """So many of them do."""
        return dice.random() < self._load.heeding

    def _new(self, run_s: float, shape: Resources) -> GuestJob:
        limit_s = next((limit_s for limit_s in LIMITS_S if run_s <= limit_s), run_s) if self._load.declares else None
        return GuestJob(0.0, run_s, shape, limit_s)

    def _run_s(self, dice: random.Random) -> float:
        load = self._load
        return min(load.longest_s, load.median_s * dice.lognormvariate(0.0, load.sigma))

    def _of_age(self, machine: Machine, dice: random.Random) -> float:
        """The first of some that asks for no older host; none of so many is seldom, and then the shortest goes."""
        age_s = max(YOUNG_S, machine.now_s() - (machine.flock_since_s or 0.0))
        least_s = self._load.longest_s
        for _ in range(TRIES):
            run_s = self._run_s(dice)
            if run_s <= age_s:
                return run_s
            least_s = min(least_s, run_s)
        return least_s


class ListedJobs:
    """Jobs that are known one by one, first come first served."""

    def __init__(self) -> None:
        self._idle: deque[GuestJob] = deque()

    def submit(self, job: GuestJob) -> None:
        """One more."""
        self._idle.append(job)

    def shape_for(self, machine: Machine, _: random.Random) -> Resources | None:
        """The first that fits."""
        return next((job.shape for job in self._idle if machine.fits(job.shape)), None)

    def take(self, _machine: Machine, shape: Resources, _dice: random.Random) -> GuestJob | None:
        """The first that asks for this."""
        job = next((job for job in self._idle if job.shape == shape), None)
        if job is not None:
            self._idle.remove(job)
        return job

    def follow(self, job: GuestJob, machine: Machine, dice: random.Random) -> GuestJob | None:
        """The first that asks for the same."""
        return self.take(machine, job.shape, dice)

    def give_back(self, job: GuestJob) -> None:
        """It is first again, and begins anew."""
        self._idle.appendleft(job)

    def heeds(self, job: GuestJob, _: random.Random) -> bool:
        """As it is known."""
        return job.heeds


class GuestUser:
    """One guest, and what came of its jobs."""

    __slots__ = ("completed", "evicted", "given_core_s", "jobs", "lost_core_s", "name", "running_cpus")

    def __init__(self, name: str, jobs: Jobs) -> None:
        self.name = name
        self.jobs = jobs
        self.running_cpus = 0
        self.given_core_s = 0.0
        self.lost_core_s = 0.0
        self.completed = 0
        self.evicted = 0
        """Jobs that were thrown off before they were done."""
