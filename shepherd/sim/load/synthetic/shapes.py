"""Mixed shapes: hosts of four kinds, and jobs from one cpu to a whole large host."""

import random
from collections.abc import Iterator, Sequence

from shepherd.model.demand import Resources
from shepherd.model.workload import GuestLoad, LocalJob, Workload
from shepherd.sim.load.synthetic.draws import DAY_S, arrivals, asks, has, in_order, lognormal, of_day

ABOUT = "hosts of 8, 32 and 64 cpus, some with GPUs; jobs of one cpu, of whole hosts, of much memory, of none"
KINDS = ((has(8, 32), 0.4), (has(32, 128), 0.4), (has(64, 512), 0.16), (has(32, 128, gpus=2), 0.04))
JOBS = (
    # request, median run time, jobs a batch, weight
    (asks(1, 2), 900.0, 40.0, 0.5),
    (asks(8, 16), 1800.0, 8.0, 0.2),
    (asks(32, 100), 2700.0, 2.0, 0.1),
    (asks(4, 200), 1800.0, 3.0, 0.1),
    (asks(64, 400), 3600.0, 1.0, 0.03),
    (asks(2, 8, gpus=1), 3600.0, 3.0, 0.05),
    (asks(128, 64), 3600.0, 2.0, 0.02),
)
GUESTS = GuestLoad(shapes=((asks(1, 2), 0.5), (asks(8, 16), 0.5)))


def shapes(seed: int, hosts: int, days: float) -> Workload:
    """Batches of one kind of job by day, fewer at night; two of a hundred ask for more cpus than any host has."""
    dice = random.Random(f"{seed} shapes")
    length_s = days * DAY_S
    return Workload(
        name="shapes",
        about=ABOUT,
        hosts=tuple(
            kind for (kind, _), number in zip(KINDS, _numbers(hosts), strict=True) for _ in range(number)
        ),
        jobs=in_order(_jobs(dice, hosts, length_s)),
        length_s=length_s,
        guests=(GUESTS,),
    )


def _numbers(hosts: int) -> Sequence[int]:
    """How many of each kind; one at least, and the rest of the first."""
    others = [max(1, round(share * hosts)) for _, share in KINDS[1:]]
    return [max(1, hosts - sum(others)), *others]


def _jobs(dice: random.Random, hosts: int, length_s: float) -> Iterator[LocalJob]:
    weights = [weight for *_, weight in JOBS]
    for at_s in arrivals(dice, 4500.0 / hosts, length_s):
        if dice.random() > of_day(at_s):
            continue
        request, median_s, batch, _ = dice.choices(JOBS, weights)[0]
        owner = _owner(request)
        for _ in range(1 + int(dice.expovariate(1.0 / batch))):
            yield LocalJob(at_s, lognormal(dice, median_s, 0.5), request, owner)


def _owner(request: Resources) -> str:
    return f"of{request.cpus}x{request.memory_mib}"
