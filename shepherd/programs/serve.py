"""Running a loop as a process: signals, reload, watchdog, a clean stop. Hosts stay as they are."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Protocol

from shepherd.errors import ShepherdError
from shepherd.ports import Log, Watchdog


class Loop(Protocol):
    """Something that ticks."""

    def tick(self) -> float:
        """Do what is due; seconds until something is due again."""


class Signals:
    """TERM and INT stop, HUP reloads. Handlers only set flags; the loop acts between two ticks."""

    def __init__(self) -> None:
        self.stop = False
        self.reload = False
        self._wake = threading.Event()

    def install(self) -> None:
        """Take over TERM, INT and HUP of this process. Call from the main thread."""
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)

    def wait(self, seconds: float) -> None:
        """Sleep until a signal or until the time is over."""
        self._wake.wait(seconds)
        self._wake.clear()

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop = True
        self._wake.set()

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        self.reload = True
        self._wake.set()


def serve(loop: Loop, *, signals: Signals, watchdog: Watchdog, log: Log, reload: Callable[[], Loop]) -> None:
    """Tick until told to stop. `reload` gives the loop to go on with, or raises and nothing changes."""
    watchdog.ready()
    while not signals.stop:
        if signals.reload:
            signals.reload = False
            loop = _reloaded(loop, watchdog, log, reload)
        signals.wait(loop.tick())
    watchdog.stopping()


def _reloaded(loop: Loop, watchdog: Watchdog, log: Log, reload: Callable[[], Loop]) -> Loop:
    watchdog.reloading()
    try:
        loop = reload()
        log("reloaded")
    except ShepherdError as exc:
        log("reload refused, the old settings stay", problem=exc.diagnosis())
    watchdog.ready()
    return loop
