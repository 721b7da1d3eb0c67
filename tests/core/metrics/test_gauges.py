"""Figures of single looks, and of any look."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings

from shepherd.core.metrics.gauges import Life, rows, rows_seen
from shepherd.core.metrics.tally import Tally
from shepherd.model.figures import Figures
from shepherd.model.flockoff import FlockOff
from shepherd.model.host import HostName
from shepherd.model.observation import Doubt, KeeperPhase, Reading, Source
from shepherd.model.orders import HostMemory, Stage
from shepherd.model.settings import TimerSettings
from shepherd.model.sight import Sight, Troubles
from shepherd.model.traced import Anchored, Traced
from shepherd.model.view import NO_BARS, Bars
from tests import build
from tests.build import NOW
from tests.core.pools_at_random import World, worlds
from tests.metrics.shown import Series, series

WELL = Troubles(problems=0, gap_from_s=None, icinga_up=None, silences_owed=0, awaited={})
TRACED = Traced(is_storable=True, stored_at_s=NOW - 20, behind=0, gaps=0, anchored=None)
LIFE = Life("1.0", NOW - 900, NOW - 400, build.settings())


def sight(*hosts: Any, **more: Any) -> Sight:
    """Of a look that has just ended, and in which all was well."""
    made = Sight(
        at_s=NOW, took_s=0.2, is_cycle=False, cycle_at_s=NOW - 100, snapshot=build.snapshot(*hosts), switches={},
        memories={}, bars=NO_BARS, unheard={}, quarantines=0, flockoff=None, verdict=None, is_alone=True,
        pages_at_s=NOW - 10, traced=TRACED, troubles=WELL, settings=build.settings(),
    )  # fmt: skip
    return dataclasses.replace(made, **more)


def shown(seen: Sight | None, now_s: float = NOW) -> Series:
    """As a reader has it."""
    tally = Tally({}, TimerSettings())
    told = rows(seen, LIFE, now_s, rows_seen)
    return series(Figures(rows=told, counts=tally.counts, times=tally.times))


@given(worlds())
@settings(max_examples=60)
def test_whatever_is_seen_every_figure_is_in_the_table_and_sums_are_right(world: World) -> None:
    """A state that was new had no place on the graph, and the page of metrics was an error from then on."""
    seen = dataclasses.replace(sight(), snapshot=world.snapshot(), switches=world.records)
    figures = shown(seen)
    names = {*seen.snapshot.hosts, *world.records}
    assert sum(value for key, value in figures.items() if key.startswith("hosts{")) == len(names)
    assert sum(value for key, value in figures.items() if key.startswith("leases{")) == len(world.records)
    assert figures["demand_cpus"] == sum(group.jobs * group.asks.cpus for group in world.groups)


@pytest.mark.parametrize("source", [source for source in Source if source is not Source.QUEUE])
def test_a_source_that_is_not_believed_takes_along_what_is_seen_by_it(source: Source) -> None:
    """Only the flock collector was down; the hosts lent were as many as the day before, all day."""
    doubted = {source: Reading(source=source, at_s=NOW - 50, problem="silent", doubt=Doubt.SILENT)}
    seen = sight(build.idle_host("p201"))
    figures = shown(dataclasses.replace(seen, snapshot=build.snapshot(*seen.snapshot.hosts.values(), readings=doubted)))
    assert not [key for key in figures if key.startswith(("hosts{", "cpus{", "reserve_kept", "local_cpus_ratio"))]
    assert figures["local_jobs{state=\"idle\"}"] == 0
    assert ("guest_cpus" in figures) == (source is not Source.FLOCK_STARTDS)


def test_of_a_queue_that_is_not_whole_no_number_is_shown() -> None:
    """One schedd of two did not answer, and half of the jobs were gone from the graph."""
    doubted = {Source.QUEUE: Reading(source=Source.QUEUE, at_s=NOW, problem="no word from cm2", doubt=Doubt.INCOMPLETE)}
    seen = dataclasses.replace(sight(), snapshot=build.snapshot(build.idle_host("p201"), idle_jobs=7, readings=doubted))
    figures = shown(seen)
    assert not [key for key in figures if key.startswith(("local_jobs", "demand_cpus"))]
    assert figures['hosts{herd="local",state="local"}'] == 1


def test_the_reserve_is_broken_when_failures_take_local_hosts() -> None:
    """The share was kept when it was lent, and nobody looked at it afterwards."""
    record = build.record("p201", Stage.LENT, cpus=16)
    keeper = build.keeper(KeeperPhase.FLOCKING, lease=record.lease)
    flock = build.facts("p201", flock=build.flock_startd(), keeper=keeper)
    both = sight(flock, build.idle_host("p202"), build.idle_host("p203"), switches={HostName("p201"): record})
    figures = shown(both)
    assert (figures["reserve_kept"], round(figures["local_cpus_ratio"], 3)) == (1, round(8 / 24, 3))
    figures = shown(sight(flock, build.idle_host("p202"), switches={HostName("p201"): record}))
    assert (figures["reserve_kept"], figures["local_cpus_ratio"]) == (0, 0.2)


@pytest.mark.parametrize(
    ("stage", "age_s", "way"),
    [
        (Stage.GRANTED, 185, ""), (Stage.GRANTED, 191, "out"), (Stage.DRAIN_ORDERED, 26, "out"),
        (Stage.GO_GIVEN, 34, ""), (Stage.RESTART_ORDERED, 36, "out"), (Stage.LENT, 9e5, ""),
        (Stage.OFF_ORDERED, 159, ""), (Stage.OFF_ORDERED, 161, "home"), (Stage.REVOKED, 161, "home"),
    ],
)  # fmt: skip
def test_a_switch_beyond_its_deadlines_is_stuck(stage: Stage, age_s: float, way: str) -> None:
    """With the default timers: 180 s to arm, 15 to drain, 25 to start, 90 to leave and 60 to be back, 10 for tools."""
    record = build.record("p201", stage, stage_at_s=NOW - age_s)
    found = shown(sight(switches={HostName("p201"): record}))
    assert {one: found[f'switches_stuck{{way="{one}"}}'] for one in ("out", "home")} == {
        "out": way == "out", "home": way == "home",
    }  # fmt: skip
    kept = Bars(why={HostName("p201"): "quarantined by eva"}, held=frozenset({HostName("p201")}))
    found = shown(sight(switches={HostName("p201"): record}, bars=kept))
    assert found['switches_stuck{way="home"}'] == 0


def test_leases_are_near_their_end_by_the_time_of_their_pages() -> None:
    """The age of the lends themselves was taken, which is days."""
    records = {HostName("p201"): build.record("p201", Stage.LENT, granted_at_s=NOW - 9e5)}
    assert shown(sight(switches=records, pages_at_s=NOW - 449))["leases_near_expiry"] == 0
    assert shown(sight(switches=records, pages_at_s=NOW - 451))["leases_near_expiry"] == 1
    assert shown(sight(switches=records, pages_at_s=NOW - 420), NOW + 35)["leases_near_expiry"] == 1


def test_a_daemon_that_has_just_begun_has_time_for_its_first_pages() -> None:
    """Each restart with hosts lent rang the pager: its pages were from 1970."""
    records = {HostName("p201"): build.record("p201", Stage.LENT, granted_at_s=NOW - 9e5)}
    for age_s, near in ((449, 0), (451, 1)):
        life = LIFE._replace(started_s=NOW - age_s)
        told = rows(sight(switches=records, pages_at_s=0.0), life, NOW, rows_seen)
        assert [row.value for row in told if row.name == "leases_near_expiry"] == [near]


def test_late_and_cooling_hosts_and_leaks_are_told() -> None:
    """Each was a line of `-s` that nobody looked at by night."""
    leaky = build.facts("p201", regular=build.regular(), keeper=build.keeper(leak_at_s=NOW - 60))
    troubles = dataclasses.replace(WELL, awaited={HostName("p202"): NOW - 61, HostName("p203"): NOW - 59}, problems=2)
    memories = {HostName("p201"): HostMemory(failures=1, not_before_s=NOW + 1), HostName("p202"): HostMemory()}
    figures = shown(sight(leaky, troubles=troubles, memories=memories))
    assert figures["last_leak_timestamp_seconds"] == NOW - 60
    assert (figures["hosts_late_home"], figures["hosts_cooling"], figures["problems"]) == (1, 1, 2)


@pytest.mark.parametrize(
    ("more", "cause"), [({"from_file": True}, "file"), ({"from_leak": True}, "leak"), ({}, "verb")]
)
def test_a_stop_has_one_cause(more: dict[str, Any], cause: str) -> None:
    """A stop for maintenance woke the security officer."""
    off = FlockOff(since_s=NOW, who="eva", why="x", until_s=None, from_file=False)
    off = dataclasses.replace(off, **more)
    figures = shown(sight(flockoff=off))
    assert {key: value for key, value in figures.items() if key.startswith("flockoff") and value} == {
        f'flockoff{{cause="{cause}"}}': 1
    }


@pytest.mark.parametrize(("age_s", "is_shown"), [(0, True), (69, True), (71, False), (-71, False)])
def test_a_look_is_shown_for_as_long_as_the_next_may_take(age_s: float, is_shown: bool) -> None:
    """Two silent collectors hold a look for forty seconds; a loop that hangs holds it for ever."""
    figures = shown(sight(build.idle_host("p201")), NOW + age_s)
    assert ('hosts{herd="local",state="local"}' in figures) == is_shown
    assert figures["blind"] == (not is_shown)
    assert figures["last_cycle_timestamp_seconds"] == NOW - 100


def test_the_logger_is_told_of_only_where_there_is_one() -> None:
    """Without a logger the alert on it fired for ever, so it was switched off where there was one."""
    assert not [name for name in shown(sight()) if "anchor" in name]
    anchored = Anchored(told_at_s=NOW - 60, every_s=120.0)
    figures = shown(sight(traced=dataclasses.replace(TRACED, anchored=anchored)))
    assert figures["trace_anchor_last_timestamp_seconds"] == NOW - 60
    assert figures["trace_anchor_period_seconds"] == 120


def test_gaps_are_counted_on_over_a_reload() -> None:
    """A reload begins to collect anew: the counter went back, and the next gaps were lost in what looked like a
    restart."""
    tally = Tally({}, TimerSettings())
    for gaps in (0, 2, 2, 5, 0, 1):
        tally.traced(gaps)
    assert tally.counts["trace_gaps_total", ()] == 6
