"""A loop that outlives the troubles of one tick."""

from typing import Protocol

from shepherd.errors import ShepherdError
from shepherd.ports import Log, Watchdog

TROUBLE_S = 1.0
"""Pause after a turn that failed."""


class Telling(Protocol):
    """Something that ticks and can say what it is doing."""

    def tick(self) -> float:
        """Do what is due; seconds until something is due again. Raises ShepherdError."""

    def sentence(self) -> str:
        """What it is doing, for `systemctl status`."""


class Steady:
    """What went wrong is told once, and tried again."""

    def __init__(self, loop: Telling, watchdog: Watchdog, log: Log) -> None:
        self._loop, self._watchdog, self._log = loop, watchdog, log
        self._trouble = ""

    def tick(self) -> float:
        """One tick."""
        try:
            pause_s = self._loop.tick()
            self._trouble = ""
        except ShepherdError as exc:
            if exc.diagnosis() != self._trouble:
                self._trouble = exc.diagnosis()
                self._log("trouble", problem=self._trouble)
            pause_s = TROUBLE_S
        self._watchdog.cycle_finished(self._trouble or self._loop.sentence())
        return pause_s
