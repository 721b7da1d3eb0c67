"""Figures of real loops on the fake site: true, and gone where nobody may believe them."""

import dataclasses
from collections.abc import Callable

import pytest

from shepherd.model.settings import TimerSettings
from shepherd.sim import faults
from shepherd.sim.site import Site, SiteSpec
from tests.metrics.shown import Series, series
from tests.sim.test_alerts import SPEC as WATCHED
from tests.sim.test_scenarios import SPEC, burst, lent, lent_site

Act = Callable[[Site], None]


def shown(site: Site) -> Series:
    """By the newest shepherd, at this moment."""
    return series(site.shepherds[-1].metering.figures())


def total(figures: Series, name: str) -> float:
    """Over all labels."""
    return sum(value for key, value in figures.items() if key.partition("{")[0] == name)


def blind_on(figures: Series) -> set[str]:
    """Which of these are not shown."""
    told = {key.partition("{")[0] for key in figures}
    return {"hosts", "cpus", "reserve_kept", "local_jobs", "guest_cpus"} - told


def test_lends_and_reclaims_are_counted_and_timed() -> None:
    """The histogram began when the container was gone, and told of half a second."""
    site = lent_site()
    before = shown(site)
    assert (before["lends_ordered_total"], before["lends_done_total"]) == (2, 2)
    assert before["lend_latency_seconds_count"] == 2
    assert 0 < before["lend_latency_seconds_sum"] < 2 * site.spec.timers.arm_deadline_s
    began_s = site.now_s
    burst(site)
    site.run_until(lambda: total(shown(site), "reclaims_done_total") == 2, 60)
    took_s, figures = site.now_s - began_s, shown(site)
    assert figures['reclaims_ordered_total{reason="local_work"}'] == 2
    assert figures['reclaims_done_total{reason="local_work"}'] == 2
    assert total(figures, "reclaims_ordered_total") == 2
    assert figures["reclaim_latency_seconds_count"] == 2
    assert 2.0 < figures["reclaim_latency_seconds_sum"] <= 2 * took_s
    assert figures['steps_total{result="done",step="off_graceful"}'] == 2


def test_a_reclaim_that_outlives_the_shepherd_has_its_whole_time() -> None:
    """After each upgrade the reclaims under way looked like the fastest of the year."""
    site = lent_site()
    faults.touch_flockoff(site)
    site.run_until(lambda: total(shown(site), "reclaims_ordered_total") == 2, 20)
    site.shepherds[0].kill()
    site.run(40)
    site.start_shepherd()
    site.run_until(lambda: len(site.shepherds) == 1 and site.shepherds[0].shepherd is not None, 5)
    site.run_until(lambda: total(shown(site), "reclaims_done_total") == 2, 60)
    figures = shown(site)
    assert figures['reclaims_done_total{reason="flockoff"}'] == 2
    assert figures["reclaim_latency_seconds_sum"] >= 80
    assert total(figures, "reclaims_ordered_total") == 0


def test_herds_and_stops_are_as_they_are() -> None:
    """The graph showed three herds of zero hosts during the whole stop."""
    site = lent_site()
    figures = shown(site)
    assert figures['hosts{herd="flock",state="flock"}'] == 2
    assert figures['hosts{herd="local",state="local"}'] == 1
    assert figures['leases{stage="lent"}'] == 2
    assert (figures["reserve_kept"], figures["blind"], figures["ledger_writable"], figures["alone"]) == (1, 0, 1, 1)
    assert figures['cpus{herd="flock"}'] == 2 * figures['cpus{herd="local"}']
    assert total(figures, "flockoff") == 0
    faults.touch_flockoff(site)
    site.run_until(lambda: not lent(site), 60)
    site.run(30)
    figures = shown(site)
    assert figures['flockoff{cause="file"}'] == 1
    assert total(figures, "flockoff") == 1
    assert figures['hosts{herd="local",state="local"}'] == 3


def test_local_hosts_that_cannot_be_lent_are_counted_by_what_keeps_them() -> None:
    """Keepers were gone from a third of the hosts after an upgrade: all were local, all green, and nothing was lent."""
    site = lent_site()
    assert total(shown(site), "hosts_barred") == 0
    faults.touch_flockoff(site)
    site.run_until(lambda: not lent(site), 60)
    for host in list(site.hosts.values())[:2]:
        faults.stop(site, host, "keeper")
    site.run(2 * site.spec.timers.stale_factor * site.spec.timers.ad_period_s)
    figures = shown(site)
    assert figures['hosts{herd="local",state="local"}'] == 3
    assert figures['hosts_barred{why="keeper"}'] == total(figures, "hosts_barred") == 2


def test_a_silent_collector_shows_no_last_good_numbers() -> None:
    """The home collector was down since Friday; the wall showed Friday's hosts, all of them green, on Monday."""
    site = lent_site()
    good = shown(site)
    assert blind_on(good) == set()
    faults.silence_home(site)
    site.run(2 * site.spec.timers.look_s)
    figures = shown(site)
    assert blind_on(figures) >= {"hosts", "cpus", "reserve_kept", "local_jobs"}
    assert figures["blind"] == 1
    assert figures['source_up{source="home_startds"}'] == figures['source_up{source="queue"}'] == 0
    age = 'source_last_good_timestamp_seconds{source="home_startds"}'
    assert 0 < figures[age] <= good["last_look_timestamp_seconds"]
    assert figures['source_errors_total{class="silent",source="home_startds"}'] >= 1
    assert figures['leases{stage="lent"}'] == 2
    assert figures["last_look_timestamp_seconds"] > good["last_look_timestamp_seconds"]


def test_a_loop_that_hangs_shows_that_alone() -> None:
    """The daemon hung in a call for a day; its own thread for metrics answered as if it were well."""
    site = lent_site()
    running = site.shepherds[0]
    good = shown(site)
    running.stop()
    site.run(600)
    figures = shown(site)
    assert figures["blind"] == 1
    assert total(figures, "source_up") == 0
    assert figures["last_look_timestamp_seconds"] == good["last_look_timestamp_seconds"]
    gone = {key.partition("{")[0] for key in good.keys() - figures.keys()}
    assert gone >= {"hosts", "leases", "flockoff", "bans", "ledger_writable", "alone", "problems", "leases_near_expiry"}
    running.cont()
    site.run(2 * site.spec.timers.look_s)
    assert shown(site)["blind"] == 0


def test_before_the_first_look_nothing_is_well() -> None:
    """A daemon that never finished a look passed for one without hosts."""
    site = Site(dataclasses.replace(SPEC))
    site.start_shepherd()
    site.run(0.01)
    running = site.shepherds[0]
    running.metering._sight = None
    figures = shown(site)
    assert (figures["blind"], figures["last_look_timestamp_seconds"]) == (1, 0)
    assert blind_on(figures) == {"hosts", "cpus", "reserve_kept", "local_jobs", "guest_cpus"}


def test_while_nothing_can_be_recorded_reclaims_are_counted_and_the_loss_is() -> None:
    """The figures stood still with the ledger, so the reclaims of that day were never on a graph."""
    site = lent_site()
    faults.fill_ledger(site)
    burst(site, 60)
    site.run_until(lambda: total(shown(site), "reclaims_done_total") == 2, 60)
    figures = shown(site)
    assert (figures["ledger_writable"], figures["ledger_lost_entries_total"] > 0) == (0, True)
    assert 0 < site.pools.wall_s() - figures["ledger_gap_start_timestamp_seconds"] < 100
    assert figures["lends_ordered_total"] == 2
    faults.free_ledger(site)
    site.run(2 * site.spec.timers.look_s)
    assert (shown(site)["ledger_writable"], shown(site)["ledger_gap_start_timestamp_seconds"]) == (1, 0)


@pytest.mark.parametrize(
    ("wrong", "right"), [(faults.silence_home, None), (faults.fill_ledger, faults.free_ledger)], ids=["blind", "ledger"]
)
def test_a_cycle_in_which_nothing_could_be_lent_is_none(wrong: Act, right: Act | None) -> None:
    """Nothing was lent for two days; `ShepherdNoCycle`, which is to tell of that, saw a cycle every five minutes."""
    site = lent_site()
    cycle_s = site.spec.timers.cycle_s
    last_s = shown(site)["last_cycle_timestamp_seconds"]
    wrong(site)
    site.run(5 * cycle_s)
    assert shown(site)["last_cycle_timestamp_seconds"] <= last_s + cycle_s
    assert site.pools.wall_s() - shown(site)["last_cycle_timestamp_seconds"] > 3 * cycle_s
    if right is not None:
        right(site)
        site.run(2 * cycle_s)
        assert site.pools.wall_s() - shown(site)["last_cycle_timestamp_seconds"] <= cycle_s


def test_a_blind_shepherd_that_is_restarted_has_lent_nothing_since() -> None:
    """Each restart of a blind daemon began the time of `ShepherdNoCycle` anew, and somebody restarted it each hour."""
    site = lent_site()
    cycle_s = site.spec.timers.cycle_s
    last_s = shown(site)["last_cycle_timestamp_seconds"]
    faults.silence_home(site)
    site.run(5 * cycle_s)
    site.shepherds[0].kill()
    site.run(30)
    site.start_shepherd()
    site.run(3 * cycle_s)
    assert len(site.shepherds) == 1
    assert 0 < shown(site)["last_cycle_timestamp_seconds"] <= last_s + cycle_s


def test_local_work_that_waits_beside_lent_hosts_is_counted() -> None:
    """Hosts did not come home, jobs waited for an hour, and only the report of the month knew."""
    site = lent_site()
    assert shown(site)["local_jobs_blocked"] == 0
    for name in lent(site):
        faults.cut_private(site, site.hosts[name])
        faults.cut_flock(site, site.hosts[name])
    for _ in range(14):
        site.pools.local_jobs.submit(900)
    site.run(3 * site.spec.timers.look_s)
    figures = shown(site)
    assert len(lent(site)) == 2
    assert figures["local_jobs_blocked"] == 2 * site.spec.slots
    assert figures['local_jobs{state="idle"}'] > 2 * site.spec.slots


def test_leases_that_are_not_renewed_are_told_long_before_they_lapse() -> None:
    """The collector refused pages for a quarter of an hour; the first to be told were the guests."""
    site = lent_site()
    assert shown(site)["leases_near_expiry"] == 0
    faults.silence_home(site)
    site.run(0.4 * site.spec.timers.lease_s)
    assert shown(site)["leases_near_expiry"] == 0
    site.run(0.2 * site.spec.timers.lease_s)
    assert shown(site)["leases_near_expiry"] == len(lent(site)) == 2


def test_a_host_whose_keeper_is_dead_on_the_way_home_is_stuck() -> None:
    """It was leaving, for a week, and a state has no age on a graph."""
    site = lent_site()
    host = site.hosts[lent(site)[0]]
    faults.stop(site, host, "keeper")
    faults.touch_flockoff(site)
    site.run(100)
    assert shown(site)['switches_stuck{way="home"}'] == 0
    site.run(100)
    figures = shown(site)
    assert (figures['switches_stuck{way="home"}'], figures['switches_stuck{way="out"}']) == (1, 0)


def test_what_icinga_owes_is_counted_only_where_it_is_used() -> None:
    """Without Icinga the alert on it fired for ever, so it was switched off where it was used, too."""
    assert "icinga_up" not in shown(lent_site())
    site = Site(dataclasses.replace(SPEC, icinga=WATCHED.icinga))
    site.start_shepherd()
    site.run(200)
    assert (shown(site)["icinga_up"], shown(site)["icinga_silences_owed"]) == (1, 0)
    faults.icinga_silent(site)
    faults.touch_flockoff(site)
    site.run(60)
    figures = shown(site)
    assert figures["icinga_up"] == 0
    assert figures["problems"] >= 1


def test_a_slow_pool_is_on_the_histogram_of_looks() -> None:
    """Looks took longer every week, and nobody had a number for it."""
    spec = SiteSpec(timers=TimerSettings(cycle_s=30, young_collector_s=100))
    site = Site(spec)
    site.start_shepherd()
    site.run(65)
    figures = shown(site)
    assert figures['look_duration_seconds_count{kind="cycle"}'] >= 2
    assert figures['look_duration_seconds_count{kind="look"}'] >= 3
