"""The gateway's look at one lease page (implements `ports_stop.AnyPages`)."""

from collections.abc import Sequence
from typing import cast

from shepherd.edges.htcondor import pages
from shepherd.edges.htcondor.process import Asks
from shepherd.model.lease import SignedPage

FIRST = 0
"""A place whose page is number 0, however many there are."""


class StopLink:
    """Pages by a worker process of their own."""

    def __init__(self, *, home: Asks, within_s: float) -> None:
        self._home, self._within_s = home, within_s

    def first(self) -> Sequence[SignedPage]:
        """See `ports_stop.AnyPages`."""
        answer = self._home.ask("pages", {"spot": FIRST}, within_s=self._within_s)
        return pages.from_rows(cast(list[list[str]], answer))

    def close(self) -> None:
        """End the worker process. Idempotent."""
        self._home.close()
