"""Whose the claimed cores of lent hosts were: each host's go to the jobs that run on it, by the cores that each has.

The ledger knows how many cores are claimed and names nobody; the trace store knows whose jobs run and what slots they
have, unless their record is older than that. The ledger's number is what is given out. What a job has beyond its slot,
or instead of it, is an estimate where jobs of several guests share a host.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from shepherd.core.harvest.sums import HOUR_S
from shepherd.model.harvest import GuestShare, Period

UNKNOWN_GUEST = ""


class Of(NamedTuple):
    """Whose a job is."""

    guest: str
    is_proven: bool
    """Somebody had signed in as the schedd that it came from."""


NOBODYS = Of(UNKNOWN_GUEST, is_proven=False)


class RunEvent(NamedTuple):
    """A job begins, or ends, on a host. Sorted by time."""

    at_s: float
    jobs: int
    """1: it begins, -1: it ends."""
    host: str
    of: Of
    cpus: int = 0
    """Cores of its slot; 0: not known."""


class Sitting(NamedTuple):
    """What of a job matters here."""

    of: Of
    cpus: int


ALONE: Mapping[Sitting, int] = {Sitting(NOBODYS, 0): 1}


@dataclasses.dataclass(slots=True)
class Seat:
    """A host, as far as guests sit on it."""

    cores: int = 0
    since_s: float = 0.0
    """Up to then all is summed up."""
    jobs: Counter[Sitting] = dataclasses.field(default_factory=Counter)


def parts(cores: int, jobs: Mapping[Sitting, int]) -> Iterator[tuple[Sitting, float]]:
    """Claimed cores, given to so many jobs of each kind; of each kind, how many cores one job of it has.

    Those whose slots are known have these, and the others what is left, in equal parts. Where that is less than a core
    for each of them, or all are known and have other cores together, all are divided in proportion, one for unknown.
    """
    known = sum(one.cpus * number for one, number in jobs.items())
    others = sum(number for one, number in jobs.items() if not one.cpus)
    left = cores - known
    for one in jobs:
        if others and left >= others:
            yield one, one.cpus or left / others
        else:
            yield one, cores * (one.cpus or 1) / (known + others)


class Shares:
    """The sums of all guests so far."""

    def __init__(self, span: Period, add: Callable[[str, float, float, float], None]) -> None:
        """`add` is told guest, cores, from when and until when, within the span."""
        self._span, self._add = span, add
        self._seats: dict[str, Seat] = {}
        self._core_s: dict[str, float] = defaultdict(float)
        self._shared_s: dict[str, float] = defaultdict(float)
        self._claimed_s: dict[str, float] = defaultdict(float)
        self._jobs: dict[str, int] = defaultdict(int)
        self._job_s: dict[str, float] = defaultdict(float)

    def claimed(self, host: str, cores: int, at_s: float) -> None:
        """From now on so many of its cores are claimed by guests."""
        seat = self._seats.get(host)
        if seat is None:
            if not cores:
                return
            seat = self._seats[host] = Seat(since_s=at_s)
        if seat.cores != cores:
            self._settle(seat, at_s)
            seat.cores = cores

    def run(self, event: RunEvent) -> None:
        """A job begins or ends."""
        seat = self._seats.setdefault(event.host, Seat(since_s=event.at_s))
        self._settle(seat, event.at_s)
        one = Sitting(event.of, event.cpus)
        seat.jobs[one] += event.jobs
        if not seat.jobs[one]:
            del seat.jobs[one]

    def counted(self, guest: str, jobs: int, job_s: float) -> None:
        """So many jobs of a guest began in the span, and lasted so long within it."""
        self._jobs[guest] += jobs
        self._job_s[guest] += job_s

    def settle(self, at_s: float) -> None:
        """Sum up everything until then."""
        for seat in self._seats.values():
            self._settle(seat, at_s)

    def skip(self, to_s: float) -> None:
        """Nothing is known until then."""
        for seat in self._seats.values():
            seat.since_s = max(seat.since_s, to_s)

    def shares(self) -> tuple[GuestShare, ...]:
        """All guests that had something, most first."""
        names = {*self._core_s, *self._jobs}
        order = sorted(names, key=lambda name: (-self._core_s[name], -self._jobs[name], name))
        return tuple(
            GuestShare(
                guest=name,
                core_h=self._core_s[name] / HOUR_S,
                shared_core_h=self._shared_s[name] / HOUR_S,
                claimed_core_h=self._claimed_s[name] / HOUR_S,
                jobs=self._jobs[name],
                job_h=self._job_s[name] / HOUR_S,
            )
            for name in order
        )

    def _settle(self, seat: Seat, at_s: float) -> None:
        from_s, to_s = max(seat.since_s, self._span.from_s), min(at_s, self._span.to_s)
        seat.since_s = max(seat.since_s, at_s)
        if to_s <= from_s or not seat.cores:
            return
        jobs = seat.jobs or ALONE
        is_shared = len({one.of.guest for one in jobs}) > 1
        for one, each in parts(seat.cores, jobs):
            guest, job_s = one.of.guest, jobs[one] * (to_s - from_s)
            self._add(guest, jobs[one] * each, from_s, to_s)
            self._core_s[guest] += each * job_s
            if is_shared:
                self._shared_s[guest] += (each - one.cpus if one.cpus <= each else each) * job_s
            if guest and not one.of.is_proven:
                self._claimed_s[guest] += each * job_s
