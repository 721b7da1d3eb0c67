"""Days looked back on: each is reckoned once, beside the pages, and what fails ends nothing."""

import threading
import time
from typing import Any

import pytest

from shepherd.cli.web_shelf import DAY_S, Shelf, rows_of
from shepherd.core.harvest.pool import Pool
from shepherd.core.harvest.sums import Series, rates
from shepherd.core.harvest.together import together
from shepherd.core.harvest.waiting import Waits
from shepherd.edges.log import make_log
from shepherd.errors import LedgerUnavailable, UsageError
from shepherd.model.harvest import Blank, GuestShare, Harvest, Incident, IncidentKind, Lend, Period, Took, Waited

NOON_S = 20_000 * DAY_S + 43_200.0


def day(from_s: float, to_s: float, **changes: Any) -> Harvest:
    plain: dict[str, Any] = {
        "asked": Period(from_s=from_s, to_s=to_s), "known_s": to_s - from_s, "blanks": (), "hosts": 4.0,
        "local_core_h": 10.0, "local_used_core_h": 5.0, "lent_core_h": 4.0, "lent_used_core_h": 3.0,
        "moving_core_h": 0.5, "guests": (), "jobs_unknown": (), "lends": (), "lend_times": Took(),
        "reclaim_times": Took(), "waited": Waited(), "incidents": (), "series": (),
    }  # fmt: skip
    return Harvest(**{**plain, **changes})


def share(guest: str, core_h: float) -> GuestShare:
    return GuestShare(guest=guest, core_h=core_h, shared_core_h=0.0, claimed_core_h=0.0, jobs=1, job_h=core_h)


class Shelved:
    """A shelf at noon of a day, and what was asked of it."""

    def __init__(self, fails: type[Exception] | None = None) -> None:
        self.now_s, self.steady_s, self.fails = NOON_S, 0.0, fails
        self.asked: list[Period] = []
        self.unreadable: set[float] = set()
        """Days, by when they begin."""
        self.shelf = Shelf(self._make, lambda: self.now_s, lambda: self.steady_s, make_log())

    def _make(self, span: Period, _bucket_s: float) -> Harvest:
        self.asked.append(span)
        if self.fails is not None:
            raise self.fails("there is no record")
        if span.from_s in self.unreadable:
            raise LedgerUnavailable("the database is locked")
        return day(span.from_s, span.to_s)

    def pass_by(self, seconds: float) -> None:
        self.now_s += seconds
        self.steady_s += seconds

    def settle(self, days: int):
        """Ask until nothing is missing."""
        ends_s = time.monotonic() + 20
        while time.monotonic() < ends_s:
            found = self.shelf.reckoned(days)
            if found.done == found.of and not any(one.name == "reckoning" for one in threading.enumerate()):
                return found
            time.sleep(0.005)
        raise AssertionError("it is never done")


def test_a_day_that_is_over_is_reckoned_once() -> None:
    """Thirty days were read again for every click."""
    shelved = Shelved()
    found = shelved.settle(7)
    assert (len(shelved.asked), found.of) == (7, 7)
    assert found.harvest is not None
    assert found.harvest.asked == Period(from_s=NOON_S - 43_200 - 6 * DAY_S, to_s=NOON_S)
    shelved.now_s += 120
    shelved.steady_s += 120
    again = shelved.settle(7)
    assert len(shelved.asked) == 8
    assert again.harvest is not None
    shelved.settle(30)
    assert len(shelved.asked) == 8 + 23


def test_a_page_never_waits_for_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first who looked at a month waited for a minute, and everybody behind them."""
    shelved, goes_on = Shelved(), threading.Event()
    make = shelved.shelf._make
    monkeypatch.setattr(shelved.shelf, "_make", lambda *about: goes_on.wait(20) and make(*about))
    found = shelved.shelf.reckoned(7)
    assert (found.harvest, found.done) == (None, 0)
    goes_on.set()
    assert shelved.settle(7).harvest is not None


@pytest.mark.parametrize("fails", [UsageError, ZeroDivisionError])
def test_days_that_cannot_be_reckoned_are_told_of(fails: type[Exception]) -> None:
    """One damaged day ended the thread, and the page said "being reckoned" for a week."""
    found = Shelved(fails).settle(7)
    assert found.harvest is None
    assert found.trouble


def test_a_day_that_cannot_be_read_is_told_and_tried_again() -> None:
    """A week's core-hours had five days in them, for as long as the dashboard ran, and nothing on the page said so."""
    shelved, today_s = Shelved(), NOON_S - 43_200
    shelved.unreadable = {today_s - 6 * DAY_S, today_s - 3 * DAY_S}
    found = shelved.settle(7)
    assert found.harvest is not None
    assert found.harvest.asked.from_s == today_s - 5 * DAY_S, "before the first record there is nothing to miss"
    lost = Period(from_s=today_s - 3 * DAY_S, to_s=today_s - 2 * DAY_S)
    assert found.harvest.blanks == (Blank(from_s=lost.from_s, to_s=lost.to_s, why="the database is locked"),)
    assert [one.kind for one in found.harvest.incidents] == [IncidentKind.GAP]
    assert [(one.from_s, one.to_s, one.known_s) for one in found.harvest.series] == [(lost.from_s, lost.to_s, 0.0)]
    shelved.unreadable.clear()
    shelved.pass_by(700)
    shelved.settle(7)
    whole = shelved.settle(7).harvest
    assert whole is not None
    assert (whole.blanks, whole.asked.from_s) == ((), today_s - 6 * DAY_S)


def test_a_day_is_reckoned_again_until_its_jobs_are_told() -> None:
    """A host that was cut off over midnight told its jobs at two; the harvest of that day was nobody's for ever."""
    shelved = Shelved()
    shelved.now_s = NOON_S + 43_200 + 600
    shelved.settle(7)
    for hours, more in ((1, 2), (6, 2), (1, 1)):
        shelved.asked.clear()
        shelved.pass_by(3600 * hours)
        shelved.settle(7)
        assert len(shelved.asked) == more, "today, and yesterday until it is settled"


def test_no_hour_is_missing_in_the_table() -> None:
    """Who could not see the plot read one hour in fifteen: the burst of that night was in none of them."""
    hours = Series(Period(from_s=0.0, to_s=30 * DAY_S), 3600.0)
    hours.add(rates(Pool(), Waits(idle_jobs=100, running_jobs=0)), 50 * 3600.0, 51 * 3600.0)
    rows = list(rows_of(hours.buckets()))
    assert len(rows) == 30
    assert sum(row.known_s for row in rows) == 3600.0
    assert max(row.idle_jobs or 0 for row in rows) == 100


def test_sources_that_fell_silent_together_are_incidents_each() -> None:
    """All four had been silent since the same look, and the page had one of them."""
    blind = [
        Incident(kind=IncidentKind.BLIND, from_s=60.0, to_s=None, words=f"{name}: silent")
        for name in ("queue", "keepers")
    ]
    late = [
        Incident(kind=IncidentKind.LATE_HOME, from_s=70.0, to_s=None, words=f"{took} s", host="p1", lease="x")
        for took in (200, 300)
    ]
    first = day(0.0, 100.0, incidents=(*blind, late[0]))
    second = day(100.0, 200.0, incidents=(*blind, late[1]))
    assert together([first, second]).incidents == (*blind, late[1])


def test_days_together_are_their_sums() -> None:
    """A lend over midnight counted twice."""
    early = Lend(host="p1", lease="x", cpus=4, granted_at_s=50.0, why="idle", lent_at_s=52.0)
    late = Lend(
        host="p1", lease="x", cpus=4, granted_at_s=50.0, why="idle", lent_at_s=52.0, called_at_s=150.0, home_at_s=154.0
    )
    ban = Incident(kind=IncidentKind.BAN, from_s=60.0, to_s=None, words="a ban")
    blanks = [Blank(from_s=90.0, to_s=100.0, why="x")], [Blank(from_s=100.0, to_s=110.0, why="x")]
    first = day(0.0, 100.0, lends=(early,), guests=(share("a", 1.0), share("b", 2.0)), incidents=(ban,),
                blanks=tuple(blanks[0]), waited=Waited(idle_job_h=1.0, blocked_longest_s=9.0))  # fmt: skip
    second = day(100.0, 200.0, lends=(late,), guests=(share("a", 5.0),), incidents=(ban,), blanks=tuple(blanks[1]),
                 waited=Waited(idle_job_h=2.0, blocked_longest_s=4.0))  # fmt: skip
    found = together([first, second])
    assert found.lends == (late,)
    assert (found.lend_times.count, found.reclaim_times.p99_s) == (1, 4.0)
    assert [(one.guest, one.core_h, one.jobs) for one in found.guests] == [("a", 6.0, 2), ("b", 2.0, 1)]
    assert found.incidents == (ban,)
    assert found.blanks == (Blank(from_s=90.0, to_s=110.0, why="x"),)
    assert (found.waited.idle_job_h, found.waited.blocked_longest_s) == (3.0, 9.0)
    assert (found.lent_core_h, found.hosts, found.known_s) == (8.0, 4.0, 200.0)
    assert together([first]).guests == tuple(sorted(first.guests, key=lambda one: -one.core_h))
