"""What is tried on a firewall's rules: a gateway of the same shape, packets, and what became of them."""

import dataclasses
import enum


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leg:
    """One interface of the gateway on trial."""

    interface: str
    address: str
    """With prefix length, `10.27.0.1/16`."""
    routes: tuple[str, ...] = ()
    """Networks behind it; `0.0.0.0/0` is the internet."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Packet:
    """The first packet of a connection, arriving at an interface."""

    interface: str
    source: str
    destination: str
    protocol: int
    """As IP numbers them: 6 TCP, 17 UDP, 1 ICMP (an echo request)."""
    port: int = 0
    """Destination port."""
    answers: int = -1
    """Index of an earlier packet that this one answers: to whom that seemed to come from. The four fields above but the
    interface are ignored."""
    goes_on: int = -1
    """Index of the packet that began this one's connection; -1: it begins one."""
    flags: int = 0x02
    """Of TCP; SYN begins a connection."""
    options: bool = False
    """With an IP option."""
    load: str = ""
    """Rules loaded before it is sent."""


class Fate(enum.Enum):
    """What the kernel did with a packet."""

    FORWARDED = "forwarded"
    """It left by another interface."""
    DELIVERED = "delivered"
    """The gateway itself took it: its own answer was seen."""
    REFUSED = "refused"
    """Its sender was told."""
    DROPPED = "dropped"
    """Nothing was seen of it again."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """What became of one packet."""

    fate: Fate
    interface: str = ""
    """Where it left."""
    source: str = ""
    """The source address it left with."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a trial showed."""

    seen: tuple[Seen, ...]
    """One for each packet, in their order."""
    trace: tuple[str, ...] = ()
    """The kernel's own words, a line for each rule that matched; empty unless asked for."""
