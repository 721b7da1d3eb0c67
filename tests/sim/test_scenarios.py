"""Incidents on the fake site, each found by the switch machine or told by an administrator."""

import dataclasses

import pytest

from shepherd.core.lease.encode import decode
from shepherd.model.lease import LeasePhase
from shepherd.model.observation import KeeperPhase
from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from shepherd.sim import faults
from shepherd.sim.jobs import Manners
from shepherd.sim.site import Site, SiteSpec

SPEC = SiteSpec(
    policy=PolicySettings(kind=PolicyKind.THRESHOLD, idle_jobs_threshold=4, lend_per_cycle=1, cooling_s=60),
    timers=TimerSettings(cycle_s=30, young_collector_s=100),
)


def lent_site(spec: SiteSpec = SPEC, manners: Manners = Manners.POLITE) -> Site:
    """Two of three hosts serve guests."""
    site = Site(spec)
    for _ in range(6):
        site.pools.guest_jobs.submit(50_000, manners)
    site.run(3)
    site.start_shepherd()
    site.run(120)
    assert len(lent(site)) == 2
    return site


def lent(site: Site) -> list[str]:
    """Hosts with guests."""
    return [host.name for host in site.hosts.values() if host.guests_alive]


def burst(site: Site, length_s: float = 30) -> None:
    """More local work than the local herd can do."""
    for _ in range(14):
        site.pools.local_jobs.submit(length_s)


def test_a_host_is_lent_again_soon_after_a_reclaim() -> None:
    """A keeper called the lease that was just over a problem until it lapsed: a quarter of an hour of idle hosts."""
    site = lent_site()
    burst(site)
    assert site.run_until(lambda: not lent(site), 30)
    site.run(1.5 * site.hosts["p201"].settings.poll_local_s)
    phases = {name: report.phase for name, report in site.pools.keepers.all().items()}
    assert phases == dict.fromkeys(site.hosts, KeeperPhase.IDLE)
    assert site.run_until(lambda: len(lent(site)) == 2, 300)
    assert site.breaches() == ()


def test_a_crash_loop_lends_no_faster_than_one_budget_a_cycle() -> None:
    """A shepherd that decided at once after every start would lend a host with each restart of a crash loop."""
    site = Site(dataclasses.replace(SPEC, timers=TimerSettings(cycle_s=900, young_collector_s=100)))
    site.pools.guest_jobs.submit(50_000, Manners.POLITE)
    site.run(103)
    site.start_shepherd()
    assert site.run_until(lambda: len(lent(site)) == 1, 300)
    for _ in range(6):
        site.shepherds[0].kill()
        site.start_shepherd()
        site.run(60)
    assert len(lent(site)) == 1
    assert site.run_until(lambda: len(lent(site)) == 2, 1000)


def test_a_reclaim_reaches_a_container_whose_keeper_is_not_heard() -> None:
    """A lent host whose keeper hung was missing from the snapshot, so its flocking master was never told to end."""
    site = lent_site()
    host = site.hosts[lent(site)[0]]
    faults.stop(site, host, "keeper")
    faults.restart_home(site)
    site.shepherds[0].kill()
    site.start_shepherd()
    site.run(20)
    burst(site, 300)
    assert site.run_until(lambda: not host.guests_alive, 30)
    assert site.breaches() == ()


@pytest.mark.parametrize("manners", Manners)
def test_a_reclaim_ends_within_its_ladder_whatever_the_guest_does(manners: Manners) -> None:
    """A guest's job that ignored SIGTERM, or left a daemon behind, kept a host from local work."""
    site = lent_site(manners=manners)
    burst(site, 300)
    ladder_s = site.spec.limits().ladder_s
    assert site.run_until(lambda: not lent(site), site.spec.timers.look_s + ladder_s + 4)
    assert site.breaches() == ()


def test_the_fence_is_what_keeps_a_startd_from_a_dying_container() -> None:
    """The kernel frees a killed PID 1's lock before the rest is dead; without the fence both sides overlapped."""
    for fenced, expected in ((True, ()), (False, ("1",))):
        site = lent_site()
        for name in lent(site):
            site.hosts[name].fenced = fenced
            faults.kill(site, site.hosts[name], "PID 1")
        site.run(5)
        assert tuple({breach.partition(":")[0] for breach in site.breaches()}) == expected


def test_a_revocation_made_while_nothing_can_be_recorded_outlives_its_shepherd() -> None:
    """The disk was full when the host was called home; the next daemon read its ledger and signed the lease again."""
    site = lent_site()
    name = lent(site)[0]
    for host in site.hosts.values():
        faults.stop(site, host, "keeper")
        faults.hang_commands(site, host)
    faults.fill_ledger(site)
    burst(site)
    assert site.run_until(lambda: revoked(site, name), 30)
    site.shepherds[0].kill()
    for job in site.pools.local_jobs.idle():
        site.pools.local_jobs.remove(job)
    faults.free_ledger(site)
    site.start_shepherd()
    site.run(10)
    assert revoked(site, name)


def revoked(site: Site, host: str) -> bool:
    """The host's lease page takes its lease back."""
    pages = [decode(page.payload) for page in site.pools.pages.all().values()]
    return any(lease.host == host and lease.phase is LeasePhase.REVOKED for page in pages for lease in page.leases)


def test_a_file_that_nobody_saw_stops_nothing_whatever_waits_for_a_refused_shepherd() -> None:
    """The simulator took words in the spool of a second, refused shepherd for a stop, and each lend a breach."""
    site = lent_site()
    site.start_shepherd("second")
    site.run(5)
    for _ in range(2):
        faults.flockoff(site)
        faults.flockon(site)
    site.run(60)
    faults.touch_flockoff(site)
    faults.lose_flockoff(site)
    assert any(spool.intents for spool in site.spools.values())
    assert site.meter.flockoff_since_s is None
    assert site.run_until(lambda: len(lent(site)) == 2, 300)
    assert site.breaches() == ()


def test_a_reboot_of_the_central_manager_throws_no_guest_off() -> None:
    """Collector and shepherd began together, knew no local host yet, and called lent hosts home for the reserve."""
    timers = TimerSettings(cycle_s=30, young_collector_s=600)
    site = lent_site(dataclasses.replace(SPEC, timers=timers))
    before = lent(site)
    site.shepherds[0].kill()
    faults.restart_home(site)
    site.run(20)
    site.start_shepherd()
    for _ in range(70):
        site.run(10)
        assert lent(site) == before
    assert site.breaches() == ()
