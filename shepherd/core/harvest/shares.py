"""Whose the claimed cores of lent hosts were: each host's go, in equal parts, to the jobs that run on it.

The ledger knows how many cores are claimed and names nobody; the trace store knows whose jobs run and not how many
cores each has. So a host with jobs of one guest gives an exact sum, and one with jobs of several an estimate.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable
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


@dataclasses.dataclass(slots=True)
class Seat:
    """A host, as far as guests sit on it."""

    cores: int = 0
    since_s: float = 0.0
    """Up to then all is summed up."""
    jobs: Counter[Of] = dataclasses.field(default_factory=Counter)


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
        seat.jobs[event.of] += event.jobs
        if not seat.jobs[event.of]:
            del seat.jobs[event.of]

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
        jobs = seat.jobs or {NOBODYS: 1}
        number, is_shared = sum(jobs.values()), len({of.guest for of in jobs}) > 1
        for of, count in jobs.items():
            cores = seat.cores * count / number
            self._add(of.guest, cores, from_s, to_s)
            self._core_s[of.guest] += cores * (to_s - from_s)
            if is_shared:
                self._shared_s[of.guest] += cores * (to_s - from_s)
            if of.guest and not of.is_proven:
                self._claimed_s[of.guest] += cores * (to_s - from_s)
