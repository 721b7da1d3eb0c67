"""Heavy tails: most batches are small and most jobs short, and most work is in the few that are not."""

import random
from collections.abc import Iterator

from shepherd.model.workload import LocalJob, Workload
from shepherd.sim.load.synthetic.draws import DAY_S, arrivals, asks, has, in_order, lognormal

ABOUT = "batches of Pareto sizes at any time, run times over four orders of magnitude"
LONGEST_S = 2 * DAY_S
LARGEST = 60
"""Jobs a host, of the largest batch: nobody submits more at once."""


def tails(seed: int, hosts: int, days: float) -> Workload:
    """Batch sizes are Pareto with an exponent of 1.2; medians of run times lognormal with a sigma of 1.2."""
    dice = random.Random(f"{seed} tails")
    length_s = days * DAY_S
    return Workload(
        name="tails",
        about=ABOUT,
        hosts=(has(16, 64),) * hosts,
        jobs=in_order(_jobs(dice, hosts, length_s)),
        length_s=length_s,
    )


def _jobs(dice: random.Random, hosts: int, length_s: float) -> Iterator[LocalJob]:
    shapes = (asks(1, 2), asks(1, 4), asks(2, 8), asks(4, 16))
    for at_s in arrivals(dice, 14_000.0 / hosts, length_s):
        owner, shape = f"user{dice.randrange(12):02}", dice.choice(shapes)
        median_s = lognormal(dice, 500.0, 1.2)
        for _ in range(min(LARGEST * hosts, int(10.0 * dice.paretovariate(1.2)))):
            run_s = min(LONGEST_S, max(5.0, lognormal(dice, median_s, 0.8)))
            yield LocalJob(at_s, run_s, shape, owner)
