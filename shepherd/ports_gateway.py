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
