"""Which connections are there, and what is to be recorded of each: a beginning and an end.

What the kernel tells may have holes. So it is compared now and then with the list of what there is (`compare`), and the
kernel's last word about a connection, which says all of it, counts also where nothing was known of it before.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from shepherd.model.flow import Ends, FlowChange, FlowSeen, Traffic
from shepherd.model.trace import EndSeen, FlowBegun, FlowEnded, TraceRecord

SAME_S = 0.02
"""The kernel's own time of a beginning may be this much later than that of its event, which is on record."""
NOTHING = Traffic()


class Known(NamedTuple):
    """A connection that the kernel has not forgotten yet, as far as we know."""

    begun_s: float
    """As it is on record."""
    ends: Ends
    uid: int
    closed_s: float | None = None
    """It is closed."""
    ended: FlowEnded | None = None
    """Its end is on record."""


class OpenFlows:
    """Of one source. Makes FlowBegun and FlowEnded out of what is seen; knows at most `most` connections."""

    def __init__(self, source: str, uid_of: Callable[[int], int] | None, most: int) -> None:
        """`uid_of`: the account that a connection's mark says, on a host. None: at a gateway, which knows no accounts
        but the address outside."""
        self._source, self._uid_of, self._most = source, uid_of, most
        self._known: dict[int, Known] = {}
        self._over: set[int] | None = None
        """Those that ended since the kernel was asked for its list."""
        self.late = 0
        """Beginnings that found no room; they are recorded together with their ends."""

    def __len__(self) -> int:
        return len(self._known)

    def hear(self, seen: FlowSeen) -> Iterator[TraceRecord]:
        """What is to be recorded of what the kernel has told, in its order."""
        known, seen = self._known.get(seen.flow), self._from_here(seen)
        match seen.change:
            case FlowChange.GONE:
                yield from self._gone(seen, known)
            case FlowChange.NEW:
                yield from self._anew(seen, known)
            case FlowChange.CHANGED | FlowChange.LISTED:
                yield from self._changed(seen, known)

    def look(self) -> None:
        """The kernel is about to be asked for its list."""
        self._over = set()

    def compare(self, listed: Iterable[FlowSeen], asked_s: float) -> Iterator[TraceRecord]:
        """What the kernel's list says that was not known. `asked_s`: when it was asked; what it has told since then was
        heard before this."""
        over, self._over = self._over or set(), None
        found = {seen.flow: seen for seen in listed}
        for flow, known in list(self._known.items()):
            if flow not in found and known.begun_s < asked_s:
                yield from self._vanished(flow, known, asked_s)
        for seen in found.values():
            if seen.flow not in over:
                yield from self._changed(self._from_here(seen), self._known.get(seen.flow))

    def recall(self, records: Iterable[TraceRecord]) -> None:
        """Know what another has known: the inverse of `memory`."""
        for record in records:
            if isinstance(record, FlowBegun):
                self._known[record.flow] = Known(record.at_s, ends_in(record), record.uid)
            elif isinstance(record, FlowEnded) and record.flow in self._known:
                self._known[record.flow] = self._known[record.flow]._replace(ended=record)

    def memory(self) -> Iterator[TraceRecord]:
        """All that is known, as it was recorded."""
        for flow, known in self._known.items():
            yield self._begun(flow, known)
            if known.ended:
                yield known.ended

    def end_all(self, listed: Iterable[FlowSeen], at_s: float, how: EndSeen) -> Iterator[TraceRecord]:
        """The world that they were in is over; what the kernel still has of them."""
        traffic = {seen.flow: seen.traffic for seen in listed}
        for flow, known in self._known.items():
            if not known.ended:
                yield self._ended(flow, known, at_s, how, traffic.get(flow) or NOTHING)
        self._known.clear()

    def _anew(self, seen: FlowSeen, known: Known | None) -> Iterator[TraceRecord]:
        """The same id cannot begin twice: the end in between was missed."""
        if known:
            yield from self._vanished(seen.flow, known, seen.at_s)
        yield from self._begin(seen, seen.at_s)

    def _changed(self, seen: FlowSeen, known: Known | None) -> Iterator[TraceRecord]:
        if known is None:
            yield from self._begin(seen, seen.begun_s or seen.at_s)
        elif is_another(seen, known):
            yield from self._vanished(seen.flow, known, seen.begun_s or seen.at_s)
            yield from self._begin(seen, seen.begun_s or seen.at_s)
        elif self._has_changed_hands(seen, known):
            if not known.ended:
                yield self._ended(seen.flow, known, seen.at_s, EndSeen.SEEN, seen.traffic or NOTHING)
            yield from self._begin(seen, seen.at_s)
        elif seen.is_closed and not known.ended:
            yield from self._close(seen, known)
        elif seen.is_opening and known.ended:
            yield from self._begin(seen, seen.at_s)

    def _gone(self, seen: FlowSeen, known: Known | None) -> Iterator[TraceRecord]:
        if known is not None and is_another(seen, known):
            yield from self._vanished(seen.flow, known, seen.begun_s or seen.at_s)
            known = None
        if known is None:
            known = Known(seen.begun_s or seen.at_s, seen.ends, self._uid(seen))
            yield self._begun(seen.flow, known)
        if not known.ended:
            yield self._ended(seen.flow, known, seen.at_s, EndSeen.SEEN, seen.traffic or NOTHING)
        self._forget(seen.flow)

    def _begin(self, seen: FlowSeen, at_s: float) -> Iterator[TraceRecord]:
        if len(self._known) >= self._most and seen.flow not in self._known:
            self.late += 1
            return
        known = Known(at_s, seen.ends, self._uid(seen))
        self._known[seen.flow] = known
        yield self._begun(seen.flow, known)
        if seen.is_closed:
            yield from self._close(seen, known)

    def _close(self, seen: FlowSeen, known: Known) -> Iterator[TraceRecord]:
        """The kernel remembers it for two more minutes; whoever asks shall not wait for that. Without bytes it has been
        forgotten already, and they are about to be told."""
        if seen.traffic is None:
            self._known[seen.flow] = known._replace(closed_s=seen.at_s)
            return
        how = EndSeen.BY_LOOK if seen.change is FlowChange.LISTED else EndSeen.SEEN
        ended = self._ended(seen.flow, known, seen.at_s, how, seen.traffic)
        self._known[seen.flow] = known._replace(closed_s=ended.at_s, ended=ended)
        yield ended

    def _vanished(self, flow: int, known: Known, at_s: float) -> Iterator[TraceRecord]:
        """Nobody told its end, which was at `at_s` or before."""
        if not known.ended:
            yield self._ended(flow, known, at_s, EndSeen.BY_LOOK, NOTHING)
        del self._known[flow]

    def _forget(self, flow: int) -> None:
        self._known.pop(flow, None)
        if self._over is not None:
            self._over.add(flow)

    def _has_changed_hands(self, seen: FlowSeen, known: Known) -> bool:
        """Another account goes on under the same ends, as UDP allows."""
        return seen.mark != 0 and self._uid(seen) != known.uid

    def _from_here(self, seen: FlowSeen) -> FlowSeen:
        """On a host nothing is translated."""
        return seen._replace(ends=seen.ends._replace(nat_address="", nat_port=0)) if self._uid_of else seen

    def _uid(self, seen: FlowSeen) -> int:
        return self._uid_of(seen.mark) if self._uid_of else -1

    def _begun(self, flow: int, known: Known) -> FlowBegun:
        return FlowBegun(source=self._source, flow=flow, at_s=known.begun_s, uid=known.uid, **known.ends._asdict())

    def _ended(self, flow: int, known: Known, at_s: float, how: EndSeen, traffic: Traffic) -> FlowEnded:
        """At its close, if that was seen."""
        seen = known.closed_s is not None
        return FlowEnded(
            source=self._source, flow=flow, begun_s=known.begun_s,
            at_s=max(known.closed_s if known.closed_s is not None else at_s, known.begun_s),
            how=EndSeen.SEEN if seen else how, **traffic._asdict(),
        )  # fmt: skip


def is_another(seen: FlowSeen, known: Known) -> bool:
    """The id has come to another connection, or the same ends have met again."""
    begun_later = seen.begun_s is not None and seen.begun_s > known.begun_s + SAME_S
    return seen.ends != known.ends or begun_later


def ends_in(record: FlowBegun) -> Ends:
    """Who talks to whom, by a record."""
    return Ends(*(getattr(record, name) for name in Ends._fields))
