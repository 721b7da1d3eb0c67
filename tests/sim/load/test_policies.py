"""What settings were tuned for holds on loads of other seeds, sizes and shapes."""

import functools

import pytest

from shepherd.model.settings import TimerSettings
from shepherd.model.simulated import Compared, Contender
from shepherd.sim.load.compare import compared
from shepherd.sim.load.run import Plan, outcomes
from shepherd.sim.load.synthetic.catalogue import SYNTHETIC

SEED, HOSTS, DAYS = 90125, 24, 0.5
"""Tuned was on seeds 2 and 3, with 60 hosts and one day."""


@functools.cache
def rows(name: str) -> dict[Contender, Compared]:
    found = outcomes(Plan(workload=SYNTHETIC[name](SEED, HOSTS, DAYS), seed=SEED), list(Contender))
    return {row.outcome.contender: row for row in compared(found, TimerSettings())}


@pytest.mark.limit(120)
@pytest.mark.parametrize("name", SYNTHETIC)
def test_demand_keeps_the_reserve_and_evicts_nobody(name: str) -> None:
    """A lend into the reserve was one in a thousand, and nobody saw it."""
    for row in rows(name).values():
        assert (row.outcome.reserve_violations, row.outcome.evicted_local) == (0, 0)


@pytest.mark.limit(120)
@pytest.mark.parametrize("name", SYNTHETIC)
def test_with_demand_local_jobs_wait_no_longer_than_allowed(name: str) -> None:
    """Local users found out by themselves that their hosts were lent."""
    demand = rows(name)[Contender.DEMAND]
    assert demand.added_p95_s <= demand.allowed_s
    assert demand.outcome.unstarted == 0


@pytest.mark.limit(120)
@pytest.mark.parametrize("name", SYNTHETIC)
def test_demand_harvests_most_of_what_the_oracle_does(name: str) -> None:
    """A policy that never lends makes nobody wait, either."""
    demand = rows(name)[Contender.DEMAND]
    assert demand.harvest_of_oracle is not None
    assert demand.harvest_of_oracle > 0.8


@pytest.mark.limit(120)
def test_demand_does_not_flap_on_a_noisy_queue() -> None:
    """Hosts went to and fro every five minutes because a number went up and down."""
    found = rows("noise")
    assert found[Contender.THRESHOLD].outcome.switches_per_host_day > 10.0
    share = found[Contender.DEMAND].switches_of_threshold
    assert share is not None
    assert share <= 0.12, "a tenth, and the first lends of so short a time and so small a pool"
