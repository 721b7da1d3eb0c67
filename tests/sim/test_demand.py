"""The demand policy on the fake site, under the daemon's own loop: who comes home, when, and who stays out."""

from shepherd.model.demand import Resources
from shepherd.model.entry import EntryKind
from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from shepherd.sim.site import Site, SiteSpec

POLICY = PolicySettings(kind=PolicyKind.DEMAND, lend_share=1.0, quiet_s=30, stuck_s=120, reserve=0.25, wait_target_s=0)
SPEC = SiteSpec(
    hosts=8, slots=4, policy=POLICY, timers=TimerSettings(cycle_s=30, young_collector_s=100, graceful_s=10, fast_s=5)
)
SPARE = 2
"""Hosts that the reserve keeps."""


def lent(site: Site) -> set[str]:
    """Hosts that serve guests."""
    return {host.name for host in site.hosts.values() if host.guests_alive}


def said(site: Site) -> str:
    """The last cycle in one sentence."""
    found = site.ledger.last(EntryKind.VERDICT.value)
    return str(found.body["sentence"]) if found else ""


def lent_site(spec: SiteSpec = SPEC) -> Site:
    """All but the reserve is lent, and guests use it."""
    site = Site(spec)
    for _ in range(spec.hosts * spec.slots):
        site.pools.guest_jobs.submit(50_000)
    site.run(103)
    site.start_shepherd()
    assert site.run_until(lambda: len(lent(site)) == spec.hosts - SPARE, 900)
    return site


def submit(site: Site, jobs: int, length_s: float = 600, cpus: int = 1) -> None:
    for _ in range(jobs):
        site.pools.local_jobs.submit(length_s, asks=Resources(cpus=cpus, memory_mib=1024 * cpus))


def test_only_as_many_hosts_come_home_as_the_jobs_need() -> None:
    """One user's ten jobs sent six hundred guests away, because the rule knew all or nothing."""
    site = lent_site()
    submit(site, 4 * SPARE + 3)
    assert site.run_until(lambda: len(lent(site)) == site.spec.hosts - SPARE - 1, 60)
    site.run(100)
    assert len(lent(site)) == site.spec.hosts - SPARE - 1
    assert not site.pools.local_jobs.idle()
    assert site.breaches() == ()


def test_jobs_that_local_hosts_take_bring_nobody_home() -> None:
    """The reserve stood idle while guests were thrown off for jobs that it had room for."""
    site = lent_site()
    before = lent(site)
    submit(site, 4 * SPARE)
    site.run(200)
    assert lent(site) == before
    assert not site.pools.local_jobs.idle()


def test_a_burst_is_home_within_a_look_and_its_ladder() -> None:
    """Local users had waited five minutes for hosts that stood next to them."""
    site = lent_site()
    submit(site, 40)
    limits = site.spec.limits()
    within_s = limits.look_s + limits.ladder_s + limits.poll_s + limits.back_s
    assert site.run_until(lambda: not lent(site), within_s)


def test_jobs_that_no_host_could_take_bring_nobody_home() -> None:
    """Six hundred jobs with a typo in their memory kept a pool from guests for a month."""
    site = lent_site()
    before = lent(site)
    submit(site, 600, cpus=64)
    site.run(300)
    assert lent(site) == before
    assert "600 fit no host" in said(site)


def test_jobs_that_wait_for_something_else_keep_no_hosts_for_long() -> None:
    """A licence that was out, a limit, a site's own requirements: the jobs wait, and every host waits with them."""
    site = lent_site()
    for host in site.hosts.values():
        host.refuses_local = True
    submit(site, 12)
    site.run(60)
    assert len(lent(site)) < site.spec.hosts - SPARE
    assert site.run_until(lambda: len(lent(site)) == site.spec.hosts - SPARE, 1200)
    assert "12 wait for something else than hosts" in said(site)
    site.run(600)
    assert len(lent(site)) == site.spec.hosts - SPARE
    for host in site.hosts.values():
        host.refuses_local = False
    assert site.run_until(lambda: not site.pools.local_jobs.idle(), 300)


def test_hosts_that_come_home_are_not_lent_again_before_they_were_quiet() -> None:
    """A burst every few minutes had sent the same hosts out and home all day, and guests lost all of it."""
    site = lent_site()
    submit(site, 40, length_s=60)
    assert site.run_until(lambda: not lent(site), 60)
    worked_s: dict[str, float] = {}

    def one_is_lent() -> bool:
        busy = [name for name, host in site.hosts.items() if host.startd and host.startd.jobs]
        worked_s.update(dict.fromkeys(busy, site.events.now_s))
        return bool(lent(site))

    assert site.run_until(one_is_lent, 600)
    assert all(site.events.now_s - worked_s[host] >= POLICY.quiet_s for host in lent(site))


def test_what_the_policy_remembers_goes_through_a_restart() -> None:
    """Each restart of the daemon believed the jobs anew that no host takes, and took all hosts home for them."""
    site = lent_site()
    for host in site.hosts.values():
        host.refuses_local = True
    submit(site, 12)
    assert site.run_until(lambda: "wait for something else" in said(site), 900)
    assert site.run_until(lambda: len(lent(site)) == site.spec.hosts - SPARE, 900)
    before = lent(site)
    site.shepherds[0].kill()
    site.run(5)
    site.start_shepherd()
    site.run(120)
    assert lent(site) == before
    assert site.ledger.last(EntryKind.PAST.value) is not None


def test_a_schedd_that_is_lost_neither_lends_nor_reclaims() -> None:
    """Absence is not evidence."""
    site = lent_site()
    before = lent(site)
    site.pools.local_jobs.alive = False
    site.run(300)
    assert lent(site) == before
    assert site.breaches() == ()
