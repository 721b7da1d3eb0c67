"""The last hours and the silent checks, folded from records as the daemon writes them."""

import dataclasses

import pytest

from shepherd.core.recorded.course import HELD_S, buckets, point_of
from shepherd.core.recorded.silences import Silences
from shepherd.model.course import Point
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.settings import PolicyKind
from tests.sim.recorded_day import eventful_day, site_of
from tests.sim.test_alerts import KINDS, quiet_site, settle, silent
from tests.sim.test_crash_anywhere import burst


def point(at_s: float, local: int, idle: int | None = 0) -> Point:
    return Point(at_s=at_s, local=local, flock=5 - local, idle_jobs=idle)


def local(one: Point) -> int:
    return one.local


def test_a_recorded_day_has_its_lends_and_its_bursts():
    """The row of the herds was flat, because the records had other names."""
    pool = site_of(PolicyKind.DEMAND)
    eventful_day(pool)
    points = [one for entry in pool.ledger.entries if (one := point_of(entry))]
    decisions = sum(entry.kind is EntryKind.OBSERVED for entry in pool.ledger.entries)
    assert len(points) == decisions > 20
    assert max(one.flock for one in points) >= 3
    assert max(one.idle_jobs or 0 for one in points) >= 9
    assert all(one.local + one.flock <= 5 for one in points)


def test_a_span_has_its_last_value_or_its_peak():
    """A burst of a minute is what one looks for in six hours."""
    points = [point(1, 5), point(8, 2), point(9, 3), point(15, 1)]
    assert buckets(points, local, 0, 20, 2, peaks=False) == [3, 1]
    assert buckets(points, local, 0, 20, 2, peaks=True) == [5, 1]


def test_what_was_known_stands_for_three_cycles_and_no_longer():
    """A dead shepherd's last number ran on to the right edge."""
    points = [point(0, 4)]
    found = buckets(points, local, 0, 4 * HELD_S, 8, peaks=False)
    assert found == [4, 4, 4, None, None, None, None, None]


def test_a_queue_that_was_not_known_is_not_zero():
    """Absence is not evidence."""
    points = [point(0, 4, None), point(10, 4, None)]
    assert buckets(points, lambda one: one.idle_jobs, 0, 20, 2, peaks=True) == [None, None]


def test_a_record_of_another_kind_or_shape_tells_nothing():
    """A newer shepherd's record."""
    assert point_of(Entry(at_s=1.0, kind=EntryKind.OBSERVED, cause="", body={"states": 7})) is None
    assert point_of(Entry(at_s=1.0, kind=EntryKind.ORDER, cause="", body={"states": {}})) is None


def outcome(at_s: float, host: str = "", **body: object) -> Entry:
    return Entry(at_s=at_s, kind=EntryKind.OUTCOME, cause="x", host=host, body=body)


def test_silences_begin_are_renewed_end_and_lapse():
    """Which alarms are off, now."""
    silences = Silences()
    begun = {"kind": "silence", "how": "downtime", "result": "done"}
    silences.add(outcome(1, "p1", **begun, check="p1!startd", until_s=100.0))
    silences.add(outcome(2, calls=[{**begun, "check": "p2!startd", "until_s": 200.0}, "odd"], kind="monitoring"))
    silences.add(outcome(3, "p3", **{**begun, "result": "refused"}, check="p3!startd", until_s=900.0))
    assert [(one.check, one.host) for one in silences.at(50)] == [("p1!startd", "p1"), ("p2!startd", "")]
    assert [one.check for one in silences.at(150)] == ["p2!startd"]
    silences.add(outcome(4, "p1", **begun, check="p1!startd", until_s=300.0))
    silences.add(outcome(5, calls=[{"kind": "unsilence", "check": "p2!startd", "result": "done"}]))
    assert [one.check for one in silences.at(150)] == ["p1!startd"]
    silences.add(outcome(6, "p1", kind="unsilence", result="done", check="p1!startd"))
    assert [one.until_s for one in silences.at(90)] == [300.0]  # the first of the two was ended


@pytest.mark.parametrize("kind", KINDS)
def test_the_silent_checks_on_record_are_those_that_are_silent(kind):
    """Lends, their ends, and renewals: the screen showed alarms as off that were on, and the other way round."""
    site = quiet_site(dataclasses.replace(KINDS[kind], icinga=dataclasses.replace(KINDS[kind].icinga, downtime_s=120)))
    site.start_shepherd()
    seen = []
    for _ in range(6):
        settle(site)
        silences = Silences()
        for entry in site.ledger.entries:
            silences.add(entry)
        seen.append({one.check for one in silences.at(site.pools.wall_s())})
        assert seen[-1] == silent(site)
        burst(site)
    assert len(set(map(frozenset, seen))) > 1
