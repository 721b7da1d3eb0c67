"""Who ran what on the fake site, while its parts die."""

import pytest

from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from shepherd.model.trace import JobBegun, JobEnded, StayBegun, StayEnded
from shepherd.sim import faults, tracing
from shepherd.sim.site import Site, SiteSpec

SPEC = SiteSpec(
    hosts=2,
    policy=PolicySettings(kind=PolicyKind.THRESHOLD, idle_jobs_threshold=4, lend_per_cycle=1, reserve=0.5),
    timers=TimerSettings(cycle_s=20, lease_s=200),
)


def busy_site(jobs: int = 60, length_s: float = 5.0) -> Site:
    """A host that is lent, and guests' jobs of seconds."""
    site = Site(SPEC)
    for _ in range(jobs):
        site.pools.guest_jobs.submit(length_s)
    site.run(30)
    site.start_shepherd()
    site.run(60)
    assert any(host.guests_alive for host in site.hosts.values())
    return site


def faults_in(site: Site) -> list[str]:
    return list(tracing.wrong(site.hosts.values(), site.trace))


@pytest.mark.parametrize("part", ["keeper", "PID 1", "flock master", "flock startd", "dockerd"])
@pytest.mark.parametrize("times", [1, 4])
def test_no_job_is_missing_whatever_is_killed(part: str, times: int) -> None:
    """Jobs of five seconds, and something of the host dies every few of them."""
    site = busy_site()
    for _ in range(times):
        for host in site.hosts.values():
            faults.kill(site, host, part)
        site.run(17.3)
    site.run(400)
    assert sum(len(host.runs) for host in site.hosts.values()) >= 2
    assert faults_in(site) == []


def test_what_was_recorded_while_no_shepherd_ran_is_collected_by_the_next() -> None:
    """A shepherd that was away for ten minutes had forgotten ten minutes."""
    site = busy_site(jobs=16)
    site.shepherds[-1].kill()
    site.run(120)
    before = len(site.trace.records())
    site.start_shepherd()
    site.run(400)
    told = site.trace.records()
    assert len(told) > before
    ran = {(host.name, run.container, str(run.saying.starter)) for host in site.hosts.values() for run in host.runs}
    begun = {(one.host, one.container, one.begun.partition("/")[2]) for one in told if isinstance(one, JobBegun)}
    assert begun == ran
    assert len([one for one in told if isinstance(one, JobEnded)]) == len(ran)


def test_hosts_drop_what_is_stored_and_nothing_else() -> None:
    """A host's disk filled up because nobody told it what is stored."""
    site = busy_site()
    site.run(600)
    lent = max(site.hosts.values(), key=lambda host: len(host.runs))
    assert site.trace.stored()[lent.name] > 3
    assert len(lent.spool.segments) <= 8
    assert min(lent.spool.segments) > 20
    assert faults_in(site) == []


def test_a_host_is_in_one_herd_at_any_time() -> None:
    """Two stays of a host at one moment: the letter's address belonged to two containers."""
    site = busy_site()
    for _ in range(20):
        site.pools.local_jobs.submit(60)
    site.run(500)
    for host in site.hosts.values():
        told = [one for one in tracing.recorded([host], site.trace) if getattr(one, "host", "") == host.name]
        stays = [one for one in told if isinstance(one, StayBegun | StayEnded)]
        kinds = [type(one) for one in stays]
        assert kinds == [StayBegun if number % 2 == 0 else StayEnded for number in range(len(kinds))]
        assert {one.herd for one in stays if isinstance(one, StayBegun)} >= {"local"}


def test_the_check_finds_what_is_wrong() -> None:
    """A check that cannot fail proved for a year that nothing was missing."""
    site = busy_site()
    site.run(200)
    assert faults_in(site) == []
    host = max(site.hosts.values(), key=lambda one: len(one.runs))
    host.runs[0].began_s -= 5.0
    host.runs[1].container = "another"
    assert len(faults_in(site)) == 2
