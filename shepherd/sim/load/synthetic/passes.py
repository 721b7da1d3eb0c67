"""A site that processes a satellite's data: bursts by its orbit, and now and then everything anew."""

import random
from collections.abc import Iterator

from shepherd.model.workload import LocalJob, Workload
from shepherd.sim.load.synthetic.draws import DAY_S, HOUR_S, asks, has, in_order, lognormal

ORBIT_S = 101.5 * 60.0
"""Of a sun-synchronous satellite at about 820 km."""
DOWNLINK_S = 600.0
"""A pass over the ground station: its granules arrive one by one."""
ABOUT = "a satellite's passes every 101 minutes, half the pool for a quarter of an hour, and a reprocessing campaign"


def passes(seed: int, hosts: int, days: float) -> Workload:
    """Each pass brings some 4 granules a host, a level-1 job each, and a level-2 job of 4 cpus for every fourth. Once,
    after 40 % of the time, a campaign brings 60 longer jobs a host in five portions."""
    dice = random.Random(f"{seed} passes")
    length_s = days * DAY_S
    jobs = [*_orbits(dice, hosts, length_s), *_campaign(dice, hosts, 0.4 * length_s)]
    return Workload(
        name="passes",
        about=ABOUT,
        hosts=(has(16, 64),) * hosts,
        jobs=in_order(job for job in jobs if job.submit_s < length_s),
        length_s=length_s,
    )


def _orbits(dice: random.Random, hosts: int, length_s: float) -> Iterator[LocalJob]:
    at_s = dice.uniform(0.0, ORBIT_S)
    while at_s < length_s:
        granules = max(1, round(dice.normalvariate(4.0 * hosts, 0.6 * hosts)))
        for number in range(granules):
            submit_s = at_s + DOWNLINK_S * number / granules
            yield LocalJob(submit_s, lognormal(dice, 300.0, 0.3), asks(1, 3), "level1")
            if number % 4 == 0:
                yield LocalJob(submit_s + 30.0, lognormal(dice, 800.0, 0.3), asks(4, 12), "level2")
        at_s += ORBIT_S


def _campaign(dice: random.Random, hosts: int, begins_s: float) -> Iterator[LocalJob]:
    for portion in range(5):
        for _ in range(12 * hosts):
            yield LocalJob(begins_s + portion * HOUR_S, lognormal(dice, 1500.0, 0.4), asks(2, 6), "again")
