"""How fast the simulator is: a pool of short jobs, decided upon by `demand`, in this process."""

import random
from collections.abc import Mapping
from typing import Any

from shepherd.model.simulated import Contender
from shepherd.model.workload import GuestLoad, LocalJob, Workload
from shepherd.sim.load.run import Plan, outcomes
from shepherd.sim.load.synthetic.draws import HOUR_S, asks, has

EVENTS_S = 50_000.0
"""Submissions, starts and ends of jobs that a second of processor is to simulate."""
HOSTS, CPUS = 200, 32
LOAD = 0.7
RUN_S = 300.0
LENGTH_S = 4 * HOUR_S

Figures = Mapping[str, Any]


def measure() -> Figures:
    """One run; seconds are the processor's."""
    outcome = outcomes(Plan(workload=_short_jobs()), [Contender.DEMAND])[Contender.DEMAND]
    found = {
        "hosts": outcome.hosts,
        "events": outcome.events,
        "took_s": round(outcome.took_s, 2),
        "events_s": round(outcome.events / outcome.took_s),
        "times_faster_than_time": round(LENGTH_S / outcome.took_s),
        "lends": outcome.lends,
    }
    print(
        f"simulated: {found['events']} job events of {found['hosts']} hosts, {found['events_s']} a second,"
        f" {found['times_faster_than_time']} times as fast as time",
        flush=True,
    )
    return found


def missed(found: Figures) -> list[str]:
    """Each missed goal in one line."""
    slow = found["events_s"] < EVENTS_S
    return [f"{found['events_s']} simulated job events a second, goal {EVENTS_S:.0f}"] if slow else []


def _short_jobs() -> Workload:
    """Jobs of one cpu come evenly, and keep a part of the pool busy; guests' are as short."""
    dice = random.Random("bench")
    number = int(LOAD * HOSTS * CPUS * LENGTH_S / RUN_S)
    submitted = sorted(dice.uniform(0.0, LENGTH_S) for _ in range(number))
    shape = asks(1, 2)
    return Workload(
        name="bench",
        about="short jobs",
        hosts=(has(CPUS, 128),) * HOSTS,
        jobs=tuple(LocalJob(at_s, dice.uniform(0.5, 1.5) * RUN_S, shape, "user") for at_s in submitted),
        length_s=LENGTH_S,
        guests=(GuestLoad(median_s=RUN_S),),
    )
