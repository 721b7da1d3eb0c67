"""Crashing the shepherd at a chosen instant: before or after any act on the outside."""

import contextlib
from collections.abc import Iterator


class ShepherdCrash(BaseException):
    """kill -9 of the shepherd, as its own code sees it: nothing may catch it."""


class Crashes:
    """Counts the shepherd's acts; crashes it at the one that was chosen.

    Every act is two places: just before it happens and just after.
    """

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.at: int | None = None
        """Crash at this place, counted from 0; None: never."""

    @contextlib.contextmanager
    def around(self, what: str) -> Iterator[None]:
        """An act on the outside."""
        self.pass_by(f"before {what}")
        yield
        self.pass_by(f"after {what}")

    def pass_by(self, place: str) -> None:
        """One place."""
        self.passed.append(place)
        if self.at is not None and len(self.passed) > self.at:
            raise ShepherdCrash(place)
