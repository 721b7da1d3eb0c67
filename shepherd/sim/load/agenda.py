"""Simulated time: what happens when, in order."""

import heapq
from collections.abc import Callable
from typing import Any, TypeVar

BEGIN_S = 1_767_571_200.0
"""When simulated time begins: Monday, 2026-01-05, 00:00 UTC."""

T = TypeVar("T")


class Agenda:
    """Acts in the order of their times; of one time, in the order they were entered."""

    def __init__(self) -> None:
        self.now_s = BEGIN_S
        self._acts: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._entered = 0

    def at(self, when_s: float, act: Callable[[T], None], about: T) -> None:
        """Enter an act. `about` is handed to it."""
        self._entered += 1
        heapq.heappush(self._acts, (when_s, self._entered, act, about))

    def after(self, seconds: float, act: Callable[[T], None], about: T) -> None:
        """The same, in so many seconds."""
        self.at(self.now_s + seconds, act, about)

    def run(self, until_s: float) -> None:
        """All acts up to a time, which it is then."""
        acts = self._acts
        while acts and acts[0][0] <= until_s:
            self.now_s, _, act, about = heapq.heappop(acts)
            act(about)
        self.now_s = until_s
