"""Longer buckets of shorter ones."""

from collections.abc import Callable, Iterator, Sequence

from shepherd.model.harvest import Bucket


def coarser(series: Sequence[Bucket], number: int) -> Iterator[Bucket]:
    """Each of so many; the last one of what is left."""
    for first in range(0, len(series), number):
        yield _together(series[first : first + number])


def _together(parts: Sequence[Bucket]) -> Bucket:
    known_s, queue_s = sum(one.known_s for one in parts), sum(one.queue_known_s for one in parts)

    def mean(of: Callable[[Bucket], float]) -> float:
        return sum(of(one) * one.known_s for one in parts) / known_s if known_s else 0.0

    def queued(of: Callable[[Bucket], float | None]) -> float | None:
        return sum((of(one) or 0.0) * one.queue_known_s for one in parts) / queue_s if queue_s else None

    return Bucket(
        from_s=parts[0].from_s,
        to_s=parts[-1].to_s,
        known_s=known_s,
        local_hosts=mean(lambda one: one.local_hosts),
        lent_hosts=mean(lambda one: one.lent_hosts),
        moving_hosts=mean(lambda one: one.moving_hosts),
        other_hosts=mean(lambda one: one.other_hosts),
        local_core_h=sum(one.local_core_h for one in parts),
        local_used_core_h=sum(one.local_used_core_h for one in parts),
        lent_core_h=sum(one.lent_core_h for one in parts),
        lent_used_core_h=sum(one.lent_used_core_h for one in parts),
        moving_core_h=sum(one.moving_core_h for one in parts),
        queue_known_s=queue_s,
        idle_jobs=queued(lambda one: one.idle_jobs),
        running_jobs=queued(lambda one: one.running_jobs),
        waited_jobs=mean(lambda one: one.waited_jobs),
        blocked_jobs=mean(lambda one: one.blocked_jobs),
        guest_core_h=_guests(parts),
    )


def _guests(parts: Sequence[Bucket]) -> tuple[tuple[str, float], ...]:
    found: dict[str, float] = {}
    for part in parts:
        for guest, core_h in part.guest_core_h:
            found[guest] = found.get(guest, 0.0) + core_h
    return tuple(sorted(found.items()))
