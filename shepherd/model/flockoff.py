"""The switch that stops all flocking, and its latch (invariant 8)."""

import dataclasses
import enum


class OffCause(enum.Enum):
    """What turned flocking off."""

    FILE = "file"
    VERB = "verb"
    LEAK = "leak"


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlockOff:
    """Flocking is off: since when, by whom, why, and until when."""

    since_s: float
    who: str
    why: str
    until_s: float | None
    """Its own expiry, epoch seconds; None: until `shepherd flockon`. With `from_file`: not before this, and not while
    the file is there."""
    from_file: bool
    """The file at the configured path caused it (else the verb, or a leak)."""
    from_leak: bool = False

    @property
    def cause(self) -> OffCause:
        """What turned it off."""
        if self.from_file:
            return OffCause.FILE
        return OffCause.LEAK if self.from_leak else OffCause.VERB


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leak:
    """A keeper saw a container reach what it must not."""

    host: str
    at_s: float
    """By the host's clock, epoch seconds."""
    what: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class OffFile:
    """What is at the flockoff path right now. Any kind of presence counts."""

    present: bool
    who: str = ""
    """Owner of the file."""
    why: str = ""
    """First line of a regular file's text, at most 200 characters, else what it is."""
