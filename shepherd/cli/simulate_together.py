"""Several workloads at a time, each in a process of its own, and a bar that says how far they are."""

import multiprocessing
import multiprocessing.pool
import queue
from collections.abc import Mapping, Sequence
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from shepherd.model.simulated import Contender, Outcome
from shepherd.sim.load.run import Plan, outcomes, runs_of

ASKED_S = 0.2


class Told(Protocol):
    """Where workers say that a run is over."""

    def put(self, name: str) -> None:
        """The workload's name."""

    def get(self, *, timeout: float) -> str:
        """The next. Raises queue.Empty."""


Found = Mapping[Contender, Outcome]


def together(plans: Sequence[Plan], contenders: Sequence[Contender], processes: int) -> list[Found]:
    """The outcomes of each plan, in their order."""
    processes = min(processes, len(plans))
    with _bar() as bar:
        task = bar.add_task("", total=len(plans) * runs_of(contenders))
        if processes <= 1:
            return [outcomes(plan, contenders, lambda: bar.advance(task)) for plan in plans]
        told: Told = multiprocessing.Queue()
        with multiprocessing.Pool(processes, _keep, (told,)) as pool:
            works = [pool.apply_async(_one, (plan, contenders)) for plan in plans]
            pool.close()
            _follow(works, told, lambda name: bar.update(task, advance=1, description=name))
            return [work.get() for work in works]


def _follow(works: Sequence["multiprocessing.pool.AsyncResult[Found]"], told: Told, say: "Say") -> None:
    while not all(work.ready() for work in works):
        for work in works:
            if work.ready() and not work.successful():
                work.get()
        try:
            say(told.get(timeout=ASKED_S))
        except queue.Empty:
            continue


class Say(Protocol):
    """Shows that a run of a workload is over."""

    def __call__(self, name: str) -> None:
        """The workload's name."""


_told: list[Told] = []


def _keep(told: Told) -> None:
    """In a worker, before its first work."""
    _told[:] = [told]


def _one(plan: Plan, contenders: Sequence[Contender]) -> Found:
    return outcomes(plan, contenders, lambda: _told[0].put(plan.workload.name))


def _bar() -> Progress:
    return Progress(
        TextColumn("simulating {task.description:8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
