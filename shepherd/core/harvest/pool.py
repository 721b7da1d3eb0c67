"""The hosts as the records say, taken in change by change, with sums that are kept and never made anew.

A month of thousands of hosts has millions of changes: a look is never unfolded as a whole.
"""

from collections import Counter

from shepherd.core.harvest.hosts import Is, Now, Out, now_of
from shepherd.core.recorded.members import Json, listed, members
from shepherd.core.recorded.patch import patched, ungrouped
from shepherd.core.records import switch_from
from shepherd.model.demand import NOTHING as GIVES_NONE
from shepherd.model.demand import Resources
from shepherd.model.entry import Entry
from shepherd.model.orders import Stage

NOTHING: Json = {}
NOBODY = Now(Is.OTHER, 0, 0, GIVES_NONE, GIVES_NONE)
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
        self._rows: dict[str, Json] = {}
        self._outs: dict[str, Out] = {}
        self._backs: dict[str, Out] = {}
        """Hosts that came home since the newest snapshot."""
        self._now: dict[str, Now] = {}

    def look(self, body: Json) -> list[str]:
        """Take in a snapshot. Says which hosts may have changed."""
        changes = ungrouped(listed(body, "hosts"))
        changed = {*changes, *self._backs}
        if body.get("whole"):
            changed |= self._rows.keys()
            self._rows, self.rest, self.is_known = {}, NOTHING, True
        elif not self.is_known:
            return []
        self._backs.clear()
        for host, change in changes.items():
            self._take(host, change)
        self.rest = patched(self.rest, {key: new for key, new in body.items() if key not in {"hosts", "whole"}})
        for host in changed:
            self._weigh(host)
        return list(changed)

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
        now = self._now.get(host, NOBODY)
        return now.used if now.of is Is.LENT else 0

    def _take(self, host: str, change: object) -> None:
        if change is None:
            self._rows.pop(host, None)
        else:
            self._rows[host] = patched(self._rows.get(host, NOTHING), members({host: change}, host))

    def _weigh(self, host: str) -> None:
        """Put what a host is now into the sums, in the place of what it was."""
        row, out = self._rows.get(host), self._outs.get(host)
        new = now_of(row, out, self._backs.get(host))
        if (old := self._now.get(host)) == new:
            return
        if old is not None:
            self._count(old, -1)
        if row is None and out is None and host not in self._backs:
            self._now.pop(host, None)
            return
        self._now[host] = new
        self._count(new, 1)

    def _count(self, now: Now, sign: int) -> None:
        self.hosts[now.of] += sign
        self.cpus[now.of] += sign * now.cpus
        self.used[now.of] += sign * now.used
        if now.free.cpus > 0 and now.of is not Is.OTHER:
            rooms = self.local_rooms if now.of is Is.LOCAL else self.out_rooms
            rooms[now.free, now.largest] += sign
            if not rooms[now.free, now.largest]:
                del rooms[now.free, now.largest]
