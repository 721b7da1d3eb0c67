"""Why a host was, or was not, in a herd, and what a decision was made from: told from the records."""

import dataclasses
from collections.abc import Mapping

from shepherd.model.demand import Resources
from shepherd.model.host import HostName, HostState
from shepherd.model.moment import Said
from shepherd.model.orders import Order


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """Something that is on record of a lend."""

    at_s: float
    what: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class LendStory:
    """One lend from its order on."""

    lease: str
    events: tuple[Event, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Named:
    """What a decision said of one host."""

    said: Said
    words: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostStory:
    """One host at one moment."""

    host: HostName
    at_s: float
    """The look that is told of, the newest on record by the time that was asked for."""
    state: HostState
    why: str
    """Of the state; empty if it needs none."""
    blocked: str
    """Why a local host could not be lent, whatever was wanted; empty: it could."""
    gives: Resources
    """All that it gives to local jobs."""
    free: Resources
    """What of it is unclaimed."""
    idle_since_s: float | None
    last: Said | None
    """The newest decision."""
    named: Named | None
    """What the newest decision that named the host said of it."""
    lends: tuple[LendStory, ...]
    """The last ones, the newest last."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Waited:
    """Idle jobs of one shape, at a decision."""

    asks: Resources
    jobs: int
    local_hosts: int
    """Local hosts with room for one."""
    out_hosts: int
    """Hosts that were not local and would have room for one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ordered:
    """An order and what came of it."""

    order: Order
    result: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class CycleStory:
    """One decision."""

    said: Said
    states: Mapping[HostState, int]
    """How many hosts were in each."""
    idle_jobs: int | None
    running_jobs: int | None
    waited: tuple[Waited, ...]
    """By what they ask for, those first that ask for most in all."""
    problems: tuple[str, ...]
    """Of sources that were not believed."""
    settings: Mapping[str, object]
    """Of `[policy]`: those that were not as they come."""
    again: str
    """The sentence that this version says of the same; empty if its orders are the same."""
    ordered: tuple[Ordered, ...]
