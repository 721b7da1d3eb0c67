"""When no local job was on a host, idle or lent, in a run that is over: what an oracle knows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from shepherd.model.demand import Resources
from shepherd.sim.load.agenda import BEGIN_S
from shepherd.sim.load.machine import Machine

FOR_EVER_S = float("inf")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """For so long one more host of a kind was without local jobs: hosts of a kind stand for each other."""

    kind: Resources
    from_s: float
    to_s: float


class IdleGaps:
    """Watches hosts of one run."""

    def __init__(self, machines: Sequence[Machine]) -> None:
        self._busy: set[int] = set()
        self._open: dict[Resources, list[float]] = {}
        """Of each kind: since when there has been a first, a second, … host without local jobs."""
        self._gaps: list[Gap] = []
        for machine in machines:
            self._open.setdefault(machine.has, []).append(BEGIN_S)

    def note(self, machine: Machine, now: float) -> None:
        """Something about a host has changed."""
        is_busy = not machine.alive or (machine.regular and bool(machine.claims))
        if is_busy == (machine.index in self._busy):
            return
        idle_since = self._open[machine.has]
        if is_busy:
            self._busy.add(machine.index)
            self._gaps.append(Gap(kind=machine.has, from_s=idle_since.pop(), to_s=now))
        else:
            self._busy.discard(machine.index)
            idle_since.append(now)

    def all(self) -> Iterable[Gap]:
        """Those that have ended, and those that have not."""
        yield from self._gaps
        for kind, idle_since in self._open.items():
            for since_s in idle_since:
                yield Gap(kind=kind, from_s=since_s, to_s=FOR_EVER_S)
