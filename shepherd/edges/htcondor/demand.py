"""What idle jobs ask for, of all counted schedds: who is asked when, and what is made of their answers.

A schedd is asked when the number of its idle jobs has changed, and every minute while there are some. One that did not
answer is left alone for a minute: its jobs are of unknown shape meanwhile, and a look waits for it once.
"""

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from shepherd.edges.htcondor.process import Asks
from shepherd.errors import PoolUnavailable
from shepherd.model.demand import Demand, DemandGroup, Resources

AGAIN_S = 60.0
WITHIN_S = 5.0
"""A schedd answers a question about fifty thousand jobs within one second."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What one schedd said last."""

    at_s: float
    """On the steady clock."""
    wall_s: float
    idle: int
    rows: tuple[tuple[Resources, int, int], ...] = ()
    """What they ask for, idle jobs, such in store."""
    held_back: int = 0
    problem: str = ""


class Schedds:
    """Asks schedds through a worker process of their own: one that hangs holds up no collector's answer."""

    def __init__(
        self,
        worker: Asks,
        *,
        steady_s: Callable[[], float] = time.monotonic,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._worker, self._steady_s, self._wall_s = worker, steady_s, wall_s
        self._last: dict[str, Answer] = {}

    def demand(self, schedds: Sequence[tuple[str, int, str, str]]) -> Demand:
        """Of these schedds: name, idle jobs by the collector, address, version. Raises nothing."""
        self._last = {name: self._answer(name, idle, *place) for name, idle, *place in schedds}
        answers = self._last.values()
        jobs: Counter[Resources] = Counter()
        soon: Counter[Resources] = Counter()
        for answer in answers:
            for shape, idle, store in answer.rows:
                jobs[shape] += idle
                soon[shape] += store
        shapes = sorted(jobs, reverse=True)
        return Demand(
            groups=tuple(DemandGroup(asks=asks, jobs=jobs[asks], soon=soon[asks]) for asks in shapes),
            at_s=min((answer.wall_s for answer in answers), default=self._wall_s()),
            soon=sum(answer.held_back for answer in answers),
            unasked=tuple(name for name, answer in self._last.items() if answer.problem),
            problem="; ".join(f"{name}: {answer.problem}" for name, answer in self._last.items() if answer.problem),
        )

    def close(self) -> None:
        """End the worker process. Idempotent."""
        self._worker.close()

    def _answer(self, name: str, idle: int, address: str, version: str) -> Answer:
        now, before = self._steady_s(), self._last.get(name)
        is_young = before is not None and now - before.at_s < AGAIN_S
        if before is not None and is_young and (before.idle == idle or before.problem):
            return before
        empty = Answer(at_s=now, wall_s=self._wall_s(), idle=idle)
        if not idle:
            return empty
        try:
            said: Any = self._worker.ask("shapes", {"address": address, "version": version}, within_s=WITHIN_S)
            rows, held_back = said
            return dataclasses.replace(empty, rows=tuple(map(_row, rows)), held_back=int(held_back))
        except PoolUnavailable as exc:
            return dataclasses.replace(empty, problem=str(exc))
        except (TypeError, ValueError):
            return dataclasses.replace(empty, problem="its answer makes no sense")


def _row(said: Any) -> tuple[Resources, int, int]:  # noqa: ANN401 - JSON
    cpus, memory_mib, disk_kib, gpus, idle, store = map(int, said)
    return Resources(cpus, memory_mib, disk_kib, gpus), idle, store
