"""The FlowWatch port: a container's connections, each with the account that began it."""

import contextlib
from collections.abc import Callable

from shepherd.core.firewall.pilot_guard import STOPPED
from shepherd.errors import CommandFailed
from shepherd.model.trace import EndSeen, Gap, TraceRecord
from shepherd.ports import Clock
from shepherd.ports_trace import FlowEvents, FlowMemory
from shepherd.programs.flow.recorder import FlowRecorder

AGAIN_S = 5.0
"""So long after the kernel could not be heard it is tried again."""


class HostFlows:
    """`ports_trace.FlowWatch`. A container's network lives until its last events are read here."""

    def __init__(
        self, source: str, events: Callable[[int], FlowEvents], memory: FlowMemory, clock: Clock, most: int
    ) -> None:
        """`events`: those of a process's network namespace; raises CommandFailed."""
        self._source, self._open, self._memory, self._clock, self._most = source, events, memory, clock, most
        self._pid: int | None = None
        self._events: FlowEvents | None = None
        self._recorder: FlowRecorder | None = None
        self._waiting: list[TraceRecord] = []
        self._deaf_from_s: float | None = None
        self._deaf_why = ""
        self._again_at_s = 0.0

    def follow(self, pid: int | None) -> None:
        """See the port."""
        if pid == self._pid:
            return
        if self._pid is not None:
            self._hear(lambda recorder: recorder.end(EndSeen.WITH_CONTAINER))
            self._hears_no_more()
        self._pid, self._again_at_s = pid, 0.0
        self._try()

    def records(self) -> list[TraceRecord]:
        """See the port. What the last call gave is spooled by now."""
        if self._recorder is None:
            self._try()
        else:
            self._hear(spooled_and_next)
        told, self._waiting = self._waiting, []
        return told

    def close(self) -> None:
        """Hear no more. Whoever comes after us takes up what is open."""
        self._close()

    def _hears_no_more(self) -> None:
        """All of this container is recorded: who comes after us has nothing to take up."""
        self._close()
        self._tell_deafness()
        with contextlib.suppress(CommandFailed):
            self._memory.forget()

    def _try(self) -> None:
        """Begin to hear, if there is somebody."""
        if self._pid is None or self._clock.steady_s() < self._again_at_s:
            return
        try:
            self._events = self._open(self._pid)
        except CommandFailed as exc:
            self._deaf(exc)
            return
        self._recorder = FlowRecorder(
            self._source, self._events, self._memory, self._clock, uid_of=account, most=self._most
        )
        self._tell_deafness()
        self._hear(FlowRecorder.begin)

    def _hear(self, what: Callable[[FlowRecorder], list[TraceRecord]]) -> None:
        if self._recorder is None:
            return
        try:
            self._waiting += what(self._recorder)
        except CommandFailed as exc:
            self._close()
            self._deaf(exc)

    def _deaf(self, exc: CommandFailed) -> None:
        self._again_at_s = self._clock.steady_s() + AGAIN_S
        if self._deaf_from_s is None:
            self._deaf_from_s, self._deaf_why = self._clock.wall_s(), exc.diagnosis()

    def _tell_deafness(self) -> None:
        """From the first failure until now."""
        if self._deaf_from_s is None:
            return
        to_s = self._clock.wall_s()
        from_s, self._deaf_from_s = min(self._deaf_from_s, to_s), None
        gap = Gap(source=self._source, what="flows", from_s=from_s, to_s=to_s, count=None, why=self._deaf_why)
        self._waiting.append(gap)

    def _close(self) -> None:
        if self._events is not None:
            self._events.close()
        self._events = self._recorder = None


def spooled_and_next(recorder: FlowRecorder) -> list[TraceRecord]:
    """One turn."""
    recorder.spooled()
    return recorder.turn()


def account(mark: int) -> int:
    """Jobs' accounts are their connections' marks (`core/firewall/pilot_guard.py`); all else is the container's own."""
    return mark & ~STOPPED
