"""What the gateway's program needs of the world. Edges implement these."""

from collections.abc import Sequence
from typing import Protocol

from shepherd.model.trial import Leg, Outcome, Packet


class Trial(Protocol):
    """Asks the kernel what rules do, without touching any interface or rule of this machine."""

    def run(self, legs: Sequence[Leg], rules: str, packets: Sequence[Packet], *, trace: bool = False) -> Outcome:
        """Load `rules` (text for nft) in a namespace of their own that has these interfaces, and send the packets, each
        as the first of its connection, in order.

        With `trace` the outcome has the kernel's own words about each rule that matched. At most 60 000 packets. Ends
        within its deadline. Raises CommandFailed if the kernel refuses the rules, Unavailable past the deadline.
        """


class Filter(Protocol):
    """The kernel's packet filter. Every method ends within its deadline; raises CommandFailed or Unavailable."""

    def load(self, rules: str) -> None:
        """Load rules, all or nothing."""

    def listing(self, table: str, family: str = "inet") -> str:
        """Everything of a table that does not change by itself, in one canonical text; empty: there is no such table.
        Two listings are equal if and only if the same rules and constant sets are loaded."""

    def canonical(self, rules: str, table: str, family: str = "inet", devices: Sequence[str] = ()) -> str:
        """The listing that `rules` would have on a machine with these interfaces, found out without loading them
        here."""

    def elements(self, table: str, name: str) -> frozenset[str]:
        """What is in a set."""


class Routing(Protocol):
    """The kernel's routing policy. Raises CommandFailed."""

    def is_barred(self, interface: str, mark: int) -> bool:
        """Whether packets that come in there without this bit in their mark are refused."""

    def bar(self, interface: str, mark: int) -> None:
        """Refuse to forward packets that come in there without this bit in their mark. Idempotent. Lasts until the
        machine boots, whatever becomes of us and of the packet filter; what is for the machine itself is not asked."""


class KernelSettings(Protocol):
    """Settings by their names under /proc/sys, `net/ipv4/conf/em1/forwarding`."""

    def read(self, name: str) -> str | None:
        """The value; None if there is no such setting."""

    def write(self, name: str, value: str) -> None:
        """Set it. Idempotent. Raises CommandFailed."""


class Recording(Protocol):
    """The flow log, a process of its own."""

    def start(self) -> None:
        """Start it; one that runs is ended. Raises CommandFailed."""

    def said(self, within_s: float) -> str:
        """What it says next of itself. Raises CommandFailed if it has ended, Unavailable if it says nothing."""

    def end(self) -> None:
        """End it: first it may write what it knows. Bounded in time. Idempotent."""
