"""A drill: what a job of ours truly did, what the record says of it, and how long that took."""

import dataclasses

from shepherd.model.tracing import Link, Verdict


@dataclasses.dataclass(frozen=True, kw_only=True)
class Heard:
    """A connection, as its other end saw it."""

    at_s: float
    """When it was accepted, by the clock of who did."""
    address: str
    """Of ours, as it came: the NAT's."""
    port: int
    line: str
    """What the job wrote: its token and who it says it is. Empty: somebody's log tells of it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Truth:
    """Who made the connection, by its own word and ours."""

    token: str
    cluster: str
    """`12.0`, as HTCondor counts at that schedd."""
    schedd: str = ""
    """Name of the schedd, if it is known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DrillResult:
    """What came of it."""

    truth: Truth
    heard: Heard
    verdict: Verdict
    named: tuple[str, ...]
    """Global job ids that the record names."""
    is_right: bool
    """It names exactly the job that it was."""
    links: tuple[Link, ...]
    """Of the job that it names, if it names one."""
    why: tuple[str, ...]
    """Why it was not right, a sentence each."""
    complete_s: float
    """From the connection until the record had what it has, or was no longer waited for."""
    asked_s: float
    """How long the last question took."""
