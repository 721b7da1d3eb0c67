"""A host, its two startds, and the states it moves through (table of DESIGN.md)."""

import dataclasses
import enum
from typing import NewType

HostName = NewType("HostName", str)
"""The regular startd's machine name as the home pool knows it, e.g. `p220` or `p220.sips`."""

LeaseId = NewType("LeaseId", str)
"""Names one lend: unique for ever, also the cause in every record about it."""

Nonce = NewType("Nonce", str)
"""Names one boot of a host; a lease for another nonce is worthless."""


class Herd(enum.Enum):
    """Which startd of a host serves."""

    LOCAL = "local"
    FLOCK = "flock"


class HostState(enum.Enum):
    """The states of the state table, seen from the shepherd."""

    LOCAL = "local"
    """The regular startd accepts work."""
    ARMING = "arming"
    """A lease is out; the container gets ready and its PID 1 waits for the lock."""
    DRAINED = "drained"
    """The regular startd accepts nothing and has no job; our drain."""
    FLOCK = "flock"
    """PID 1 holds the lock; the flocking startd serves guests."""
    LEAVING = "leaving"
    """On the way home: the ladder of graceful, fast, kill."""
    HELD = "held"
    """A human, a failed check or a quarantine keeps it; only they end it."""
    UNKNOWN = "unknown"
    """Facts are missing, stale or contradictory; nothing is ordered."""


LENT = frozenset({HostState.ARMING, HostState.DRAINED, HostState.FLOCK, HostState.LEAVING})
"""States in which a host is not, or may soon not be, in the local herd."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostPair:
    """The two names of one host."""

    host: HostName
    """Machine of the regular startd."""
    flock_name: str
    """Machine (hostname) of the flocking container."""
