"""What befalls a fake site, minute by minute, for each alert that is there for it.

A scene is a generator: what stands before a `yield` happens, then a minute passes.
"""

import dataclasses
from collections.abc import Callable, Iterator

from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from shepherd.sim import faults
from shepherd.sim.host import Host
from shepherd.sim.jobs import Manners
from shepherd.sim.recording import SimSiteLog
from shepherd.sim.site import Site, SiteSpec
from tests.sim.test_alerts import SPEC as WATCHED
from tests.sim.test_scenarios import lent

Course = Callable[[Site], Iterator[None]]
SPEC = SiteSpec(
    hosts=4,
    policy=PolicySettings(kind=PolicyKind.THRESHOLD, idle_jobs_threshold=4, lend_per_cycle=1, cooling_s=60),
    timers=TimerSettings(cycle_s=120, young_collector_s=100),
    icinga=WATCHED.icinga,
)
LONG_LEASES = dataclasses.replace(SPEC, timers=dataclasses.replace(SPEC.timers, lease_s=7200))
RARE_LOOKS = dataclasses.replace(
    SPEC, timers=dataclasses.replace(SPEC.timers, look_s=60, cycle_s=600, renew_s=120), poll_flock_s=30, hosts=2,
    poll_local_s=120,
)  # fmt: skip
DEMAND = dataclasses.replace(
    SPEC,
    policy=PolicySettings(kind=PolicyKind.DEMAND, lend_share=1.0, quiet_s=30, stuck_s=120, wait_target_s=0),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scene:
    """One fault, and the alerts that fire at its end, and no other."""

    fires: str
    """The alert it is for."""
    course: Course
    minutes: int
    beside: tuple[str, ...] = ()
    """Alerts that are right, too."""
    spec: SiteSpec = SPEC


def site_that_lends(spec: SiteSpec) -> Site:
    """Guests on half of the hosts, a logger, and nothing to complain of."""
    site = Site(spec)
    site.logger = SimSiteLog()
    for _ in range(8):
        site.pools.guest_jobs.submit(200_000, Manners.POLITE)
    site.run(3)
    site.start_shepherd()
    site.run_until(lambda: len(lent(site)) == spec.hosts // 2, 3600)
    return site


def away(site: Site) -> list[Host]:
    """Hosts with guests."""
    return [site.hosts[name] for name in lent(site)]


def at_home(site: Site) -> list[Host]:
    """Hosts without."""
    return [host for host in site.hosts.values() if host not in away(site)]


def cut(site: Site, host: Host) -> None:
    """Both networks."""
    faults.cut_private(site, host)
    faults.cut_flock(site, host)


def once(*acts: Callable[[Site], None]) -> Course:
    """All of it at once, then nothing more."""

    def course(site: Site) -> Iterator[None]:
        for act in acts:
            act(site)
        yield

    return course


def daemon_dies(site: Site) -> None:
    site.shepherds[-1].kill()


def daemon_hangs(site: Site) -> None:
    site.shepherds[-1].stop()


def crash_loop(site: Site) -> Iterator[None]:
    """Each minute a new one."""
    for _ in range(6):
        site.shepherds[-1].kill()
        site.start_shepherd()
        yield


def begun_in_the_dark(site: Site) -> Iterator[None]:
    """It is restarted while the home collector is down."""
    faults.silence_home(site)
    site.shepherds[-1].kill()
    site.start_shepherd()
    yield


def reserve_away(site: Site) -> None:
    """What is local goes dark, what is lent cannot be called."""
    for host in site.hosts.values():
        (faults.cut_private if host in at_home(site) else cut)(site, host)


def keepers_hang(site: Site) -> None:
    for host in at_home(site):
        faults.stop(site, host, "keeper")


def work_waits(site: Site) -> None:
    """Jobs for all hosts; those that are lent cannot be called."""
    for host in away(site):
        cut(site, host)
    for _ in range(20):
        site.pools.local_jobs.submit(20_000)


def licence_is_out(site: Site) -> None:
    """Jobs that fit and do not start."""
    for host in site.hosts.values():
        host.refuses_local = True
    for _ in range(3):
        site.pools.local_jobs.submit(300)


def keeper_hangs_on_the_way_home(site: Site) -> None:
    faults.stop(site, away(site)[0], "keeper")
    faults.touch_flockoff(site)


def guard_waits(site: Site) -> None:
    """A guest's process hangs on in the fence, and no startd may begin."""
    host = away(site)[0]
    host.fence_keeps_out = lambda: True  # type: ignore[method-assign]
    faults.touch_flockoff(site)


def dies_on_the_way_home(site: Site) -> None:
    cut(site, away(site)[0])
    faults.touch_flockoff(site)


def slow_reclaims(site: Site) -> Iterator[None]:
    """Keepers hang for five minutes while hosts are called home."""
    hosts = away(site)
    for host in hosts:
        faults.stop(site, host, "keeper")
    faults.touch_flockoff(site)
    for _ in range(6):
        yield
    for host in hosts:
        faults.cont(site, host, "keeper")
    yield
    faults.flockon(site)
    yield


def commands_hang(site: Site) -> Iterator[None]:
    """Hosts are called home, and no daemon of the others answers when they are to go out in their place."""
    faults.touch_flockoff(site)
    yield
    yield
    for host in site.hosts.values():
        faults.hang_commands(site, host)
    faults.flockon(site)
    yield


def out_of_reach(site: Site) -> None:
    """Nobody answers the orders to come home."""
    for host in away(site):
        cut(site, host)
    faults.touch_flockoff(site)


def leaks(site: Site) -> None:
    away(site)[0].leaks = True


def quarantined(site: Site) -> None:
    faults.quarantine_and_keep(site, away(site)[0])


def store_is_full(site: Site) -> Iterator[None]:
    """Something is always to be stored: hosts go and come."""
    site.trace.full = True
    faults.touch_flockoff(site)
    yield
    faults.flockon(site)
    yield


def spool_is_silent(site: Site) -> Iterator[None]:
    """A host comes home, and does not hand out what it has on record."""
    for host in away(site):
        host.spool.silent = True
    faults.touch_flockoff(site)
    yield
    faults.flockon(site)
    yield


def memory_is_lost(site: Site) -> None:
    faults.reboot(site, away(site)[0])


def logger_is_gone(site: Site) -> None:
    if site.logger is not None:
        site.logger.problem = "no route to host"


def guests_come_home(site: Site) -> None:
    faults.touch_flockoff(site)


DARK = ("ShepherdLeasesExpire", "ShepherdNoCycle", "ShepherdSourceDown")
"""What a quarter of an hour without the home collector is besides."""
SCENES = (
    Scene(fires="ShepherdAbsent", course=once(daemon_dies), minutes=8),
    Scene(fires="ShepherdSilent", course=once(daemon_hangs), minutes=4, beside=("ShepherdAnchorOld",)),
    Scene(fires="ShepherdNoCycle", course=once(faults.fill_ledger), minutes=12, beside=("ShepherdLedgerGap",)),
    Scene(fires="ShepherdRestarts", course=crash_loop, minutes=7),
    Scene(fires="ShepherdRival", course=begun_in_the_dark, minutes=7, beside=("ShepherdSourceDown",)),
    Scene(fires="ShepherdBlind", course=once(faults.silence_home), minutes=14, beside=DARK),
    Scene(fires="ShepherdSourceDown", course=once(faults.silence_flock), minutes=7),
    Scene(fires="ShepherdReserveBroken", course=once(reserve_away), minutes=50, spec=LONG_LEASES, beside=(
        "ShepherdHostsUnheard", "ShepherdHostsUnknown", "ShepherdSwitchStuck")),
    Scene(fires="ShepherdHostsUnknown", course=once(lambda site: cut(site, at_home(site)[0])), minutes=28),
    Scene(fires="ShepherdHostsUnheard", course=once(lambda site: cut(site, at_home(site)[0])), minutes=50,
          beside=("ShepherdHostsUnknown",)),
    Scene(fires="ShepherdHostsBarred", course=once(keepers_hang), minutes=50),
    Scene(fires="ShepherdLocalWorkWaits", course=once(work_waits), minutes=18, spec=LONG_LEASES,
          beside=("ShepherdStepsFail", "ShepherdSwitchStuck")),
    Scene(fires="ShepherdJobsStuck", course=once(licence_is_out), minutes=140, spec=DEMAND),
    Scene(fires="ShepherdLeasesExpire", course=once(faults.silence_home), minutes=10,
          beside=("ShepherdNoCycle", "ShepherdSourceDown")),
    Scene(fires="ShepherdSwitchStuck", course=once(keeper_hangs_on_the_way_home), minutes=8),
    Scene(fires="ShepherdHostNotBack", course=once(guard_waits), minutes=10, beside=("ShepherdSwitchStuck",)),
    Scene(fires="ShepherdReclaimFailed", course=once(dies_on_the_way_home), minutes=40),
    Scene(fires="ShepherdReclaimsSlow", course=slow_reclaims, minutes=25),
    Scene(fires="ShepherdLendsFail", course=commands_hang, minutes=40, beside=("ShepherdTraceGap",)),
    Scene(fires="ShepherdStepsFail", course=once(out_of_reach), minutes=12, spec=LONG_LEASES,
          beside=("ShepherdSwitchStuck",)),
    Scene(fires="ShepherdLeak", course=once(leaks), minutes=10),
    Scene(fires="ShepherdFlockoff", course=once(guests_come_home), minutes=65),
    Scene(fires="ShepherdQuarantine", course=once(quarantined), minutes=1460, spec=RARE_LOOKS),
    Scene(fires="ShepherdLedgerGap", course=once(faults.fill_ledger), minutes=3),
    Scene(fires="ShepherdTraceNotStored", course=store_is_full, minutes=15),
    Scene(fires="ShepherdTraceBehind", course=spool_is_silent, minutes=70),
    Scene(fires="ShepherdTraceGap", course=once(memory_is_lost), minutes=20),
    Scene(fires="ShepherdAnchorOld", course=once(logger_is_gone), minutes=25),
    Scene(fires="ShepherdIcingaDown", course=once(faults.icinga_silent), minutes=14),
    Scene(fires="ShepherdSilencesOwed", course=once(faults.icinga_refusing, guests_come_home), minutes=25,
          beside=("ShepherdIcingaDown",)),
    Scene(fires="ShepherdProblem", course=once(faults.icinga_silent), minutes=35, beside=("ShepherdIcingaDown",)),
)  # fmt: skip
