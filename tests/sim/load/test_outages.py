"""What breaks in a simulated pool breaks as on a real one."""

import pytest

from shepherd.errors import UsageError
from shepherd.model.host import HostName
from shepherd.model.simulated import FaultKind, SimulatedFault
from shepherd.sim.load.outages import Outage
from tests.sim.load.pools import HOUR_S, decided, jobs_at, lent, load, run_to


def outage(pool, kind: FaultKind, at_s: float, lasts_s: float, host: str | None = None) -> None:
    Outage(pool, SimulatedFault(kind=kind, at_s=at_s, lasts_s=lasts_s, host=HostName(host) if host else None))


def test_with_the_shepherd_dead_every_host_is_home_after_the_lease() -> None:
    """The dead-man's end of a lease was simulated as if somebody had to revoke it."""
    pool = decided(load(hours=6))
    outage(pool, FaultKind.SHEPHERD_DEAD, 2 * HOUR_S, HOUR_S)
    run_to(pool, 2 * HOUR_S + 800.0)
    assert lent(pool) != []
    run_to(pool, 2 * HOUR_S + 900.0 + 120.0)
    assert lent(pool) == []
    assert all(machine.accepts_local for machine in pool.machines)
    run_to(pool, 5 * HOUR_S)
    assert len(lent(pool)) == 6, "a shepherd that is back lends again"


def test_a_short_absence_of_the_shepherd_changes_nothing() -> None:
    """An upgrade of ten minutes cost the guests their jobs."""
    pool = decided(load(hours=6))
    outage(pool, FaultKind.SHEPHERD_DEAD, 2 * HOUR_S, 600.0)
    run_to(pool, 2 * HOUR_S)
    before = lent(pool)
    run_to(pool, 3 * HOUR_S)
    assert (lent(pool), pool.switching.reclaims) == (before, 0)


def test_nothing_is_lent_while_the_collector_is_silent() -> None:
    """An empty answer was taken for an idle pool."""
    pool = decided(load(hours=6))
    outage(pool, FaultKind.COLLECTOR_SILENT, 30.0, 2 * HOUR_S)
    run_to(pool, 2 * HOUR_S)
    assert (lent(pool), pool.switching.lends) == ([], 0)
    run_to(pool, 4 * HOUR_S)
    assert len(lent(pool)) == 6


def test_a_dead_hosts_jobs_run_again_elsewhere() -> None:
    """A job whose host died was forgotten, and its owner's waiting with it."""
    pool = decided(load(jobs_at(10.0, 4, 1800.0), hours=4))
    run_to(pool, 300.0)
    (host,) = {machine.host for machine in pool.machines if machine.claims}
    outage(pool, FaultKind.HOST_DIES, 600.0, 600.0, host)
    run_to(pool, 3 * HOUR_S)
    assert (pool.local.evicted, pool.local.idle_jobs, pool.local.busy_cpus) == (4, 0, 0)
    assert len(pool.local.waits) == 4, "only first starts are waits"


def test_a_lent_host_that_dies_comes_back_local() -> None:
    """A host that had been lent when its power failed was lent for ever in the record."""
    pool = decided(load(hours=6))
    run_to(pool, 2 * HOUR_S)
    victim = lent(pool)[0]
    outage(pool, FaultKind.HOST_DIES, 2 * HOUR_S + 10.0, 300.0, victim)
    run_to(pool, 2 * HOUR_S + 20.0)
    assert victim not in lent(pool)
    run_to(pool, 2 * HOUR_S + 1500.0)
    assert pool.by_host[HostName(victim)].boots == 2
    assert pool.by_host[HostName(victim)].regular or victim in lent(pool)


def test_an_unknown_victim_is_refused() -> None:
    """A mistyped host name made a run without any fault, which then showed that faults do no harm."""
    with pytest.raises(UsageError, match="p0000 to p0007"):
        outage(decided(load()), FaultKind.HOST_DIES, 10.0, 10.0, "p9999")
