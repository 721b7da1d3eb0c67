"""What idle jobs ask for, of all counted schedds: who is asked when, and what is made of their answers.

A schedd is asked when the number of its idle jobs has changed, and every minute while there are some. One that did not
answer is left alone for a minute, and a look waits for it once. What it said last counts for ten minutes: of the jobs
that it has besides, and of all of them later, only the number is known.
"""

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from shepherd.edges.htcondor.process import Asks
from shepherd.errors import PoolUnavailable
from shepherd.model.demand import Demand, DemandGroup, Resources

AGAIN_S = 60.0
KEPT_S = 600.0
WITHIN_S = 5.0
"""A schedd answers a question about fifty thousand jobs within one second."""


Row = tuple[Resources, int, int]
"""What jobs ask for, idle jobs, such in store."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What one schedd said last."""

    at_s: float
    """On the steady clock."""
    wall_s: float
    idle: int
    told_s: float = 0.0
    """When it told what follows, on the steady clock."""
    rows: tuple[Row, ...] = ()
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
        empty = Answer(at_s=now, wall_s=self._wall_s(), idle=idle, told_s=now)
        silent = _still(before, idle, now) or empty
        if before is not None and now - before.at_s < AGAIN_S and (before.idle == idle or before.problem):
            return dataclasses.replace(silent, at_s=before.at_s, problem=before.problem) if before.problem else before
        if not idle:
            return empty
        try:
            said: Any = self._worker.ask("shapes", {"address": address, "version": version}, within_s=WITHIN_S)
            rows, held_back = said
            return dataclasses.replace(empty, rows=tuple(map(_row, rows)), held_back=int(held_back))
        except PoolUnavailable as exc:
            return dataclasses.replace(silent, problem=str(exc))
        except (TypeError, ValueError):
            return dataclasses.replace(silent, problem="its answer makes no sense")


def _still(before: Answer | None, idle: int, now: float) -> Answer | None:
    """What was said before, as far as it counts."""
    if before is None or now - before.told_s >= KEPT_S:
        return None
    return dataclasses.replace(before, at_s=now, idle=idle, rows=tuple(_at_most(idle, before.rows)))


def _at_most(jobs: int, rows: Sequence[Row]) -> Iterator[Row]:
    """Of so many jobs that are left: of what was known those that ask for least."""
    for shape, idle, store in sorted(rows):
        if jobs > 0:
            yield shape, min(idle, jobs), store
        jobs -= idle


def _row(said: Any) -> Row:  # noqa: ANN401 - JSON
    cpus, memory_mib, disk_kib, gpus, idle, store = map(int, said)
    return Resources(cpus, memory_mib, disk_kib, gpus), idle, store
