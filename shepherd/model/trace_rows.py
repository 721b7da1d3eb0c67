"""What the trace store is asked and what it answers: begun and ended joined, what is personal shown, hidden or gone.

A question names what it looks for; each field that is not empty narrows it, each value in a field widens it.
"""

import dataclasses
import enum
import math
from collections.abc import Sequence
from typing import Generic, TypeVar

from shepherd.model.trace import FlowBegun, FlowEnded, JobBegun, JobEnded, StayBegun, StayEnded

MOST_ROWS = 10_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Span:
    """From a time to another, both included; epoch seconds of the clocks that the records have. Without: for ever."""

    from_s: float = -math.inf
    to_s: float = math.inf


class Hidden(enum.Enum):
    """Why a job's `user`, `owner` and `job` are empty."""

    NOT_ASKED = "not shown"
    """The reader was not told to show what is personal, or this user may not read the keys."""
    DESTROYED = "pseudonymised"
    """The keys of that day were destroyed, as the settings say."""
    MISSING = "its key is missing"
    """The key should be there, and is not: `shepherd ledger verify` says more."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stay:
    """A host's time in a herd."""

    begun: StayBegun
    ended: StayEnded | None = None
    """None: not ended as far as is known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """A job's run in a slot."""

    begun: JobBegun
    """`user`, `owner` and `job` are empty if `hidden`."""
    ended: JobEnded | None = None
    pseudonym: str = ""
    """Stands for `user`: the same for the same user within one week (Monday to Sunday, UTC), also when it is hidden."""
    hidden: Hidden | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flow:
    """A connection."""

    begun: FlowBegun
    ended: FlowEnded | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class StaysSought:
    """Stays that overlap the span."""

    span: Span = Span()
    hosts: Sequence[str] = ()
    herds: Sequence[str] = ()
    leases: Sequence[str] = ()
    containers: Sequence[str] = ()
    images: Sequence[str] = ()
    addresses: Sequence[str] = ()
    macs: Sequence[str] = ()
    limit: int = MOST_ROWS


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobsSought:
    """Jobs that overlap the span."""

    span: Span = Span()
    hosts: Sequence[str] = ()
    containers: Sequence[str] = ()
    slots: Sequence[str] = ()
    uids: Sequence[int] = ()
    jobs: Sequence[str] = ()
    """Global job ids. Needs the keys."""
    users: Sequence[str] = ()
    """`user@domain`. Needs the keys."""
    pseudonyms: Sequence[str] = ()
    """As in an answer. Needs no keys."""
    schedds: Sequence[str] = ()
    peers: Sequence[str] = ()
    limit: int = MOST_ROWS


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlowsSought:
    """Flows that overlap the span."""

    span: Span = Span()
    sources: Sequence[str] = ()
    protocols: Sequence[int] = ()
    addresses: Sequence[str] = ()
    ports: Sequence[int] = ()
    nat_addresses: Sequence[str] = ()
    nat_ports: Sequence[int] = ()
    far_addresses: Sequence[str] = ()
    far_ports: Sequence[int] = ()
    uids: Sequence[int] = ()
    limit: int = MOST_ROWS


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeenSought:
    """Single records of a time. Which names a record has: a schedd's name, identity, guest and address; the source of
    a clock; the source and `what` of a gap; host, container and quarantine of evidence."""

    span: Span = Span()
    names: Sequence[str] = ()
    """Any of them."""
    limit: int = MOST_ROWS


T_co = TypeVar("T_co", covariant=True)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer(Generic[T_co]):
    """Rows by the time they began, and how far the answer reaches."""

    rows: Sequence[T_co]
    is_cut: bool
    """There are more than `limit`; these are the oldest of them."""
    unasked: Sequence[str]
    """What could not be asked, a sentence each: damaged days; days whose keys are gone or not readable, when the
    question was for a user or a job."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Held:
    """A hold: an incident's records, copied out; retention leaves it alone until it is released."""

    name: str
    why: str
    by: str
    at_s: float
    span: Span
    records: int
    hash: str
    """The end of its own chain, hex."""
    released_by: str = ""
    """Empty: not released. A released hold is removed at the daemon's next minute."""
