"""Whether, and how often, what a job asks for fits into what a slot or host has."""

from collections.abc import Iterable

from shepherd.model.demand import Resources

PLENTY = 1 << 30
"""As often as anybody asks."""


def times(asks: Resources, has: Resources) -> int:
    """How many jobs that ask for `asks` fit into `has` beside each other. What a host does not tell limits nothing."""
    count = has.cpus // asks.cpus if asks.cpus > 0 else PLENTY
    if asks.memory_mib > 0 and has.memory_mib > 0:
        count = min(count, has.memory_mib // asks.memory_mib)
    if asks.disk_kib > 0 and has.disk_kib > 0:
        count = min(count, has.disk_kib // asks.disk_kib)
    if asks.gpus > 0:
        count = min(count, has.gpus // asks.gpus)
    return count


def less(has: Resources, asks: Resources, jobs: int) -> Resources:
    """What is left of `has` after so many jobs. What was not told stays so, what is used up is not mistaken for it."""
    return Resources(
        has.cpus - asks.cpus * jobs,
        max(1, has.memory_mib - asks.memory_mib * jobs) if has.memory_mib else 0,
        max(1, has.disk_kib - asks.disk_kib * jobs) if has.disk_kib else 0,
        has.gpus - asks.gpus * jobs,
    )


def best_of(slots: Iterable[Resources]) -> tuple[Resources, ...]:
    """The slots that no other one outdoes in everything, so that what fits none of them fits none at all."""
    most_disk: dict[tuple[int, int, int], int] = {}
    for cpus, memory, disk, gpus in slots:
        shape = (cpus, memory or PLENTY, gpus)
        most_disk[shape] = max(most_disk.get(shape, 0), disk or PLENTY)
    best: list[Resources] = []
    for (cpus, memory, gpus), disk in sorted(most_disk.items(), reverse=True):
        slot = Resources(cpus, memory, disk, gpus)
        if not any(all(mine <= theirs for mine, theirs in zip(slot, other, strict=True)) for other in best):
            best.append(slot)
    return tuple(best)


def kind_of(whole: Resources) -> Resources:
    """What machines of one purchase have in common: memory to an eighth, disk not at all."""
    return Resources(whole.cpus, eighths(whole.memory_mib), 0, whole.gpus)


def eighths(value: int) -> int:
    """`value` down to its first three binary digits after the leading one."""
    shift = max(0, value.bit_length() - 4)
    return value >> shift << shift
