"""A collector of the fake world: what it was told, for as long as it believes it."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from shepherd.errors import PoolUnavailable
from shepherd.sim.events import Events

Ad = TypeVar("Ad")

CLASSAD_LIFETIME_S = 900.0
"""An ad that nobody renews or withdraws is believed this long: HTCondor's default."""


class Shelf(Generic[Ad]):
    """The ads of one kind, by name."""

    def __init__(self, events: Events, lifetime_s: float) -> None:
        self._events = events
        self._lifetime_s = lifetime_s
        self._ads: dict[str, tuple[float, Ad]] = {}

    def put(self, name: str, ad: Ad) -> None:
        """An update."""
        self._ads[name] = (self._events.now_s, ad)

    def drop(self, name: str) -> None:
        """An invalidation: the sender says goodbye."""
        self._ads.pop(name, None)

    def clear(self) -> None:
        """A restart forgets everything."""
        self._ads.clear()

    def all(self) -> Mapping[str, Ad]:
        """What is still believed."""
        oldest_s = self._events.now_s - self._lifetime_s
        return {name: ad for name, (heard_s, ad) in self._ads.items() if heard_s >= oldest_s}


class Collector:
    """Empty and young after a restart; unreachable, hung or refusing by fault."""

    def __init__(self, events: Events, name: str, lifetime_s: float = CLASSAD_LIFETIME_S) -> None:
        self.name = name
        self.events = events
        self.lifetime_s = lifetime_s
        self.started_s = -1e6
        self.down = False
        self.refusing = False
        self._forget: list[Callable[[], None]] = []

    def shelf(self) -> Shelf[Ad]:
        """A new shelf, for the ads of one kind."""
        made: Shelf[Ad] = Shelf(self.events, self.lifetime_s)
        self._forget.append(made.clear)
        return made

    def restart(self) -> None:
        """Young and empty."""
        self.started_s = self.events.now_s
        self.down = False
        for forget in self._forget:
            forget()

    def age_s(self) -> float:
        """Seconds since it started."""
        return self.events.now_s - self.started_s

    def asked(self) -> None:
        """Raise PoolUnavailable if it does not answer or says no."""
        if self.refusing:
            raise PoolUnavailable(f"the {self.name} collector refuses", refused=True)
        if self.down:
            raise PoolUnavailable(f"the {self.name} collector is silent")
