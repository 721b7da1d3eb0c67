"""What runs along with a loop: it is asked at each tick, and holds nothing up."""

from typing import Protocol

from shepherd.programs.serve import Loop


class Companion(Protocol):
    """Something that looks whether it has to do something."""

    def tick(self) -> None:
        """Do what is due, without waiting."""


class Along:
    """A loop and its companions, as one loop. The pause is the loop's."""

    def __init__(self, loop: Loop, *companions: Companion) -> None:
        self._loop, self._companions = loop, companions

    def tick(self) -> float:
        """Do what is due; seconds until something is due again."""
        pause_s = self._loop.tick()
        for companion in self._companions:
            companion.tick()
        return pause_s
