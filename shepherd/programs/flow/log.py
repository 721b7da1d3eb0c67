"""The gateway's flow log: a recorder of connections, and the spool that it writes to; a process of its own."""

from collections.abc import Callable
from typing import Protocol

from shepherd.errors import CommandFailed
from shepherd.model.trace import Gap, TraceRecord
from shepherd.ports import Clock
from shepherd.ports_trace import SpoolWriter
from shepherd.programs.flow.recorder import FlowRecorder

MOST_WAITING = 200_000
"""Records that wait for a spool that cannot be written. They take 200 MB."""


class Stored(Protocol):
    """What of the spool has been fetched and is stored."""

    def newest(self) -> int:
        """Number of the newest such segment; 0: none."""


class FlowLog:
    """Turn after turn; each ends with a sentence."""

    def __init__(
        self, recorder: FlowRecorder, spool: SpoolWriter, stored: Stored, seal_s: float, source: str, clock: Clock
    ) -> None:
        self._recorder, self._spool, self._stored = recorder, spool, stored
        self._seal_s, self._source, self._clock = seal_s, source, clock
        self._seal_at_s = 0.0
        self._waiting: list[TraceRecord] = []
        self._discarded = 0
        self._discarded_from_s = 0.0

    def begin(self) -> str:
        """Take up what the one before has left. Raises CommandFailed."""
        return self._write(self._recorder.begin)

    def turn(self) -> str:
        """Record what has happened; a sentence about it. Raises CommandFailed if the kernel cannot be heard."""
        return self._write(self._recorder.turn)

    def _write(self, records: Callable[[], list[TraceRecord]]) -> str:
        self._wait(records())
        try:
            self._spool.append([*self._discarded_gap(), *self._waiting])
            self._waiting, self._discarded = [], 0
            self._recorder.spooled()
            self._seal()
        except CommandFailed as exc:
            return f"connections wait to be recorded: {exc.diagnosis()}"
        lost = f", {self._recorder.lost} events lost" if self._recorder.lost else ""
        return f"{len(self._recorder)} connections known{lost}"

    def _wait(self, records: list[TraceRecord]) -> None:
        """The newest are kept."""
        self._waiting += records
        if (over := len(self._waiting) - MOST_WAITING) > 0:
            oldest_s = min(map(begins_s, self._waiting[:over]))
            self._discarded_from_s = min(oldest_s, self._discarded_from_s) if self._discarded else oldest_s
            self._discarded += over
            del self._waiting[:over]

    def _discarded_gap(self) -> list[TraceRecord]:
        if not self._discarded:
            return []
        why = "the spool could not be written for too long"
        now_s = self._clock.wall_s()
        from_s = min(self._discarded_from_s, now_s)
        return [
            Gap(source=self._source, what="flows", from_s=from_s, to_s=now_s, count=self._discarded, why=why)
        ]

    def _seal(self) -> None:
        if self._clock.steady_s() < self._seal_at_s:
            return
        self._seal_at_s = self._clock.steady_s() + self._seal_s
        self._spool.seal()
        if (newest := self._stored.newest()) > 0:
            self._spool.drop(newest)


def begins_s(record: TraceRecord) -> float:
    """The oldest time that a record speaks of."""
    return record.from_s if isinstance(record, Gap) else record.at_s
