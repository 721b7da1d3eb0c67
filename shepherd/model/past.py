"""What a policy remembers from one decision to the next. Recorded, so that a restart forgets nothing."""

import dataclasses

from shepherd.model.demand import Resources


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """So many hosts were lent."""

    at_s: float
    hosts: int


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Fewest:
    """The fewest of something that comes and goes, over a window that moves on in steps of its own length."""

    from_s: float
    """When the present step began, epoch seconds."""
    now: int
    """In the present step."""
    before: int | None = None
    """In the step before; None: there is none yet."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Idle jobs of one shape, over the last looks."""

    asks: Resources
    jobs: int
    """At the last look."""
    fewest: Fewest
    """That many have waited all the while, whoever they are."""
    due: Fewest
    """The same over the time that jobs may wait before hosts go home for them."""
    stuck: int = 0
    """So many are not taken by hosts of the kinds that follow, although they fit."""
    passed: tuple[Resources, ...] = ()
    """What such hosts give, sorted."""
    proven_s: float = 0.0
    """When that was last seen, epoch seconds; to the hour."""
    trial: int = 0
    """Of those that were stuck so many are demand again, since others of them were taken after all."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """All of it."""

    lends: tuple[Given, ...] = ()
    """Within the budget's window, oldest first."""
    waiting: tuple[Waiting, ...] = ()
    """Sorted by what they ask."""


NOTHING_PAST = Past()
