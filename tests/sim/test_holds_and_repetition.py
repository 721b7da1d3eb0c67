"""What must stay as a human left it, and what must not wear out, on the fake site."""

import pytest

from shepherd.model.host import LeaseId
from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from shepherd.sim import faults
from shepherd.sim.host import Host
from shepherd.sim.site import Site, SiteSpec

SPEC = SiteSpec(
    hosts=1,
    policy=PolicySettings(kind=PolicyKind.THRESHOLD, idle_jobs_threshold=4, reserve=0.0, cooling_s=10),
    timers=TimerSettings(cycle_s=10, look_s=5, lease_s=200),
    poll_local_s=5,
)
MOMENTS = [0.0, 2.0, 4.0, 6.0, 8.0, 9.0, 9.6, 10.0, 10.2, 10.4, 10.8, 11.2, 12.0, 14.0, 30.0]
"""Seconds after the shepherd's start: before, during and after the lend."""


def site_after(seconds: float) -> tuple[Site, Host]:
    """One idle host, guests waiting, and a shepherd that began so long ago."""
    site = Site(SPEC)
    for _ in range(2):
        site.pools.guest_jobs.submit(50_000)
    site.run(5)
    site.start_shepherd()
    site.run(seconds)
    return site, next(iter(site.hosts.values()))


def is_lent(host: Host) -> bool:
    """Guests live on it."""
    return host.guests_alive


def test_the_moments_lie_before_within_and_after_a_lend() -> None:
    """A list of moments that misses the drain would show nothing of it."""
    seen = {site_after(moment)[1].guests_alive for moment in MOMENTS}
    drained = {site_after(moment)[1].drained_by_us for moment in MOMENTS}
    assert seen == {False, True}
    assert drained == {False, True}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_humans_condor_off_is_never_undone(moment: float) -> None:
    """An administrator who took a host off for a repair found it at work again."""
    site, host = site_after(moment)
    faults.human_off(site, host)
    site.run(600)
    assert host.master is not None
    assert host.master.off
    assert host.startd is None
    assert not host.guests_alive
    assert site.breaches() == ()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_humans_drain_is_never_cancelled(moment: float) -> None:
    """A drain that another tool, or a person, had begun was taken for the shepherd's own."""
    site, host = site_after(moment)
    if host.startd is None or host.drained_by_us:
        site.run_until(lambda: host.guests_alive, 60)
    faults.human_drain(site, host)
    was_drained = host.human_holds
    site.run(600)
    assert host.human_holds == was_drained
    assert site.breaches() == ()


def test_twenty_lends_in_a_short_time_wear_nothing_out() -> None:
    """A restart back-off that grows, or obituary mail, would punish a site for using what it bought."""
    site, host = site_after(0)
    for _ in range(20):
        assert site.run_until(lambda: host.guests_alive, 60)
        faults.flockoff(site)
        assert site.run_until(lambda: host.startd is not None and not host.guests_alive, 60)
        faults.flockon(site)
        site.run(20)
    leases: set[LeaseId] = {LeaseId(lease) for lease in site.meter.tallies[host.name].containers}
    assert len(leases) >= 20
    assert site.meter.tallies[host.name].unserved_s < 15
    assert site.breaches() == ()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_shepherd_stopped_for_longer_than_a_lease_does_no_harm_when_it_goes_on(moment: float) -> None:
    """It wakes with beliefs of half an hour ago, and could order by them."""
    site, host = site_after(moment)
    shepherd = site.shepherds[0]
    shepherd.stop()
    site.run(SPEC.timers.lease_s + 400)
    assert not is_lent(host)
    shepherd.cont()
    site.run(120)
    assert is_lent(host)
    assert site.breaches() == ()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_reboot_at_any_moment_ends_the_lend_and_nothing_else(moment: float) -> None:
    """After a power cut the host must be local at once, and a lease of the boot before must be worthless."""
    site, host = site_after(moment)
    before = set(site.meter.tallies[host.name].containers)
    site.shepherds[0].kill()
    faults.reboot(site, host)
    site.run(100)
    assert host.startd is not None
    assert not host.startd.draining
    assert set(site.meter.tallies[host.name].containers) == before
    assert site.breaches() == ()
