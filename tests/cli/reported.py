"""A site with a month on record: lends at night, local work by day, two guests, and what goes wrong in a month."""

import pathlib
import random
from collections.abc import Iterator

from shepherd.core.harvest.month import month_of
from shepherd.model.demand import Resources
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.observation import HostFacts
from shepherd.model.orders import Reason, Stage
from shepherd.model.trace import JobBegun, ScheddSeen, TraceRecord
from tests.cli.sites import Site
from tests.core.harvest.records import Records, lent, local
from tests.edges.trace_stores import Clock, job_over, segment, store_in

MONTH = "2026-03"
BEGIN_S = month_of(MONTH).from_s
DAY_S, HOUR_S, LOOK_S = 86400.0, 3600.0, 300.0
HOSTS = tuple(f"p{number}" for number in range(201, 209))
GUESTS = (("campus", "ce.campus.example", "192.0.2.7"), ("physics", "submit.physics.example", "192.0.2.99"))
EVENING, MORNING = 19, 7
"""Hours between which hosts are lent."""


class ReportedSite(Site):
    """Each evening six of eight hosts are lent, each morning they come home."""

    def __init__(self, place: pathlib.Path) -> None:
        super().__init__(place)
        self.trace = self.state / "trace"
        self.records = Records()
        self.jobs: list[TraceRecord] = []
        self._dice = random.Random("report")
        self._lease = 0

    def fill(self, days: int = 31) -> None:
        """So many days of March."""
        self.records.look(BEGIN_S, *map(local, HOSTS), waits={})
        for day in range(days):
            self._day(BEGIN_S + day * DAY_S)
        self._stop_and_ban(BEGIN_S + 2.5 * DAY_S)
        self.records.entries.sort(key=lambda entry: entry.at_s)
        self.write()

    def write(self) -> None:
        """To the disk, as the daemon does."""
        ledger = self.ledger()
        for first in range(0, len(self.records.entries), 2000):
            for day in _by_day(self.records.entries[first : first + 2000]):
                ledger.append(day)
        ledger.close()
        store = store_in(self.trace, Clock(BEGIN_S + DAY_S))
        store.note([
            ScheddSeen(
                source="shepherd", at_s=BEGIN_S - 60, schedd=schedd, address=f"{address}:9618",
                identity=f"guest.{guest}.1@flock.example", guest=guest,
            )
            for guest, schedd, address in GUESTS
        ])  # fmt: skip
        store.add(segment(sorted(self.jobs, key=lambda one: one.at_s)))  # type: ignore[union-attr]
        store.close()

    def _day(self, from_s: float) -> None:
        out = list(HOSTS[:6])
        for number in range(int(DAY_S / LOOK_S)):
            at_s = from_s + number * LOOK_S
            hour = at_s % DAY_S / HOUR_S
            if hour == EVENING:
                self._lend(out, at_s)
            elif hour == MORNING:
                self._reclaim(out, at_s)
            is_night = not MORNING <= hour < EVENING
            waits = {} if is_night else {Resources(cpus=1): self._dice.randrange(6), Resources(cpus=4): number % 3}
            self.records.look(at_s, *self._hosts(out, is_night=is_night), waits=waits)

    def _hosts(self, out: list[str], *, is_night: bool) -> Iterator[HostFacts]:
        for host in HOSTS:
            if is_night and host in out and self._lease:
                yield lent(host, claimed=4 if self._dice.random() < 0.9 else 0)
            else:
                yield local(host, free=4 if is_night else self._dice.randrange(3))

    def _lend(self, out: list[str], at_s: float) -> None:
        self._lease += 1
        for number, host in enumerate(out):
            more = {"granted_at_s": at_s + 1, "lease": f"{host}.{self._lease}"}
            self.records.switch(at_s + 1, host, Stage.GRANTED, **more)
            self.records.switch(at_s + 20 + 5 * number + self._dice.random(), host, Stage.LENT, **more)
            self._jobs_of(host, at_s + 60, GUESTS[number % 2] if number < 5 else GUESTS[self._lease % 2])

    def _jobs_of(self, host: str, from_s: float, guest: tuple[str, str, str]) -> None:
        name, schedd, address = guest
        peer = address if name == "campus" else "198.51.100.4"
        for number in range(4):
            at_s = from_s + 7200.0 * number
            begun = JobBegun(
                source="p220", host=host, container=f"c-{host}-{self._lease}", slot="slot1_1", begun=f"{at_s}",
                at_s=at_s, uid=4001, job=f"{schedd}#{number}.0#{at_s:.0f}", user=f"alice@{name}.example", owner="alice",
                schedd=schedd, peer=f"{peer}:40112",
            )  # fmt: skip
            self.jobs += [begun, job_over(begun, at_s + 7200.0)]

    def _reclaim(self, out: list[str], at_s: float) -> None:
        if self._lease:
            for host in out:
                more: dict[str, object] = {"lease": f"{host}.{self._lease}", "granted_at_s": at_s}
                if self._lease == 2:
                    more |= {"why": "flocking is off: storage (carol)", "reason": Reason.FLOCKOFF}
                self.records.switch(at_s + 2, host, Stage.REVOKED, **more)
                home_s = 200.0 if self._lease == 9 and host == "p201" else 2 + self._dice.expovariate(0.5)
                self.records.switch(at_s + 2 + home_s, host, None)

    def _stop_and_ban(self, at_s: float) -> None:
        ban = {"kind": "user", "value": "mallory@campus.example", "at_s": at_s, "until_s": None, "who": "carol"}
        ban |= {"why": "mallory mined", "domain": "", "addresses": []}
        self.records.add(at_s, EntryKind.BANS, {"bans": [ban]})
        self.records.add(at_s + 7200, EntryKind.BANS, {"bans": []})
        off = {"since_s": at_s + 60, "who": "keeper of p203", "why": "reached 10.1.0.9:2049", "until_s": None}
        self.records.add(at_s + 61, EntryKind.FLOCKOFF, {**off, "from_file": False})
        self.records.add(at_s + 3600, EntryKind.FLOCKOFF, {})
        from_s, to_s = at_s + 1e5, at_s + 1.03e5
        self.records.entries = [one for one in self.records.entries if not from_s <= one.at_s <= to_s]
        gap: dict[str, object] = {"from_s": from_s, "to_s": to_s, "lost_entries": 9, "problem": "disk full"}
        self.records.add(to_s, EntryKind.GAP, gap)


def _by_day(entries: list[Entry]) -> Iterator[list[Entry]]:
    """A day's file begins with the first record of the day."""
    day: list[Entry] = []
    for entry in entries:
        if day and entry.at_s // DAY_S != day[-1].at_s // DAY_S:
            yield day
            day = []
        day.append(entry)
    if day:
        yield day
