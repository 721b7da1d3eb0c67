"""The clock of whoever lives in the fake world."""

from collections.abc import Callable


class SimClock:
    """A wall clock that may jump, and one that never does."""

    def __init__(self, wall: Callable[[], float], steady: Callable[[], float]) -> None:
        self._wall, self._steady = wall, steady

    def wall_s(self) -> float:
        """Epoch seconds."""
        return self._wall()

    def steady_s(self) -> float:
        """Seconds since some boot."""
        return self._steady()
