"""What really happens to connections, beside a kernel that tells of it."""

import dataclasses
import enum
from collections.abc import Sequence

from hypothesis import strategies as st

from shepherd.model.flow import Ends
from shepherd.sim.clock import SimClock
from shepherd.sim.tracking import SimTracking

ENDS = tuple(
    Ends(17, "10.27.2.5", port, "", 0, "192.0.2.9", far)
    for port in (5000, 5001)
    for far in (443, 80)
)
UIDS = (3001, 3002)


class What(enum.Enum):
    """What may happen to a connection."""

    BEGIN = "begin"
    """Also where another one was: the kernel forgets it before."""
    PASS = "pass"
    CLOSE = "close"
    FORGET = "forget"
    HAND_OVER = "hand over"


@dataclasses.dataclass(frozen=True)
class Deed:
    """One of them, and whether the recorder then reads, and looks."""

    what: What
    flow: int
    ends: Ends
    uid: int
    reads: bool
    looks: bool


Deeds = Sequence[Deed]


def deeds() -> st.SearchStrategy[Deeds]:
    """A few connections, with few ids, so that they meet."""
    one = st.builds(
        Deed,
        st.sampled_from(What),
        st.integers(1, 3),
        st.sampled_from(ENDS),
        st.sampled_from(UIDS),
        st.integers(0, 3).map(lambda number: number == 0),
        st.integers(0, 7).map(lambda number: number == 0),
    )
    return st.lists(one, min_size=12, max_size=40)


@dataclasses.dataclass
class Real:
    """One connection as it was."""

    flow: int
    ends: Ends
    uid: int
    begun_s: float
    ended_s: float | None = None
    has_been_handed_over: bool = False
    """When this was, the kernel says only as it happens."""


class Truth:
    """Does deeds, a second each, and knows all about them."""

    def __init__(self, room: int) -> None:
        self.now_s = 1000.0
        self.clock = SimClock(lambda: self.now_s, lambda: self.now_s)
        self.kernel = SimTracking(self.clock.wall_s, room)
        self.all: list[Real] = []
        self._open: dict[int, Real] = {}

    def step(self) -> None:
        """A second passes."""
        self.now_s += 1.0

    def do(self, deed: Deed) -> None:
        """What can happen, happens."""
        self.step()
        there = self.kernel.table.get(deed.flow)
        match deed.what:
            case What.BEGIN:
                self._end(deed.flow)
                self.kernel.begin(deed.flow, deed.ends, deed.uid)
                self._begin(deed.flow, deed.ends, deed.uid)
            case What.PASS if there and not there.is_closed:
                self.kernel.pass_on(deed.flow, 100)
            case What.CLOSE if there and not there.is_closed:
                self.kernel.close_connection(deed.flow)
                self._end(deed.flow)
            case What.FORGET if there:
                self.kernel.forget(deed.flow)
                self._end(deed.flow)
            case What.HAND_OVER if there and not there.is_closed and there.mark != deed.uid:
                self._end(deed.flow)
                self.kernel.hand_over(deed.flow, deed.uid)
                self._begin(deed.flow, there.ends, deed.uid, has_been_handed_over=True)
            case _:
                pass

    def _begin(self, flow: int, ends: Ends, uid: int, *, has_been_handed_over: bool = False) -> None:
        real = Real(flow, ends, uid, self.now_s, has_been_handed_over=has_been_handed_over)
        self._open[flow] = real
        self.all.append(real)

    def _end(self, flow: int) -> None:
        if flow in self._open:
            self._open.pop(flow).ended_s = self.now_s
