"""The fake site while nothing can be recorded: hosts come home, and the record catches up."""

from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import HostName, HostState
from shepherd.programs.switches import Switches
from shepherd.sim import faults
from shepherd.sim.jobs import Manners
from shepherd.sim.site import Site
from shepherd.views.present import present_from
from tests.sim.test_scenarios import SPEC, burst, lent, lent_site, revoked


def home_on_a_full_disk() -> Site:
    """Two lent hosts came home, and nothing of it is on record."""
    site = lent_site()
    faults.fill_ledger(site)
    burst(site, 60)
    assert site.run_until(lambda: not lent(site), 30)
    site.run(site.spec.timers.look_s + 20)
    return site


def switches(site: Site) -> Switches:
    """Those of the newest shepherd."""
    running = site.shepherds[-1].shepherd
    assert running is not None
    return running.switches


def records(site: Site) -> list[str]:
    """The switches that the newest shepherd follows."""
    return list(switches(site).records)


def since_the_gap(site: Site) -> list[Entry]:
    """Everything recorded after the disk was freed."""
    kinds = [entry.kind for entry in site.ledger.entries]
    return site.ledger.entries[kinds.index(EntryKind.GAP) :]


def calm(site: Site) -> None:
    """No local work any more: hosts are lent again."""
    for job in site.pools.local_jobs.idle():
        site.pools.local_jobs.remove(job)


def test_hosts_that_came_home_on_a_full_disk_are_local_and_cost_nothing() -> None:
    """Their records could not be ended, so each was tried four times a second, and `-s` called them leaving."""
    site = home_on_a_full_disk()
    assert records(site) == []
    shown = present_from(site.ledger.present)
    assert {host.state for host in shown.hosts} == {HostState.LOCAL}
    crashes = site.shepherds[-1].crashes
    before = crashes.passed.count("before record")
    site.run(60)
    tries = crashes.passed.count("before record") - before
    assert 0 < tries <= 60 / site.spec.timers.look_s + 1
    assert site.breaches() == ()


def test_the_ends_of_lends_are_the_first_records_after_the_gap() -> None:
    """A host was lent again before the end of its last lend was on record; the next daemon thought it over."""
    site = home_on_a_full_disk()
    names = {entry.host for entry in site.ledger.entries if entry.kind is EntryKind.SWITCH}
    calm(site)
    site.run(60)
    faults.free_ledger(site)
    assert site.run_until(lambda: len(lent(site)) == 2, 300)
    gap, *rest = since_the_gap(site)
    ends = rest[: len(names)]
    assert gap.body["lost_entries"] not in {0, None}
    assert {(entry.host, entry.kind, bool(entry.body)) for entry in ends} == {
        (name, EntryKind.SWITCH, False) for name in names
    }
    assert set(site.ledger.switches()) == set(records(site))
    assert site.breaches() == ()


def test_a_crash_before_the_end_is_on_record_lends_nothing_again() -> None:
    """The next daemon found lends in its ledger that were over, and signed their leases anew."""
    for freed in (True, False):
        site = home_on_a_full_disk()
        names = list(site.ledger.switches())
        assert len(names) == 2
        site.shepherds[-1].kill()
        if freed:
            faults.free_ledger(site)
        assert all(revoked(site, name) for name in names)
        containers = {name: dict(site.meter.tallies[name].containers) for name in names}
        calm(site)
        burst(site, 300)
        site.start_shepherd()
        site.run(120)
        assert records(site) == []
        assert set(site.ledger.switches()) == (set() if freed else set(names))
        assert {name: dict(site.meter.tallies[name].containers) for name in names} == containers
        assert site.breaches() == ()


def test_a_failed_lend_on_a_full_disk_cools_once() -> None:
    """Each attempt to record the end doubled the cooling: after a night with a full disk nothing was lent for hours."""
    site = Site(SPEC)
    site.pools.guest_jobs.submit(50_000, Manners.POLITE)
    site.run(103)
    site.start_shepherd()
    assert site.run_until(lambda: bool(lent(site)), 120)
    site.run(10)
    name = HostName(lent(site)[0])
    memories = switches(site).memories
    faults.fill_ledger(site)
    faults.kill(site, site.hosts[name], "PID 1")
    assert site.run_until(lambda: name not in records(site), 30)
    site.run(30)
    assert memories[name].failures == 1
    assert site.ledger.memories() == {}
    faults.free_ledger(site)
    site.run(site.spec.timers.look_s + 1)
    assert site.ledger.memories()[name] == memories[name]
