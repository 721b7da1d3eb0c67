"""The kernel's connection tracking, as one that wants to be heard sees it."""

import dataclasses
from collections.abc import Callable, Sequence

from shepherd.model.flow import Ends, FlowChange, FlowSeen, Traffic


@dataclasses.dataclass
class SimConnection:
    """One entry of the table."""

    ends: Ends
    begun_s: float
    mark: int = 0
    is_closed: bool = False
    traffic: Traffic = dataclasses.field(default_factory=Traffic)


class SimTracking:
    """`ports_trace.FlowEvents`. Events beyond `room` are dropped until all before them are read, as the kernel does."""

    def __init__(self, now_s: Callable[[], float], room: int = 1_000_000) -> None:
        self._now_s, self.room = now_s, room
        self.table: dict[int, SimConnection] = {}
        self._queue: list[tuple[FlowSeen, SimConnection]] = []
        self._congested = False
        self._told_dropped = 0
        self.dropped = 0
        """Of all events, ever."""

    def begin(self, flow: int, ends: Ends, mark: int = 0) -> None:
        """A connection passes the first time. What had its place is forgotten before."""
        if flow in self.table:
            self.forget(flow)
        self.table[flow] = SimConnection(ends, self._now_s(), mark)
        self._tell(flow, FlowChange.NEW)

    def pass_on(self, flow: int, more: int) -> None:
        """A packet of this size, from the container."""
        was = self.table[flow].traffic
        self.table[flow].traffic = was._replace(
            sent_packets=was.sent_packets + 1, sent_bytes=was.sent_bytes + more
        )

    def hand_over(self, flow: int, mark: int) -> None:
        """Another account sends under the same ends."""
        self.table[flow].mark = mark
        self._tell(flow, FlowChange.CHANGED)

    def close_connection(self, flow: int) -> None:
        """Both sides have ended it; the kernel remembers it for a while."""
        self.table[flow].is_closed = True
        self._tell(flow, FlowChange.CHANGED)

    def forget(self, flow: int) -> None:
        """Its time is over."""
        self._tell(flow, FlowChange.GONE)
        del self.table[flow]

    def events(self) -> Sequence[FlowSeen]:
        """See the port."""
        told, self._queue, self._congested = self._queue, [], False
        return [self._counted(seen, of) for seen, of in told]

    def lost(self) -> int:
        """See the port."""
        more, self._told_dropped = self.dropped - self._told_dropped, self.dropped
        return more

    def listed(self) -> Sequence[FlowSeen]:
        """See the port."""
        return [self._seen(flow, FlowChange.LISTED) for flow in self.table]

    def close(self) -> None:
        """See the port."""
        self._queue = []

    def _tell(self, flow: int, change: FlowChange) -> None:
        self._congested = self._congested or len(self._queue) >= self.room
        if self._congested:
            self.dropped += 1
        else:
            self._queue.append((self._seen(flow, change), self.table[flow]))

    def _seen(self, flow: int, change: FlowChange) -> FlowSeen:
        one = self.table[flow]
        is_last = change in {FlowChange.GONE, FlowChange.LISTED}
        return FlowSeen(
            flow=flow,
            change=change,
            at_s=self._now_s(),
            ends=one.ends,
            begun_s=one.begun_s if is_last else None,
            is_closed=one.is_closed,
            mark=one.mark,
            traffic=one.traffic if is_last else None,
        )

    def _counted(self, seen: FlowSeen, of: SimConnection) -> FlowSeen:
        """A close is read with its bytes while the connection is still there."""
        if seen.change is not FlowChange.CHANGED or not seen.is_closed or self.table.get(seen.flow) is not of:
            return seen
        return seen._replace(traffic=of.traffic, begun_s=of.begun_s)

