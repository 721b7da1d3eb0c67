"""What a policy remembers from one decision to the next. Recorded, so that a restart forgets nothing."""

import dataclasses

from shepherd.model.demand import Resources


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """So many cpus local work had or asked for."""

    at_s: float
    cpus: int


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """So many hosts were lent."""

    at_s: float
    hosts: int


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Idle jobs of one shape, over the last looks."""

    asks: Resources
    since_s: float
    """Since when there have been some without a break, epoch seconds."""
    fits_since_s: float | None = None
    """Since when something free would have taken one of them without a break; None: nothing is free."""
    fewest: int = 0
    """The fewest that waited since then: so many are not taken although they fit."""
    stuck: int = 0
    """So many are known not to be taken whatever is free: they wait for something else, and raise no demand."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """All of it."""

    needs: tuple[Need, ...] = ()
    """Peaks within the window, each lower than the one before: the first is the peak of the whole window."""
    lends: tuple[Given, ...] = ()
    """Within the budget's window, oldest first."""
    waiting: tuple[Waiting, ...] = ()


NOTHING_PAST = Past()
