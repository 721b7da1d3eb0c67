"""Quarantines on the fake site: what the shepherd, the pages and real keepers make of them, and of every death."""

import pytest

from shepherd.model.host import HostState
from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from shepherd.sim import faults
from shepherd.sim.host import Host
from shepherd.sim.site import Site, SiteSpec
from shepherd.views.present import present_from

SPEC = SiteSpec(
    hosts=2,
    policy=PolicySettings(
        kind=PolicyKind.THRESHOLD, idle_jobs_threshold=4, lend_per_cycle=2, reserve=0.0, cooling_s=60
    ),
    timers=TimerSettings(cycle_s=30, young_collector_s=100, lease_s=300),
    poll_flock_s=2.0,
)


@pytest.fixture
def site() -> Site:
    """Two hosts, lent, with guests."""
    site = Site(SPEC)
    for _ in range(4):
        site.pools.guest_jobs.submit(5000)
    site.start_shepherd()
    assert site.run_until(lambda: all(host.guests_alive for host in site.hosts.values()), 400)
    return site


def first(site: Site) -> Host:
    return next(iter(site.hosts.values()))


def home(host: Host) -> bool:
    return host.startd is not None and host.startd.accepts


def state_of(site: Site, host: Host) -> str:
    """As `shepherd -s` shows it."""
    site.run(10)
    shown = present_from(site.ledger.present)
    return next(one.state.value for one in shown.hosts if one.host == host.name)


def test_a_quarantined_container_is_frozen_looked_at_and_gone_within_15_seconds(site: Site) -> None:
    """The container that attacked somebody went on for a minute, and its tmpfs was gone when somebody looked."""
    host = first(site)
    faults.quarantine(site, host)
    assert site.run_until(lambda: host.is_frozen and host.is_cut, 4)
    assert site.run_until(lambda: home(host), 15)
    site.run(10)
    [files] = host.evidence.files.values()
    assert {"case.json", "manifest.json", "dockerd.json", "take1/index.jsonl"} <= set(files)
    assert not host.is_cut
    assert len(host.evidence.lines) == 1
    assert site.breaches() == ()


def test_it_is_local_and_not_lent_again_until_it_is_released(site: Site) -> None:
    """A host whose guest was suspected had the next guest a minute later, on the same kernel."""
    host = first(site)
    faults.quarantine(site, host)
    site.run(900)
    assert home(host)
    assert state_of(site, host) == HostState.LOCAL.value
    faults.release(site, host)
    assert site.run_until(lambda: host.guests_alive, 400)
    assert site.breaches() == ()


def test_a_kept_host_stays_frozen_until_it_is_released(site: Site) -> None:
    """Somebody wanted to look at the machine as it was, and found it at work."""
    host = first(site)
    faults.quarantine_and_keep(site, host)
    site.run(2000)
    assert host.is_frozen
    assert host.is_cut
    assert state_of(site, host) == HostState.HELD.value
    assert site.breaches() == ()
    faults.release(site, host)
    assert site.run_until(lambda: home(host), 15)
    assert site.breaches() == ()


@pytest.mark.parametrize("part", ["keeper", "dockerd"])
@pytest.mark.parametrize("after_s", [0.5, 2.0, 3.0, 4.5, 6.0, 8.0])
def test_whatever_dies_meanwhile_the_host_comes_home(site: Site, part: str, after_s: float) -> None:
    """A keeper that was restarted left a frozen container with the lock for ever."""
    host = first(site)
    faults.quarantine(site, host)
    site.run(after_s)
    faults.kill(site, host, part)
    assert site.run_until(lambda: home(host), 30)
    site.run(60)
    assert [files for files in host.evidence.files.values() if "manifest.json" not in files] == []
    assert site.breaches() == ()


@pytest.mark.parametrize("part", ["keeper", "dockerd"])
def test_a_kept_host_stays_kept_whatever_dies(site: Site, part: str) -> None:
    """A keeper's upgrade let the container go on with what it had been doing."""
    host = first(site)
    faults.quarantine_and_keep(site, host)
    site.run(20)
    if part == "dockerd":
        faults.stop(site, host, part)
    else:
        faults.kill(site, host, part)
    site.run(900)
    assert host.is_frozen
    assert not home(host)
    assert site.breaches() == ()


@pytest.mark.parametrize("after_s", [0.5, 2.5, 4.0, 30.0])
def test_after_a_reboot_the_host_is_local_and_what_was_kept_is_listed(site: Site, after_s: float) -> None:
    """Evidence of a host that was rebooted lay there without any hash, and proved nothing."""
    host = first(site)
    faults.quarantine_and_keep(site, host)
    site.run(after_s)
    faults.reboot(site, host)
    assert site.run_until(lambda: home(host), 200)
    site.run(120)
    assert [files for files in host.evidence.files.values() if "manifest.json" not in files] == []
    assert site.breaches() == ()


def test_a_quarantine_holds_when_nothing_can_be_recorded_and_a_release_does_not(site: Site) -> None:
    """The disk was full, and the attack went on."""
    host = first(site)
    faults.fill_ledger(site)
    faults.quarantine_and_keep(site, host)
    assert site.run_until(lambda: host.is_frozen, 10)
    faults.release(site, host)
    site.run(60)
    assert host.is_frozen
    faults.free_ledger(site)
    assert site.run_until(lambda: home(host), 60)


def test_a_quarantine_of_a_local_host_holds_it_from_lending_at_once(site: Site) -> None:
    """A container's end came before the order; the order waited for a container for ever."""
    host = first(site)
    faults.flockoff(site)
    assert site.run_until(lambda: home(host), 200)
    site.run(30)
    faults.quarantine(site, host)
    site.run(90)
    assert host.keeper is not None
    assert host.keeper.keeper is not None
    assert site.pools.keepers.all()[host.name].quarantine.startswith(f"q-{host.name}-")
    faults.flockon(site)
    site.run(600)
    assert not host.guests_alive
    assert site.hosts["p202"].guests_alive
    assert site.breaches() == ()
