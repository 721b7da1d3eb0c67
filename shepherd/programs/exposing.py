"""Keeping the page of figures where settings want it, in a thread of its own: what goes wrong here holds nobody up."""

import threading
from collections.abc import Callable
from typing import Protocol

from shepherd.errors import ShepherdError
from shepherd.model.metrics_settings import MetricsSettings
from shepherd.ports import Log

TURN_S = 5.0
"""How often the file is written, and an address that was taken is tried again. Seconds."""
CLOSE_S = 5.0
"""For the thread that serves the page, when the daemon ends. Seconds."""


class Listener(Protocol):
    """Somebody who shows the page to whoever asks."""

    def close(self) -> None:
        """Stop. Idempotent."""


class Page(Protocol):
    """The page as a file."""

    def write(self, body: bytes) -> None:
        """Replace it. Raises Unavailable."""

    def remove(self) -> None:
        """Idempotent."""


class Exposing:
    """`along.Companion`. Begins with `start`, goes on with other settings by `adopt`, ends with `close`."""

    def __init__(
        self,
        settings: MetricsSettings,
        *,
        listen_at: Callable[[str], Listener],
        file_at: Callable[[str], Page],
        text: Callable[[], bytes],
        count: Callable[[], None],
        log: Log,
    ) -> None:
        """`count` takes in what has happened, whether somebody asks for figures or not."""
        self._wanted = settings
        self._listen_at, self._file_at, self._text, self._count = listen_at, file_at, text, count
        self._log = log
        self._listener: Listener | None = None
        self._listens_at = ""
        self._file: Page | None = None
        self._file_path = ""
        self._wake, self._ends = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
        self._problems: tuple[str, ...] = ()

    def start(self) -> None:
        """Begin. Once."""
        self._thread.start()

    def adopt(self, settings: MetricsSettings) -> None:
        """Go on by other settings, soon."""
        self._wanted = settings
        self._wake.set()

    def tick(self) -> None:
        """Nothing is the loop's to do."""

    @property
    def problem(self) -> str:
        """What an administrator should know, or the empty string."""
        told = "; ".join(self._problems)
        return f"metrics: {told}" if told else ""

    def close(self) -> None:
        """Stop listening, and take the file away."""
        self._ends.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while not self._ends.is_set():
            self.turn()
            self._wake.wait(TURN_S)
            self._wake.clear()
        self._leave()

    def turn(self) -> None:
        """Bring it to what is wanted, and tell what cannot be."""
        parts = (self._count, self._listen, self._write)
        told = tuple(problem for problem in map(self._tried, parts) if problem)
        if told != self._problems:
            self._log("metrics", problem="; ".join(told) or "none any more")
        self._problems = told

    def _tried(self, part: Callable[[], None]) -> str:
        try:
            part()
        except ShepherdError as exc:
            return str(exc)
        except Exception as exc:  # noqa: BLE001 - a defect in here is shown, and never the end of the thread
            return f"{type(exc).__name__}: {exc}"
        return ""

    def _listen(self) -> None:
        wanted = self._wanted.listen
        if wanted != self._listens_at and self._listener is not None:
            self._listener.close()
            self._listener, self._listens_at = None, ""
        if wanted and self._listener is None:
            self._listener, self._listens_at = self._listen_at(wanted), wanted

    def _write(self) -> None:
        wanted = self._wanted.textfile
        if wanted != self._file_path and self._file is not None:
            self._file.remove()
            self._file = None
        if wanted:
            self._file, self._file_path = self._file or self._file_at(wanted), wanted
            self._file.write(self._text())

    def _leave(self) -> None:
        if self._listener is not None:
            self._listener.close()
        if self._file is not None:
            self._file.remove()
