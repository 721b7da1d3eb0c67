"""What the kernel's connection tracking tells of one connection."""

import enum
from typing import NamedTuple

TCP = 6
"""IP protocol."""


class FlowChange(enum.Enum):
    """Why the kernel tells of it."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"
    """The kernel has forgotten it. For TCP that is up to two minutes after its close."""
    LISTED = "listed"
    """Nothing happened: we have asked what there is."""


class Ends(NamedTuple):
    """Who talks to whom, by IPv4."""

    protocol: int
    """IP protocol: 6 TCP, 17 UDP."""
    address: str
    port: int
    """Both ports are 0 where the protocol has none."""
    nat_address: str
    """The address that the far end sees; `address` where nothing is translated."""
    nat_port: int
    far_address: str
    far_port: int


class Traffic(NamedTuple):
    """How much went which way."""

    sent_packets: int = 0
    sent_bytes: int = 0
    received_packets: int = 0
    received_bytes: int = 0


class FlowSeen(NamedTuple):
    """One connection in one moment."""

    flow: int
    """The kernel's id; used again after its end, for the same ends, too."""
    change: FlowChange
    at_s: float
    """Epoch seconds: the kernel's own where it says them (events since Linux 6.14), else when we read it."""
    ends: Ends
    begun_s: float | None = None
    """Epoch seconds, the kernel's. Events of beginnings do not have it."""
    is_closed: bool = False
    """TCP that both sides have ended (TIME_WAIT), or one has broken off (CLOSE): nothing passes by it any more."""
    is_opening: bool = False
    """TCP whose first answer has come (SYN_RECV). After a refusal the kernel takes the same connection up again."""
    mark: int = 0
    traffic: Traffic | None = None
    """None: not told."""
