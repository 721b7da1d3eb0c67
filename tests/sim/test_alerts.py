"""Which check is silent when, on the fake site: the table of herds and alerts, under crashes and a bad monitoring."""

import dataclasses
import functools
from collections.abc import Callable

import pytest

from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.monitoring import AUTHOR, SilenceKind
from shepherd.model.orders import StepKind
from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from shepherd.sim import faults
from shepherd.sim.icinga import SimIcinga
from shepherd.sim.site import Site, SiteSpec
from tests.sim.test_crash_anywhere import HOME_S, SEQUENCES, burst

ICINGA = IcingaSettings(
    url="https://icinga.example.org:5665", flock=("{flock}!startd",), heartbeat="cm!flocking-shepherd"
)
SPEC = SiteSpec(
    hosts=2,
    policy=PolicySettings(kind=PolicyKind.THRESHOLD, idle_jobs_threshold=4, lend_per_cycle=1, reserve=0.5),
    timers=TimerSettings(cycle_s=20, lease_s=200),
    icinga=ICINGA,
)
OFF = dataclasses.replace(
    SPEC, icinga=dataclasses.replace(ICINGA, silence=SilenceKind.CHECKS_OFF, user="shepherd-checks")
)
KINDS = {"downtime": SPEC, "disable-checks": OFF}


def quiet_site(spec: SiteSpec = SPEC, before: Callable[[Site], None] = lambda _: None) -> Site:
    """Two idle hosts, guests waiting, no shepherd yet. `before` it begins something may be changed."""
    site = Site(spec)
    before(site)
    for _ in range(4):
        site.pools.guest_jobs.submit(10_000)
    site.run(30)
    return site


def icinga_of(site: Site) -> SimIcinga:
    """The site's."""
    assert site.icinga is not None
    return site.icinga


def lent(site: Site) -> list[str]:
    """Hosts with guests."""
    return [host.name for host in site.hosts.values() if host.guests_alive]


def silent(site: Site) -> set[str]:
    """Checks that nobody is told of."""
    icinga = icinga_of(site)
    return {check for check in icinga.checks if icinga.is_silent(check)}


def table(site: Site) -> set[str]:
    """What should be silent, by where the hosts are."""
    away = set(lent(site))
    return {f"{h.name}!startd" if h.name in away else f"{h.flock_name}!startd" for h in site.hosts.values()}


def settle(site: Site) -> None:
    """Time for a look, a listing and a turn."""
    site.run(90)


@pytest.mark.parametrize("kind", KINDS)
def test_exactly_one_startds_check_of_each_host_is_silent(kind: str) -> None:
    """The talk's site had no alert at all for hosts that were lent, and one for each container that was not."""
    site = quiet_site(KINDS[kind])
    site.start_shepherd()
    assert site.run_until(lambda: len(lent(site)) == 1, 60)
    settle(site)
    assert silent(site) == table(site)
    burst(site)
    assert site.run_until(lambda: not lent(site), 60)
    settle(site)
    assert not lent(site)
    assert silent(site) == {"f201!startd", "f202!startd"}
    assert site.breaches() == ()


def test_a_check_is_silent_before_the_drain_and_until_the_startd_is_back() -> None:
    """A drain took a second, the downtime three: the pager went off with every lend."""
    site = quiet_site()
    site.start_shepherd()
    heard = []
    for _ in range(1600):
        site.run(0.1)
        if len(lent(site)) == 1 and site.now_s > 100:
            burst(site)
        heard += [host.name for host in site.hosts.values() if host.startd is None and not _is_silent(site, host.name)]
    assert "revoke" in {act.kind.value for act in site.facts().acts}
    assert heard == []
    assert site.breaches() == ()


def _is_silent(site: Site, host: str) -> bool:
    return icinga_of(site).is_silent(f"{host}!startd")


def test_a_lend_waits_for_an_icinga_that_is_soon_back() -> None:
    """A keeper that was quick, and an Icinga that was just reloading: the drain came first."""
    site = quiet_site(dataclasses.replace(SPEC, poll_local_s=1.0))
    faults.icinga_silent(site)
    site.start_shepherd()
    site.run(8)
    drains = [act for act in site.facts().acts if act.kind is StepKind.DRAIN]
    faults.icinga_well(site)
    while not drains:
        site.run(0.05)
        drains = [act for act in site.facts().acts if act.kind is StepKind.DRAIN]
    assert site.now_s - 30 < ICINGA.lend_waits_s
    assert _is_silent(site, drains[0].host)


def test_a_lend_waits_for_a_silent_icinga_only_so_long() -> None:
    """Monitoring was down for a day, and so was flocking."""
    site = quiet_site()
    faults.icinga_silent(site)
    running = site.start_shepherd()
    began_s = site.now_s
    assert site.run_until(lambda: len(lent(site)) == 1, 120)
    assert site.now_s - began_s > ICINGA.lend_waits_s
    assert any("Icinga does not answer" in problem for problem in site.ledger.present["problems"])  # type: ignore[attr-defined]
    assert "lent without silence" in {event for _, event, _ in running.log}
    assert site.breaches() == ()


@pytest.mark.parametrize("trouble", ["silent", "mute", "refusing", "lying", "forgetful"])
def test_a_reclaim_waits_for_nobody(trouble: str) -> None:
    """Local work stood in front of a host that could not be taken home, because a monitoring did not answer."""
    times = {}
    for name in ("well", trouble):
        site = quiet_site()
        site.start_shepherd()
        assert site.run_until(lambda at=site: len(lent(at)) == 1, 60)  # type: ignore[misc]
        settle(site)
        getattr(faults, f"icinga_{name}")(site)
        burst(site)
        began_s = site.now_s
        assert site.run_until(lambda at=site: not lent(at), 60)  # type: ignore[misc]
        times[name] = site.now_s - began_s
    assert times[trouble] == pytest.approx(times["well"], abs=0.5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("trouble", ["silent", "mute", "refusing", "lying", "forgetful"])
def test_whatever_was_wrong_with_icinga_is_made_good_when_it_is_well_again(trouble: str, kind: str) -> None:
    """Nobody looked after what had been asked for in vain: the herds had changed, the silences had not."""
    site = quiet_site(KINDS[kind])
    site.start_shepherd()
    settle(site)
    getattr(faults, f"icinga_{trouble}")(site)
    site.run(100)
    burst(site)
    site.run(100)
    faults.icinga_well(site)
    site.run(site.spec.limits().silence_s)
    assert silent(site) == table(site)
    assert site.ledger.present["problems"] == []
    assert site.breaches() == ()


def test_a_monitoring_that_is_wrong_is_named() -> None:
    """Refused for a month because of one missing permission; nobody knew."""
    said = {}
    for trouble in ("silent", "refusing", "lying"):
        site = quiet_site()
        getattr(faults, f"icinga_{trouble}")(site)
        site.start_shepherd()
        site.run(30)
        said[trouble] = " ".join(site.ledger.present["problems"])  # type: ignore[arg-type]
    assert "does not answer" in said["silent"]
    assert "permission" in said["refusing"]
    assert "Could not create downtime" in said["lying"]


def test_a_dead_shepherds_downtimes_lapse() -> None:
    """A host that died behind a downtime without end was missed after a month."""
    site = quiet_site()
    running = site.start_shepherd()
    assert site.run_until(lambda: len(lent(site)) == 1, 60)
    settle(site)
    running.kill()
    site.run(ICINGA.downtime_s)
    assert silent(site) == set()
    assert icinga_of(site).is_stale(ICINGA.heartbeat)
    assert site.breaches() == ()


def test_what_was_switched_off_stays_so_until_a_shepherd_is_back() -> None:
    """The price of `disable-checks`: it is known, and the next shepherd pays it."""
    site = quiet_site(OFF)
    running = site.start_shepherd()
    assert site.run_until(lambda: len(lent(site)) == 1, 60)
    settle(site)
    running.kill()
    site.run(ICINGA.downtime_s)
    assert not lent(site)
    assert len([check for check in silent(site) if check.startswith("p")]) == 1
    burst(site)
    site.start_shepherd()
    settle(site)
    assert silent(site) == {"f201!startd", "f202!startd"}


def known(site: Site) -> set[str]:
    """Hosts of which the collector has not forgotten all."""
    return {host["host"] for host in site.ledger.present["hosts"] if "heard_at_s" not in host}  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", KINDS)
def test_a_host_that_dies_while_it_is_lent_is_told_in_time(kind: str) -> None:
    """The host burned while it was lent, the shepherd lived on, and nobody ever heard of it."""
    icinga = dataclasses.replace(KINDS[kind].icinga, downtime_s=600.0)
    site = quiet_site(dataclasses.replace(KINDS[kind], icinga=icinga))
    site.start_shepherd()
    site.run(1000)
    (burned,) = lent(site)
    faults.cut_private(site, site.hosts[burned])
    faults.cut_flock(site, site.hosts[burned])
    faults.flockoff(site)
    site.run(SPEC.timers.lease_s)
    assert _is_silent(site, burned)
    assert site.run_until(lambda: burned not in known(site), 2000)
    site.run(icinga.downtime_s + 100)
    assert not _is_silent(site, burned)
    assert site.breaches() == ()


def test_a_change_of_ways_leaves_nothing_of_the_old() -> None:
    """Checks that the talk's way had switched off stayed off for good when the site changed to downtimes."""
    site = quiet_site(OFF)
    site.start_shepherd()
    assert site.run_until(lambda: len(lent(site)) == 1, 60)
    settle(site)
    off = [check for check in icinga_of(site).checks.values() if check.mark]
    assert len(off) == 2
    site.shepherds[0].kill()
    site.spec = SPEC
    site.start_shepherd()
    site.run(300)
    assert silent(site) == table(site)
    told = " ".join(site.ledger.present["problems"])  # type: ignore[arg-type]
    assert "2 checks are still switched off by us, and user shepherd may not switch them on" in told
    site.shepherds[-1].kill()
    site.spec = dataclasses.replace(SPEC, icinga=dataclasses.replace(ICINGA, user="shepherd-checks"))
    site.start_shepherd()
    settle(site)
    assert silent(site) == table(site)
    assert all(check.is_active and not check.mark for check in icinga_of(site).checks.values())
    assert site.ledger.present["problems"] == []


def test_downtimes_are_renewed_for_as_long_as_a_lend_lasts() -> None:
    """A lend of a week alarmed after two hours."""
    site = quiet_site()
    site.start_shepherd()
    assert site.run_until(lambda: len(lent(site)) == 1, 60)
    settle(site)
    for _ in range(5):
        site.run(ICINGA.downtime_s / 2)
        assert silent(site) == table(site)
        assert len(icinga_of(site).downtimes) <= 2 * len(site.hosts)
    settle(site)
    assert len(icinga_of(site).downtimes) == len(site.hosts)
    assert site.breaches() == ()


def test_an_administrators_downtime_is_left_alone() -> None:
    """A night's maintenance alarmed at two, because a shepherd had ended all downtimes of its host."""
    site = quiet_site()
    icinga = icinga_of(site)
    now_s = icinga.wall_s()
    for check in ("p201!startd", "f201!startd", "p202!startd"):
        icinga.schedule(check, "eva", "new disks", now_s, now_s + 40_000)
    icinga.schedule("p202!startd", AUTHOR, "made by hand, with our name", now_s, now_s + 40_000)
    site.start_shepherd()
    assert site.run_until(lambda: len(lent(site)) == 1, 60)
    burst(site)
    site.run(300)
    assert len([one for one in icinga.downtimes.values() if one.until_s == now_s + 40_000]) == 4
    assert site.breaches() == ()


def test_another_pools_silences_are_left_alone() -> None:
    """Two pools, one Icinga: the shepherd of the one ended what that of the other had silenced."""
    site = quiet_site()
    icinga = icinga_of(site)
    comment = "p201 is lent [shepherd pool=other instance=i host=p201 lease=l]"
    theirs = icinga.schedule("p201!startd", AUTHOR, comment, icinga.wall_s(), icinga.wall_s() + 40_000)
    site.start_shepherd()
    site.run(300)
    assert theirs.name in icinga.downtimes


def test_a_sign_of_life_is_fresh_while_the_shepherd_lives() -> None:
    """The daemon hung for a weekend, and its process was there: what was checked."""
    site = quiet_site()
    running = site.start_shepherd()
    for _ in range(10):
        site.run(60)
        assert not icinga_of(site).is_stale(ICINGA.heartbeat)
    beat = icinga_of(site).checks[ICINGA.heartbeat].beat
    assert beat is not None
    assert beat.is_well
    assert beat.performance["hosts"] == 2
    running.stop()
    site.run(ICINGA.heartbeat_ttl_s + 1)
    assert icinga_of(site).is_stale(ICINGA.heartbeat)


@functools.cache
def places(sequence: str, kind: str) -> tuple[str, ...]:
    """Every place of the sequence at which the shepherd can be killed."""
    site = quiet_site(KINDS[kind])
    SEQUENCES[sequence](site, None)
    return tuple(site.shepherds[-1].crashes.passed)


CELLS = [
    (sequence, kind, n)
    for sequence in SEQUENCES
    for kind in KINDS
    for n, place in enumerate(places(sequence, kind))
    if "monitoring" in place
]


def cell_id(cell: tuple[str, str, int]) -> str:
    sequence, kind, n = cell
    return f"{sequence}-{kind}-{n}-{places(sequence, kind)[n].replace(' ', '-')}"


@pytest.mark.parametrize("cell", CELLS, ids=cell_id)
def test_the_next_shepherd_adopts_what_a_crash_left(cell: tuple[str, str, int]) -> None:
    """A downtime whose answer the daemon did not live to see was nobody's: the check was silent after the lend."""
    sequence, kind, at = cell
    site = quiet_site(KINDS[kind])
    SEQUENCES[sequence](site, at)
    assert not site.shepherds[-1].alive
    site.start_shepherd()
    settle(site)
    assert silent(site) == table(site)
    assert len(icinga_of(site).downtimes) in {0, 2}
    burst(site)
    site.run(HOME_S)
    assert silent(site) == table(site)
    assert site.breaches() == ()


def test_every_request_is_a_place_to_crash_at() -> None:
    """An enumeration of nothing would prove nothing."""
    passed = {places(sequence, kind)[n] for sequence, kind, n in CELLS}
    calls = ("list", "begin", "end", "report")
    assert passed == {f"{when} monitoring {call}" for when in ("before", "after") for call in calls}
