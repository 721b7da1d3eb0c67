"""What runs along with the shepherd's loop: it is asked at each tick, and holds nothing up."""

from typing import Protocol


class Troubled(Protocol):
    """Something that can go wrong."""

    @property
    def problem(self) -> str:
        """What is wrong with it, to be shown; empty: nothing."""


class Companion(Troubled, Protocol):
    """Something that looks whether it has to do something."""

    def tick(self) -> None:
        """Do what is due, without waiting."""
