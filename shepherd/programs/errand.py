"""Work that may hang, done elsewhere: its loop goes on, and asks now and then whether it is back."""

from collections.abc import Callable
from typing import Generic, TypeVar

from shepherd.errors import InvariantBroken, ShepherdError

T = TypeVar("T")

Background = Callable[[Callable[[], None]], None]
"""Runs a function elsewhere and returns at once: a thread in life, at once or later in tests."""


class Errand(Generic[T]):
    """At most one piece of work under way. Used from one thread."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._back: list[T | ShepherdError] = []
        self.busy = False
        """Work is under way, or its result was not taken yet."""

    def start(self, work: Callable[[], T]) -> bool:
        """Begin, unless busy. `work` may raise ShepherdError; anything else it raises is a defect of ours."""
        if self.busy:
            return False
        back: list[T | ShepherdError] = []
        self.busy, self._back = True, back

        def run() -> None:
            try:
                back.append(work())
            except ShepherdError as exc:
                back.append(exc)
            except Exception as exc:  # noqa: BLE001 - a thread that dies in silence would leave us busy for ever
                back.append(_defect(exc))

        self._background(run)
        return True

    def take(self) -> T | ShepherdError | None:
        """The result, once; None while there is none."""
        if not self._back:
            return None
        self.busy = False
        return self._back.pop()


def _defect(exc: Exception) -> InvariantBroken:
    defect = InvariantBroken(f"{type(exc).__name__}: {exc}")
    defect.__cause__ = exc
    return defect
