"""Sums over time: what is so for a while, times the while, into the bucket that it falls into."""

import enum
import math
from collections.abc import Sequence

from shepherd.core.harvest.hosts import Is
from shepherd.core.harvest.pool import Pool
from shepherd.core.harvest.waiting import Waits
from shepherd.model.harvest import Bucket, Period

HOUR_S = 3600.0


class Of(enum.IntEnum):
    """Places in a list of sums, after hosts, cores and claimed cores of each `Is`."""

    KNOWN = 3 * len(Is)
    QUEUE = enum.auto()
    IDLE = enum.auto()
    RUNNING = enum.auto()
    WAITED_JOBS = enum.auto()
    WAITED_CORES = enum.auto()
    BLOCKED_JOBS = enum.auto()
    BLOCKED_CORES = enum.auto()


LENGTH = max(Of) + 1
Rates = Sequence[float]


def rates(pool: Pool, waits: Waits) -> Rates:
    """What is so now: of each second, so many host-seconds, core-seconds, job-seconds."""
    is_known = waits.idle_jobs is not None
    queue = (1.0, float(is_known), float(waits.idle_jobs or 0), float(waits.running_jobs or 0))
    return (*pool.hosts, *pool.cpus, *pool.used, *queue, *waits[2:])


def hosts_of(sums: Rates, of: Is) -> float:
    """Host-seconds."""
    return sums[of]


def cores_of(sums: Rates, of: Is) -> float:
    """Core-hours."""
    return sums[len(Is) + of] / HOUR_S


def used_of(sums: Rates, of: Is) -> float:
    """Claimed core-hours."""
    return sums[2 * len(Is) + of] / HOUR_S


class Series:
    """Buckets of a span, all of `bucket_s` but the last one, which ends with the span."""

    def __init__(self, span: Period, bucket_s: float) -> None:
        self._span, self._bucket_s = span, bucket_s
        number = max(1, math.ceil(span.lasts_s / bucket_s))
        self._sums = [[0.0] * LENGTH for _ in range(number)]
        self._guests: list[dict[str, float]] = [{} for _ in range(number)]

    def add(self, rates: Rates, from_s: float, to_s: float) -> None:
        """That was so from then to then, within the span."""
        for number, seconds in self._pieces(from_s, to_s):
            sums = self._sums[number]
            for place, rate in enumerate(rates):
                if rate:
                    sums[place] += rate * seconds

    def add_guest(self, guest: str, cores: float, from_s: float, to_s: float) -> None:
        """So many cores were a guest's."""
        for number, seconds in self._pieces(from_s, to_s):
            guests = self._guests[number]
            guests[guest] = guests.get(guest, 0.0) + cores * seconds

    def total(self) -> Rates:
        """Of the whole span."""
        return [math.fsum(sums[place] for sums in self._sums) for place in range(LENGTH)]

    def buckets(self) -> tuple[Bucket, ...]:
        """All, in order."""
        return tuple(map(self._bucket, range(len(self._sums))))

    def _pieces(self, from_s: float, to_s: float) -> list[tuple[int, float]]:
        """Buckets, and for how many seconds they have of that time."""
        first = int((from_s - self._span.from_s) // self._bucket_s)
        until_s = self._span.from_s + (first + 1) * self._bucket_s
        if to_s <= until_s:
            return [(min(first, len(self._sums) - 1), to_s - from_s)]
        return [(first, until_s - from_s), *self._pieces_after(first + 1, to_s)]

    def _pieces_after(self, number: int, to_s: float) -> list[tuple[int, float]]:
        pieces = []
        for later in range(number, len(self._sums)):
            left_s = to_s - (self._span.from_s + later * self._bucket_s)
            if left_s <= 0:
                break
            pieces.append((later, min(left_s, self._bucket_s)))
        return pieces

    def _bucket(self, number: int) -> Bucket:
        sums, from_s = self._sums[number], self._span.from_s + number * self._bucket_s
        known_s, queue_s = sums[Of.KNOWN], sums[Of.QUEUE]
        hosts = [hosts_of(sums, of) / known_s if known_s else 0.0 for of in Is]
        return Bucket(
            from_s=from_s,
            to_s=min(from_s + self._bucket_s, self._span.to_s),
            known_s=known_s,
            local_hosts=hosts[Is.LOCAL],
            lent_hosts=hosts[Is.LENT],
            moving_hosts=hosts[Is.MOVING],
            other_hosts=hosts[Is.OTHER],
            local_core_h=cores_of(sums, Is.LOCAL),
            local_used_core_h=used_of(sums, Is.LOCAL),
            lent_core_h=cores_of(sums, Is.LENT),
            lent_used_core_h=used_of(sums, Is.LENT),
            moving_core_h=cores_of(sums, Is.MOVING),
            queue_known_s=queue_s,
            idle_jobs=sums[Of.IDLE] / queue_s if queue_s else None,
            running_jobs=sums[Of.RUNNING] / queue_s if queue_s else None,
            waited_jobs=sums[Of.WAITED_JOBS] / known_s if known_s else 0.0,
            blocked_jobs=sums[Of.BLOCKED_JOBS] / known_s if known_s else 0.0,
            guest_core_h=tuple((guest, core_s / HOUR_S) for guest, core_s in sorted(self._guests[number].items())),
        )
