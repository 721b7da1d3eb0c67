"""What loads are drawn from."""

import math
import random
from collections.abc import Iterable, Iterator

from shepherd.model.demand import Resources
from shepherd.model.workload import DISK_KIB, LocalJob

HOUR_S = 3600.0
DAY_S = 86400.0
GIB_MIB = 1024
HOST_DISK_KIB = 1 << 30
"""1 TiB of scratch."""


def asks(cpus: int, memory_gib: float, gpus: int = 0) -> Resources:
    """A job's request."""
    return Resources(cpus=cpus, memory_mib=int(memory_gib * GIB_MIB), disk_kib=DISK_KIB, gpus=gpus)


def has(cpus: int, memory_gib: int, gpus: int = 0) -> Resources:
    """A host."""
    return Resources(cpus=cpus, memory_mib=memory_gib * GIB_MIB, disk_kib=HOST_DISK_KIB, gpus=gpus)


def arrivals(dice: random.Random, every_s: float, length_s: float) -> Iterator[float]:
    """A Poisson process: times from 0 on."""
    at_s = dice.expovariate(1.0 / every_s)
    while at_s < length_s:
        yield at_s
        at_s += dice.expovariate(1.0 / every_s)


def lognormal(dice: random.Random, median: float, sigma: float) -> float:
    """Half are above the median; `sigma` is of the logarithm."""
    return median * dice.lognormvariate(0.0, sigma)


def of_day(at_s: float) -> float:
    """How busy people are, from 0.15 at four in the morning to 1 at four in the afternoon."""
    hour = (at_s % DAY_S) / HOUR_S
    return 0.575 - 0.425 * math.cos((hour - 4.0) / 24.0 * 2.0 * math.pi)


def poisson(dice: random.Random, mean: float) -> int:
    """How many, when each comes by itself. Of a large mean nearly normal."""
    if mean > 50.0:
        return max(0, round(dice.normalvariate(mean, math.sqrt(mean))))
    limit, number, product = math.exp(-mean), 0, dice.random()
    while product > limit:
        number, product = number + 1, product * dice.random()
    return number


def in_order(jobs: Iterable[LocalJob]) -> tuple[LocalJob, ...]:
    """By their submission."""
    return tuple(sorted(jobs, key=lambda job: job.submit_s))
