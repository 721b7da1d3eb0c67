"""Whether, and how often, what a job asks for fits into what a slot or host has."""

from shepherd.model.demand import Gives, Resources

PLENTY = 1 << 30
"""As often as anybody asks."""


def times(asks: Resources, has: Resources) -> int:
    """How many jobs that ask for `asks` would fit into `has` beside each other."""
    count = has.cpus // asks.cpus if asks.cpus > 0 else PLENTY
    if asks.memory_mib > 0 and has.memory_mib > 0:
        count = min(count, has.memory_mib // asks.memory_mib)
    if asks.disk_kib > 0 and has.disk_kib > 0:
        count = min(count, has.disk_kib // asks.disk_kib)
    if asks.gpus > 0:
        count = min(count, has.gpus // asks.gpus)
    return count


def fits(asks: Resources, gives: Gives) -> bool:
    """Whether one such job could ever run there."""
    return times(asks, gives.largest) > 0


def less(has: Resources, asks: Resources, jobs: int) -> Resources:
    """What is left of `has` after so many jobs. What was not told stays so."""
    return Resources(
        cpus=has.cpus - asks.cpus * jobs,
        memory_mib=max(1, has.memory_mib - asks.memory_mib * jobs) if has.memory_mib else 0,
        disk_kib=max(1, has.disk_kib - asks.disk_kib * jobs) if has.disk_kib else 0,
        gpus=has.gpus - asks.gpus * jobs,
    )
