"""When a leak was found last on this host."""

import contextlib

from shepherd.errors import CommandFailed, LeakFound, ShepherdError
from shepherd.ports import Clock
from shepherd.ports_node import NodeFile, RunDir


class LeakMark:
    """Remembered over restarts until the host boots: the shepherd stops flocking for it."""

    def __init__(self, run_dir: RunDir, clock: Clock) -> None:
        self._run_dir, self._clock = run_dir, clock
        self.at_s = self._remembered()
        """Wall clock; 0: never since boot."""

    def note(self, met: ShepherdError) -> None:
        """Remember now as the time of a leak, if that was met."""
        if isinstance(met, LeakFound):
            self.at_s = self._clock.wall_s()
            with contextlib.suppress(CommandFailed):
                self._run_dir.write(NodeFile.LEAK, repr(self.at_s))

    def _remembered(self) -> float:
        with contextlib.suppress(CommandFailed, ValueError):
            return float(self._run_dir.read(NodeFile.LEAK) or 0.0)
        return 0.0
