"""Bans on the fake site: whoever is banned does not run, whatever is restarted, and others are not disturbed."""

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shepherd.model.intents import IntentKind
from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from shepherd.sim import faults
from shepherd.sim.jobs import USER, Job
from shepherd.sim.site import IMAGE, Site, SiteSpec

SPEC = SiteSpec(
    policy=PolicySettings(kind=PolicyKind.THRESHOLD, idle_jobs_threshold=4, lend_per_cycle=1, cooling_s=60),
    timers=TimerSettings(cycle_s=30, young_collector_s=100),
    poll_flock_s=5.0,
)
EVE = "eve@campus"


def shared_site(spec: SiteSpec = SPEC) -> Site:
    """Two hosts are lent; on each runs a job of eve's and one of alice's."""
    site = Site(spec)
    for _ in range(3):
        site.pools.guest_jobs.submit(50_000, user=EVE)
        site.pools.guest_jobs.submit(50_000)
    site.run(3)
    site.start_shepherd()
    assert site.run_until(lambda: len(site.pools.guest_jobs.running()) == 4, 300)
    return site


def order(site: Site, kind: IntentKind, of: str, value: str) -> None:
    """What `shepherd ban` and `unban` leave."""
    site.spool_of("first").intents.append(site.intent(kind, kind=of, value=value))


def of(site: Site, user: str) -> list[Job]:
    """A user's running jobs."""
    return [job for job in site.pools.guest_jobs.running() if job.user == user]


def test_a_banned_users_jobs_end_in_seconds_and_others_go_on() -> None:
    """The only way to stop one user was to stop everybody."""
    site = shared_site()
    others = of(site, USER)
    order(site, IntentKind.BAN, "user", EVE)
    assert site.run_until(lambda: not of(site, EVE), 5)
    site.run(300)
    assert of(site, EVE) == []
    assert set(others) <= set(of(site, USER))
    assert all(job.evictions == 0 for job in others)
    assert site.breaches() == ()


def test_an_unban_lets_the_next_job_start() -> None:
    """A ban that could not be taken back was worse than none."""
    site = shared_site()
    order(site, IntentKind.BAN, "user", EVE)
    assert site.run_until(lambda: not of(site, EVE), 10)
    site.run(60)
    order(site, IntentKind.UNBAN, "user", EVE)
    assert site.run_until(lambda: bool(of(site, EVE)), 120)


def test_a_ban_ends_by_itself() -> None:
    """An expiry that only the shepherd knew kept a user out for as long as it was dead."""
    site = shared_site()
    ban = dataclasses.replace(site.intent(IntentKind.BAN, kind="user", value=EVE), for_s=120.0)
    site.spool_of("first").intents.append(ban)
    assert site.run_until(lambda: not of(site, EVE), 10)
    site.run(20)
    site.shepherds[0].kill()
    assert site.run_until(lambda: bool(of(site, EVE)), 200)


def test_a_host_evicts_by_itself_when_the_shepherds_own_order_does_not_arrive() -> None:
    """The flock pool's collector was down: with nothing but its tool, the shepherd stopped nobody."""
    site = shared_site()
    site.flock_look.vacate_works = False
    order(site, IntentKind.BAN, "user", EVE)
    assert site.run_until(lambda: not of(site, EVE), 15)
    site.run(60)
    assert of(site, EVE) == []


def test_a_banned_host_goes_home_and_stays() -> None:
    """A suspicious host was lent again in the next cycle."""
    site = shared_site()
    name = next(host.name for host in site.hosts.values() if host.guests_alive)
    order(site, IntentKind.BAN, "host", name)
    assert site.run_until(lambda: not site.hosts[name].guests_alive, 90)
    site.run(300)
    assert not site.hosts[name].guests_alive
    assert site.breaches() == ()


def test_a_banned_image_is_nowhere_any_more() -> None:
    """The image had a hole, and hosts that were lent with it went on for days."""
    site = shared_site()
    order(site, IntentKind.BAN, "image", IMAGE)
    assert site.run_until(lambda: not any(host.guests_alive for host in site.hosts.values()), 90)
    site.run(300)
    assert not any(host.guests_alive for host in site.hosts.values())
    assert "the image is banned" in str(site.ledger.present)


def test_a_ban_stands_when_nothing_can_be_recorded() -> None:
    """A full disk must not protect whoever filled it."""
    site = shared_site()
    site.ledger.full = True
    order(site, IntentKind.BAN, "user", EVE)
    assert site.run_until(lambda: not of(site, EVE), 10)
    site.run(30)
    site.shepherds[0].kill()
    site.start_shepherd()
    site.run(30)
    assert of(site, EVE) == []
    site.ledger.full = False
    assert site.run_until(lambda: not site.spool_of("first").waiting(), 60)
    assert site.ledger.last("bans") is not None


def test_an_unban_waits_until_it_can_be_recorded() -> None:
    """A successor would have banned again whom its predecessor had let in, and nobody could have said why."""
    site = shared_site()
    order(site, IntentKind.BAN, "user", EVE)
    assert site.run_until(lambda: not of(site, EVE), 10)
    site.ledger.full = True
    order(site, IntentKind.UNBAN, "user", EVE)
    site.run(120)
    assert of(site, EVE) == []
    site.ledger.full = False
    assert site.run_until(lambda: bool(of(site, EVE)), 120)


FAULTS = ("home collector", "shepherd", "vacate", "keeper", "flock startd", "PID 1")


def befall(site: Site, fault: str) -> None:
    """Something is restarted; what runs on hosts, on all of them."""
    match fault:
        case "home collector":
            faults.restart_home(site)
        case "shepherd":
            site.shepherds[-1].kill()
            site.start_shepherd()
        case "vacate":
            site.flock_look.vacate_works = not site.flock_look.vacate_works
        case part:
            for host in site.hosts.values():
                faults.kill(site, host, part)


@pytest.mark.limit(120)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(FAULTS), st.floats(0.5, 40)), min_size=1, max_size=5))
def test_whatever_is_restarted_a_banned_users_job_never_runs_for_long(story: list[tuple[str, float]]) -> None:
    """A fresh container, or a keeper that had just started, did not know of the ban."""
    site = shared_site()
    order(site, IntentKind.BAN, "user", EVE)
    site.run(25)
    assert of(site, EVE) == []
    ran_s = 0.0
    for fault, pause_s in story:
        befall(site, fault)
        until_s = site.now_s + pause_s
        while site.now_s < until_s:
            site.run(0.5)
            ran_s += 0.5 * bool(of(site, EVE))
    site.run(60)
    assert of(site, EVE) == []
    assert ran_s == 0.0
