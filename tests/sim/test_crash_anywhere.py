"""kill -9 of the shepherd before and after everything it does, in both sequences, enumerated."""

import functools

import pytest

from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from shepherd.sim.site import Site, SiteSpec

LEND_S, HOME_S = 60.0, 150.0
SPEC = SiteSpec(
    hosts=2,
    policy=PolicySettings(kind=PolicyKind.THRESHOLD, idle_jobs_threshold=4, lend_per_cycle=1, reserve=0.5),
    timers=TimerSettings(cycle_s=20, lease_s=200),
)


def warm_site() -> Site:
    """Two idle hosts, guests waiting, no shepherd yet."""
    site = Site(SPEC)
    for _ in range(4):
        site.pools.guest_jobs.submit(10_000)
    site.run(30)
    return site


def burst(site: Site) -> None:
    """More local jobs than the site has slots for."""
    for _ in range(20):
        site.pools.local_jobs.submit(50)


def lend(site: Site, crash_at: int | None) -> None:
    """A shepherd lends a host, unless it crashes on the way."""
    site.start_shepherd(crash_at=crash_at)
    site.run(LEND_S)


def reclaim(site: Site, crash_at: int | None) -> None:
    """After a lend, a local burst takes the host home, unless the shepherd crashes on the way."""
    first = site.start_shepherd()
    site.run(LEND_S)
    first.kill()
    burst(site)
    site.start_shepherd(crash_at=crash_at)
    site.run(HOME_S)


@functools.cache
def places(sequence: str) -> tuple[str, ...]:
    """Every place of the sequence at which the shepherd can be killed."""
    site = warm_site()
    SEQUENCES[sequence](site, None)
    passed = site.shepherds[-1].crashes.passed
    return tuple(passed)


SEQUENCES = {"lend": lend, "reclaim": reclaim}


def numbers(sequence: str) -> list[int]:
    """All places but the many that only show the present."""
    return [n for n, place in enumerate(places(sequence)) if "show" not in place]


CELLS = [(sequence, n) for sequence in SEQUENCES for n in numbers(sequence)]


def cell_id(cell: tuple[str, int]) -> str:
    sequence, n = cell
    return f"{sequence}-{n}-{places(sequence)[n].replace(' ', '-')}"


def local(site: Site) -> list[str]:
    """Hosts whose regular startd accepts work and whose containers are gone."""
    return [
        host.name
        for host in site.hosts.values()
        if host.startd is not None and not host.startd.draining and not host.guests_alive
    ]


@pytest.mark.parametrize("cell", CELLS, ids=cell_id)
def test_a_crash_that_nobody_mends_ends_with_every_host_local(cell: tuple[str, int]) -> None:
    """A shepherd that died in the middle, on a weekend, must leave just the old cluster."""
    sequence, at = cell
    site = warm_site()
    SEQUENCES[sequence](site, at)
    crashed = not site.shepherds[-1].alive
    site.shepherds[-1].kill()
    limits = site.spec.limits()
    site.run(limits.lease_s + limits.skew_s + limits.ladder_s + limits.back_s)
    assert crashed
    assert local(site) == list(site.hosts)
    assert site.breaches() == ()


@pytest.mark.parametrize("cell", CELLS, ids=cell_id)
def test_the_next_shepherd_goes_on_where_a_crash_left_off(cell: tuple[str, int]) -> None:
    """systemd starts the daemon again within seconds: no host may be left between the herds."""
    sequence, at = cell
    site = warm_site()
    SEQUENCES[sequence](site, at)
    site.start_shepherd()
    site.run(400)
    lent = [host.name for host in site.hosts.values() if host.guests_alive]
    assert sorted([*local(site), *lent]) == list(site.hosts)
    assert len(lent) == 1
    assert site.breaches() == ()


def test_both_sequences_pass_every_kind_of_place() -> None:
    """An enumeration of nothing would prove nothing."""
    kinds = {"before record", "after record", "before publish", "after publish"}
    for sequence in SEQUENCES:
        assert kinds | {"before command", "after command"} <= set(places(sequence))
