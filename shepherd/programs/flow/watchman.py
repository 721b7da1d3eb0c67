"""Keeping the gateway's flow log alive, beside the rules and without them ever waiting for it."""

import threading

from shepherd.errors import ShepherdError
from shepherd.ports import Log
from shepherd.ports_gateway import Recording
from shepherd.programs.steady import Telling

SILENT_S = 30.0
"""A flow log that says nothing for so long hangs, and is ended. It says something each half second."""
AGAIN_S = 1.0
"""So long after its end it is started anew."""
NOT_WANTED = "connections are not recorded: spool is empty"


class FlowWatchman:
    """Starts it, again and again. What is missed meanwhile its successor records as a Gap."""

    def __init__(self, recording: Recording, log: Log, silent_s: float = SILENT_S, again_s: float = AGAIN_S) -> None:
        self._recording, self._log = recording, log
        self._silent_s, self._again_s = silent_s, again_s
        self._wanted = self._over = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._told = ""
        self.said = NOT_WANTED
        """How it is, in words."""
        self.ended = 0
        """How often it ended without being told to."""

    def want(self, *, wanted: bool) -> None:
        """Have it run with the settings as they are now, or not at all."""
        self._wanted = wanted
        self._wake.set()
        if wanted and not self._thread.is_alive() and not self._over:
            self._thread.start()

    def stop(self, within_s: float = 10.0) -> None:
        """End it for good, and wait for that."""
        self._over = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(within_s)

    def _watch(self) -> None:
        while not self._over:
            if self._wanted:
                self._run()
                self._wake.wait(self._again_s)
            else:
                self.said = NOT_WANTED
                self._wake.wait()
                self._wake.clear()

    def _run(self) -> None:
        """Until it ends, or something else is wanted."""
        self._wake.clear()
        try:
            self._recording.start()
            while not self._wake.is_set():
                self.said = self._recording.said(self._silent_s)
                self._told = ""
        except ShepherdError as exc:
            self._has_ended(exc.diagnosis())
        finally:
            self._recording.end()

    def _has_ended(self, problem: str) -> None:
        """The same is logged once."""
        self.ended += 1
        self.said = f"connections are not recorded: {problem}"
        if problem != self._told:
            self._told = problem
            self._log("connections are not recorded", problem=problem)


class Recorded:
    """The gateway's loop, and how its flow log is."""

    def __init__(self, gateway: Telling, watchman: FlowWatchman) -> None:
        self._gateway, self._watchman = gateway, watchman

    def tick(self) -> float:
        """One tick of the rules."""
        return self._gateway.tick()

    def sentence(self) -> str:
        """Both."""
        ended = f", ended {self._watchman.ended} times" if self._watchman.ended else ""
        return f"{self._gateway.sentence()}; {self._watchman.said}{ended}"
