"""Several workloads at a time, each in a process of its own, and a bar that says how far they are."""

import contextlib
import itertools
import multiprocessing
import signal
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from shepherd.errors import Unavailable
from shepherd.model.simulated import Contender, Outcome
from shepherd.sim.load.run import Plan, outcomes, runs_of

Found = Mapping[Contender, Outcome]
Say = Callable[[str], None]
"""Shows that a run of a workload is over; takes its name."""


def together(plans: Sequence[Plan], contenders: Sequence[Contender], processes: int) -> list[Found]:
    """The outcomes of each plan, in their order. Raises what a run raises, and Unavailable if its process is killed."""
    processes = min(processes, len(plans))
    with _bar() as bar:
        task = bar.add_task("", total=len(plans) * runs_of(contenders))
        if processes <= 1:
            return [outcomes(plan, contenders, lambda: bar.advance(task)) for plan in plans]
        with contextlib.closing(_Workers(contenders, lambda name: bar.update(task, advance=1, description=name))) as of:
            return of.results(plans, processes)


class _Workers:
    """A process for each plan, some at a time."""

    def __init__(self, contenders: Sequence[Contender], say: Say) -> None:
        self._contenders = contenders
        self._say = say
        self._running: dict[Connection, tuple[int, Plan, multiprocessing.Process]] = {}
        self._found: dict[int, Found] = {}

    def results(self, plans: Sequence[Plan], processes: int) -> list[Found]:
        """In the order of the plans."""
        coming = iter(enumerate(plans))
        while len(self._found) < len(plans):
            for number, plan in itertools.islice(coming, processes - len(self._running)):
                self._begin(number, plan)
            for ready in wait(list(self._running)):
                self._hear(ready)
        return [self._found[number] for number in range(len(plans))]

    def close(self) -> None:
        """End those that still run."""
        for _, _, process in self._running.values():
            process.terminate()
            process.join()

    def _begin(self, number: int, plan: Plan) -> None:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=_work, args=(theirs, plan, self._contenders), daemon=True)
        process.start()
        theirs.close()
        self._running[ours] = number, plan, process

    def _hear(self, ready: Any) -> None:  # noqa: ANN401 - `wait` knows sockets and numbers, too
        number, plan, process = self._running[ready]
        try:
            said = ready.recv()
        except EOFError as exc:
            process.join()
            how = f"{plan.workload.name}: its process ended ({process.exitcode})"
            raise Unavailable(f"{how}; if memory was short, --processes 1 needs less") from exc
        if said is None:
            self._say(plan.workload.name)
        elif isinstance(said, Exception):
            raise said
        else:
            self._found[number] = said
            del self._running[ready]
            process.join()


def _work(theirs: Connection, plan: Plan, contenders: Sequence[Contender]) -> None:
    """In the process: None after each run, then what was found, or what was raised. Who began it ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        said: object = outcomes(plan, contenders, lambda: theirs.send(None))
    except Exception as exc:  # noqa: BLE001 - it is raised again where it is waited for
        said = exc
    theirs.send(said)


def _bar() -> Progress:
    return Progress(
        TextColumn("simulating {task.description:8}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
