"""A pool that is nearly always full: there is little to lend, and much to spoil."""

import random
from collections.abc import Iterator

from shepherd.model.workload import LocalJob, Workload
from shepherd.sim.load.synthetic.draws import DAY_S, arrivals, asks, has, in_order, lognormal, of_day

ABOUT = "a pool that local work nearly fills, with a pause of some hours at night"


def busy(seed: int, hosts: int, days: float) -> Workload:
    """Jobs of one and two cpus and about forty minutes, nine tenths of what the pool can do."""
    dice = random.Random(f"{seed} busy")
    length_s = days * DAY_S
    return Workload(
        name="busy",
        about=ABOUT,
        hosts=(has(16, 64),) * hosts,
        jobs=in_order(_jobs(dice, hosts, length_s)),
        length_s=length_s,
    )


def _jobs(dice: random.Random, hosts: int, length_s: float) -> Iterator[LocalJob]:
    for at_s in arrivals(dice, 3200.0 / hosts, length_s):
        if dice.random() > of_day(at_s):
            continue
        owner, request = f"user{dice.randrange(8)}", asks(dice.choice((1, 1, 2)), 3)
        for _ in range(1 + int(dice.expovariate(1.0 / 20.0))):
            yield LocalJob(at_s, lognormal(dice, 2400.0, 0.5), request, owner)
