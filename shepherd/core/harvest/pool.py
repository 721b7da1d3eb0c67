"""The hosts as the records say, taken in change by change, with sums that are kept and never made anew.

A month of thousands of hosts has millions of changes: a look is never unfolded as a whole.
"""

from collections import Counter
from collections.abc import Iterable

from shepherd.core.harvest.hosts import UNSEEN, Is, Now, Out, Seen, seen_of
from shepherd.core.recorded.members import Json, listed, members, unreadable
from shepherd.core.recorded.patch import patched
from shepherd.core.records import switch_from
from shepherd.model.demand import NOTHING as GIVES_NOTHING
from shepherd.model.demand import Resources
from shepherd.model.entry import Entry
from shepherd.model.orders import Stage

NOTHING: Json = {}
NOBODY = Now(Is.OTHER, 0, 0, GIVES_NOTHING, GIVES_NOTHING)
"""Of a host that there is not."""
Rooms = Counter[tuple[Resources, Resources]]
"""How many hosts have so much free, and a largest slot like this."""


class Pool:
    """All hosts, now. Methods raise ValueError on a record that they cannot read."""

    def __init__(self) -> None:
        self.is_known = False
        """Whether there was a snapshot that told the whole."""
        self.hosts, self.cpus, self.used = [0] * len(Is), [0] * len(Is), [0] * len(Is)
        """Sums, by `Is`."""
        self.local_rooms: Rooms = Counter()
        self.out_rooms: Rooms = Counter()
        self.rest: Json = NOTHING
        """What the snapshots say of all but hosts: readings, queue, past."""
        self._seen: dict[str, Seen] = {}
        self._outs: dict[str, Out] = {}
        self._backs: dict[str, Out] = {}
        """Hosts that came home since the newest snapshot."""
        self._now: dict[str, Now] = {}

    def look(self, body: Json) -> list[str]:
        """Take in a snapshot. Says of which hosts guests have claimed more, or less, than before."""
        changed = set(self._backs)
        if body.get("whole"):
            changed |= self._seen.keys()
            self._seen, self.rest, self.is_known = {}, NOTHING, True
        elif not self.is_known:
            return []
        self._backs.clear()
        for group in listed(body, "hosts"):
            if not (isinstance(group, list) and len(group) == 2 and isinstance(group[1], list)):
                raise unreadable("a group of hosts", group)
            self._take(group[0], group[1])
            changed.update(group[1])
        self.rest = patched(self.rest, {key: new for key, new in body.items() if key not in {"hosts", "whole"}})
        return [host for host in changed if self._weigh(host)]

    def switched(self, entry: Entry) -> None:
        """Take in a change of a switch."""
        if entry.body:
            record = switch_from(entry.body)
            whole, largest, _ = record.gives
            self._outs[entry.host] = Out(record.stage is Stage.LENT, record.cpus, whole, largest)
        elif (out := self._outs.pop(entry.host, None)) is not None:
            self._backs[entry.host] = out
        self._weigh(entry.host)

    def outs(self) -> list[str]:
        """Hosts with a switch."""
        return list(self._outs)

    def claimed(self, host: str) -> int:
        """Cores that guests have claimed of it."""
        now = self._now.get(host)
        return now.used if now is not None and now.of is Is.LENT else 0

    def _take(self, change: object, hosts: Iterable[str]) -> None:
        """The same change of several hosts: those that were alike are so again."""
        if change is None:
            for host in hosts:
                self._seen.pop(host, None)
            return
        change = members({"change": change}, "change")
        made: dict[int, tuple[Seen, Seen]] = {}
        for host in hosts:
            old = self._seen.get(host, UNSEEN)
            known = made.get(id(old))
            if known is None:
                known = made[id(old)] = old, seen_of(patched(old.row, change))
            self._seen[host] = known[1]

    def _weigh(self, host: str) -> bool:
        """Put what a host is now into the sums, in the place of what it was. Whether guests have other cores of it."""
        old, new = self._now.get(host, NOBODY), self._is(host)
        if old is new or old == new:
            return False
        if old is not NOBODY:
            self._count(old, -1)
        if new is NOBODY:
            del self._now[host]
        else:
            self._now[host] = new
            self._count(new, 1)
        return old.of is Is.LENT or new.of is Is.LENT

    def _is(self, host: str) -> Now:
        seen = self._seen.get(host)
        if (out := self._outs.get(host)) is not None:
            return out.away(seen.claimed if seen is not None else 0)
        if (out := self._backs.get(host)) is not None:
            return out.back()
        return seen.here if seen is not None else NOBODY

    def _count(self, now: Now, sign: int) -> None:
        of, cpus, used, free, largest = now
        self.hosts[of] += sign
        self.cpus[of] += sign * cpus
        self.used[of] += sign * used
        if free.cpus > 0 and of is not Is.OTHER:
            rooms = self.local_rooms if of is Is.LOCAL else self.out_rooms
            rooms[free, largest] += sign
            if not rooms[free, largest]:
                del rooms[free, largest]
