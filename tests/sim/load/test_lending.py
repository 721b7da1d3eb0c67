"""Hosts are lent and taken back in the simulator by the daemon's own decisions and moves."""

import pytest

from shepherd.model.orders import Stage
from shepherd.model.settings import PolicyKind, PolicySettings
from shepherd.model.workload import GuestLoad
from tests.sim.load.pools import HOUR_S, SHORT, decided, each_turn, jobs_at, lent, load, run_to

ALL_HEED = GuestLoad(median_s=HOUR_S, sigma=0.1, heeding=1.0)
NONE_HEEDS = GuestLoad(median_s=HOUR_S, sigma=0.1, heeding=0.0)


def test_an_idle_pool_is_lent_down_to_its_reserve() -> None:
    """The reserve was kept by luck: nobody had looked at a pool without any local job."""
    pool = decided(load(hours=4), policy=PolicySettings(kind=PolicyKind.DEMAND, reserve=0.25))
    run_to(pool, 3 * HOUR_S)
    assert len(lent(pool)) == 6
    assert pool.reserve_violations == 0
    assert pool.guests.busy_cpus == pytest.approx(24, abs=3)


def test_a_burst_brings_hosts_home_within_one_reclaim_and_one_cycle() -> None:
    """A local job waited for guests until the next five-minute cycle."""
    pool = decided(load(jobs_at(2 * HOUR_S, 32, 600.0), hours=4, guests=NONE_HEEDS))
    run_to(pool, 2 * HOUR_S + 600.0)
    assert len(pool.local.waits) == 32
    assert max(pool.local.waits) < 10.0 + 5.0 + 61.0
    assert pool.local.evicted == 0


def test_guests_have_their_notice() -> None:
    """Guests' jobs were thrown off without the minute that they had been promised."""
    pool = decided(load(jobs_at(2 * HOUR_S, 32, 600.0), hours=4, guests=ALL_HEED))
    run_to(pool, 2 * HOUR_S + 600.0)
    took = pool.switching.reclaims_took_s
    assert took
    assert 60.0 < min(took) <= max(took) < 64.0


def test_a_host_that_a_local_job_takes_first_is_not_drained() -> None:
    """A lend that came too late threw a local job off."""
    burst = jobs_at(330.0, 32, HOUR_S)
    pool = decided(load(burst, hours=3))
    each_turn(pool, 0.5, lambda: _never_both(pool))
    run_to(pool, 2 * HOUR_S)
    assert (pool.local.evicted, len(pool.local.waits)) == (0, 32)


def _never_both(pool) -> None:
    for machine in pool.machines:
        assert not (machine.regular and machine.flock_since_s is not None)


def test_what_was_given_is_kept_or_lost() -> None:
    """Guests' figures added up to more than the pool had."""
    pool = decided(load(jobs_at(2 * HOUR_S, 32, 600.0), hours=4, guests=SHORT))
    run_to(pool, 4 * HOUR_S)
    pool.guests.finish(pool.machines)
    assert 0.0 < pool.guests.lost_core_s < pool.guests.given_core_s < 24 * 4 * HOUR_S


def test_a_guest_that_is_done_within_its_notice_loses_nothing() -> None:
    """Work that was finished and brought home was counted as thrown away."""
    brief = GuestLoad(median_s=30.0, sigma=0.01, heeding=1.0)
    pool = decided(load(jobs_at(2 * HOUR_S, 32, 600.0), hours=4, guests=brief))
    run_to(pool, 3 * HOUR_S)
    assert pool.switching.reclaims > 0
    assert pool.guests.lost_core_s == 0.0


def test_one_seed_gives_one_course() -> None:
    """A figure that nobody could get again was believed for a week."""
    courses = []
    for _ in range(2):
        pool = decided(load(jobs_at(HOUR_S, 32, 600.0)), seed=5)
        run_to(pool, 2 * HOUR_S)
        courses.append((pool.course, pool.local.waits, pool.guests.given_core_s, pool.switching.reclaims_took_s))
    assert courses[0] == courses[1]


def test_a_lend_takes_as_long_as_on_the_real_site() -> None:
    """Simulated switches that cost nothing made a policy that flaps look best."""
    pool = decided(load(hours=2))
    run_to(pool, 2 * HOUR_S)
    assert len(pool.keepers.unserved_s) == 6
    assert 0.8 < min(pool.keepers.unserved_s) <= max(pool.keepers.unserved_s) < 2.8
    assert {record.stage for record in pool.switching.records.values()} == {Stage.LENT}
