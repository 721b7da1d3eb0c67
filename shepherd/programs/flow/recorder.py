"""Recording connections: what the kernel tells becomes records, and what it could not tell becomes a Gap."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from shepherd.core.trace.open_flows import OpenFlows
from shepherd.errors import CommandFailed
from shepherd.model.flow import FlowSeen
from shepherd.model.trace import EndSeen, Gap, TraceRecord
from shepherd.ports import Clock
from shepherd.ports_trace import FlowEvents, FlowMemory

MOST = 262_144
"""Connections that are known at once: as many as the kernel has by default. They take 110 MB, and a look at so many as
much again for its time."""
TURN_EVENTS, LOOK_EVENTS = 20_000, 100_000
"""Events that are read at once, and those that are read to come to the end of what waits."""
LOOK_S = 300.0
"""What is known is compared with what there is so often, even if nothing is known to be missing."""
AGAIN_S = 3.0
"""And so long after something was missed, if a look came just before: a look must not make the next loss."""
LATE_LOOK_S = 30.0
"""While there are more connections than can be known, it is looked so often which there are."""
ROOM = 10_000
"""The memory is written anew when it has so many records more than twice what is known."""


class FlowRecorder:
    """One network namespace's connections. What `begin`, `turn` and `end` give is to be spooled, and then `spooled`."""

    def __init__(
        self, source: str, events: FlowEvents, memory: FlowMemory, clock: Clock, *,
        uid_of: Callable[[int], int] | None = None, most: int = MOST,
    ) -> None:  # fmt: skip
        """`uid_of`: as `OpenFlows`. Raises nothing."""
        self._source, self._events, self._memory, self._clock = source, events, memory, clock
        self._flows = OpenFlows(source, uid_of, most)
        self._late = 0
        self._late_from_s: float | None = None
        """Since when there are connections that are not known; None: there are none, as far as is known."""
        self._whole_until_s = clock.wall_s()
        self._look_at_s = self._looked_at_s = 0.0
        self._unnoted: list[TraceRecord] = []
        self.lost = 0
        """Events that the kernel could not tell, since we began."""

    def __len__(self) -> int:
        return len(self._flows)

    def begin(self) -> list[TraceRecord]:
        """Take up what the one before us knew. Raises CommandFailed."""
        before = self._memory.remembered()
        records: list[TraceRecord] = []
        if before is not None:
            self._flows.recall(before.records)
            self._whole_until_s = before.alive_s
            gap = self._gap(None, "connections were not recorded: the recorder was not running")
            records = [*before.untold, gap]
        records += self._look()
        self._note(records)
        return records

    def turn(self) -> list[TraceRecord]:
        """All that was told since. Raises CommandFailed."""
        records = [*self._heard(TURN_EVENTS), *self._gaps()]
        if self._clock.steady_s() >= self._look_at_s:
            records += self._look()
        self._note(records)
        return records

    def spooled(self) -> None:
        """Everything that was given so far is in a spool. Raises CommandFailed."""
        self._memory.told()
        if self._memory.length > 2 * len(self._flows) + ROOM:
            self._memory.renew(list(self._flows.memory()))

    def end(self, how: EndSeen) -> list[TraceRecord]:
        """The namespace is over: what is still to be read, and the end of all that is open. Raises CommandFailed."""
        records = [*self._heard(LOOK_EVENTS), *self._gaps()]
        listed: Sequence[FlowSeen] = ()
        with contextlib.suppress(CommandFailed):
            listed = self._events.listed()
        records += self._flows.end_all(listed, self._clock.wall_s(), how)
        self._note(records)
        return records

    def _heard(self, most: int) -> Iterator[TraceRecord]:
        while most > 0 and (told := self._events.events()):
            most -= len(told)
            yield from chain.from_iterable(map(self._flows.hear, told))

    def _look(self) -> list[TraceRecord]:
        """What is known against what there is; what was told before the question comes first, and what was told until
        its answer."""
        records = list(self._heard(LOOK_EVENTS))
        self._flows.look()
        asked_s = self._clock.wall_s()
        listed = self._events.listed()
        records += self._heard(LOOK_EVENTS)
        records += self._flows.compare(listed, asked_s)
        self._looked_at_s = self._clock.steady_s()
        self._look_at_s = self._looked_at_s + LOOK_S
        return [*records, *self._gaps(looked=True)]

    def _gaps(self, *, looked: bool = False) -> Iterator[TraceRecord]:
        """What was missed since it was last asked; then what there is must be looked at again. What found no room is
        missed until a look finds nothing more of it."""
        lost = self._events.lost()
        if lost:
            self.lost += lost
            self._look_at_s = self._looked_at_s + AGAIN_S
            why = "the kernel told of more than the recorder could read: beginnings and ends of connections were lost"
            yield self._gap(lost, why)
        late, self._late = self._flows.late - self._late, self._flows.late
        if late:
            self._late_from_s = self._whole_until_s if self._late_from_s is None else self._late_from_s
            self._look_at_s = min(self._look_at_s, self._looked_at_s + LATE_LOOK_S)
            why = f"more than {len(self._flows)} connections at once: some are recorded at their end"
            yield self._gap(late, why, self._late_from_s)
        elif looked:
            self._late_from_s = None
        self._whole_until_s = self._clock.wall_s()

    def _gap(self, count: int | None, why: str, since_s: float | None = None) -> Gap:
        now_s = self._clock.wall_s()
        from_s = min(self._whole_until_s if since_s is None else since_s, now_s)
        return Gap(source=self._source, what="flows", from_s=from_s, to_s=now_s, count=count, why=why)

    def _note(self, records: list[TraceRecord]) -> None:
        """What cannot be remembered now, on a full disk, is when there is room."""
        self._unnoted = (self._unnoted + records)[-MOST:]
        try:
            self._memory.note(self._unnoted)
        except CommandFailed:
            return
        self._unnoted = []
