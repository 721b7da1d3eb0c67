"""Carrying out commands beside the loop: one at a time per host, each with its own deadline in the edge."""

from concurrent.futures import Executor, Future

from shepherd.model.host import HostName, HostPair
from shepherd.model.orders import Outcome, Result, Step
from shepherd.ports import Commands


class Hands:
    """Begins steps and collects their outcomes. Never blocks."""

    def __init__(self, commands: Commands, executor: Executor) -> None:
        self.commands = commands
        self._executor = executor
        self._running: dict[HostName, tuple[Step, Future[Outcome]]] = {}

    def begin(self, step: Step, pair: HostPair) -> None:
        """Start a step. The host must not be busy."""
        future = self._executor.submit(self.commands.carry_out, step, pair)
        self._running[step.host] = (step, future)

    def is_busy(self, host: HostName) -> bool:
        """Whether a step of this host is being carried out."""
        return host in self._running

    def finished(self) -> list[Outcome]:
        """Outcomes since the last call."""
        done = [(host, step, future) for host, (step, future) in self._running.items() if future.done()]
        for host, _, _ in done:
            del self._running[host]
        return [_outcome(step, future) for _, step, future in done]


def _outcome(step: Step, future: Future[Outcome]) -> Outcome:
    if (error := future.exception()) is not None:
        return Outcome(step=step, result=Result.FAILED, detail=f"defect: {error!r}", took_s=0.0)
    return future.result()
