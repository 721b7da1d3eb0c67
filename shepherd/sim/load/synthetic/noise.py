"""A queue that is noisy around 600 jobs: the number at which the original rule turns over."""

import random
from collections.abc import Iterator

from shepherd.model.workload import LocalJob, Workload
from shepherd.sim.load.synthetic.draws import DAY_S, HOUR_S, arrivals, asks, has, in_order, lognormal, poisson

TURN = 600
"""Idle jobs at which the original rule turns over."""
BATCH = 0.25
"""Jobs a host, in one batch."""
ABOUT = "nearly 600 jobs that fit no host wait all the time, and a few short ones come every two minutes"


def noise(seed: int, hosts: int, days: float) -> Workload:
    """Small batches of jobs of some minutes keep a few hosts busy; the others are idle for days. Somebody has asked for
    more memory than any host has, so often that a usual batch more makes it 600."""
    dice = random.Random(f"{seed} noise")
    length_s = days * DAY_S
    return Workload(
        name="noise",
        about=ABOUT,
        hosts=(has(16, 64),) * hosts,
        jobs=in_order(_jobs(dice, BATCH * hosts, length_s)),
        length_s=length_s,
    )


def _jobs(dice: random.Random, batch: float, length_s: float) -> Iterator[LocalJob]:
    for _ in range(TURN - round(0.8 * batch)):
        yield LocalJob(0.0, HOUR_S, asks(1, 4096), "hopeful")
    for at_s in arrivals(dice, 120.0, length_s):
        for _ in range(poisson(dice, batch)):
            yield LocalJob(at_s, lognormal(dice, 240.0, 0.4), asks(1, 2), "steady")
