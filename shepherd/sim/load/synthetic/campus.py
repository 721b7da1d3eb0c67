"""A university: many users, by day, on weekdays."""

import random
from collections.abc import Iterator

from shepherd.model.workload import LocalJob, Workload
from shepherd.sim.load.synthetic.draws import DAY_S, arrivals, asks, has, in_order, lognormal, of_day

FIRST_DAY = 4
"""Friday: a weekday, then a weekend."""
WEEKEND = 0.35
USERS = 40
SHAPES = ((asks(1, 2), 0.7), (asks(2, 8), 0.12), (asks(4, 8), 0.12), (asks(8, 24), 0.06))
ABOUT = "forty users of a university, busy in the afternoon, quiet at night and at the weekend"


def campus(seed: int, hosts: int, days: float) -> Workload:
    """Users submit batches of some twenty similar jobs of about half an hour; some users do far more often."""
    dice = random.Random(f"{seed} campus")
    length_s = days * DAY_S
    return Workload(
        name="campus",
        about=ABOUT,
        hosts=(has(16, 64),) * hosts,
        jobs=in_order(_jobs(dice, hosts, length_s)),
        length_s=length_s,
    )


def _jobs(dice: random.Random, hosts: int, length_s: float) -> Iterator[LocalJob]:
    shapes, weights = [shape for shape, _ in SHAPES], [weight for _, weight in SHAPES]
    habits = {f"user{number:02}": dice.choices(shapes, weights)[0] for number in range(USERS)}
    often = [1.0 / (number + 1) for number in range(USERS)]
    for at_s in arrivals(dice, 3300.0 / hosts, length_s):
        weekend = int(FIRST_DAY + at_s / DAY_S) % 7 >= 5
        if dice.random() > of_day(at_s) * (WEEKEND if weekend else 1.0):
            continue
        user = dice.choices(list(habits), often)[0]
        median_s = lognormal(dice, 1500.0, 0.8)
        for number in range(1 + int(dice.expovariate(1.0 / 20.0))):
            run_s = lognormal(dice, median_s, 0.3)
            yield LocalJob(at_s + 0.2 * number, run_s, habits[user], user)
