"""Which of several connections with the same ends at the host is one at the gateway, when clocks do not tell: their
order does. Two with the same ends are never at once, so that both saw the same ones one after the other."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence

from shepherd.model.trace_rows import Flow

APART_S = 0.5
"""How much later one packet may pass the gateway than another did, counted from when each passed the host."""
CanBe = Callable[[Flow, Flow], bool]
"""Whether one at the gateway and one at the host can be the same, by their times."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Series:
    """Connections with the same ends that can only be each other, the oldest first."""

    outside: Sequence[Flow]
    """As the gateway saw them."""
    inside: Sequence[Flow]
    """As the host did."""

    def same(self, flow: Flow) -> Flow | None:
        """The host's record of one of the gateway's; None if one of them saw more than the other, or something else.
        What the gateway saw went by the host first: if both have all of it and are as many, the first is the first."""
        if len(self.outside) != len(self.inside):
            return None
        later_s = [there.begun.at_s - here.begun.at_s for there, here in zip(self.outside, self.inside, strict=True)]
        if max(later_s) - min(later_s) > APART_S:
            return None
        return self.inside[self.outside.index(flow)]


def series(flow: Flow, outside: Sequence[Flow], inside: Sequence[Flow], can_be: CanBe) -> Series:
    """All that `flow` can be, all that they can be instead, and so on. `flow` is one of `outside`; all have the same
    ends."""
    theirs, ours = [flow], list[Flow]()
    while True:
        found = [one for one in inside if any(can_be(other, one) for other in theirs)]
        others = [one for one in outside if one == flow or any(can_be(one, other) for other in found)]
        if (len(found), len(others)) == (len(ours), len(theirs)):
            return Series(outside=sorted(others, key=_begun_s), inside=sorted(found, key=_begun_s))
        theirs, ours = others, found


def inside_ends(flow: Flow) -> tuple[object, ...]:
    """What a connection is at the gateway and at the host alike."""
    begun = flow.begun
    return (begun.protocol, begun.address, begun.port, begun.far_address, begun.far_port)


def repeated(flows: Sequence[Flow], inside: Sequence[Flow]) -> list[Flow]:
    """Those that have the same ends as several of the hosts' records."""
    count = Counter(map(inside_ends, inside))
    return [flow for flow in flows if count[inside_ends(flow)] > 1]


def _begun_s(flow: Flow) -> float:
    return flow.begun.at_s
