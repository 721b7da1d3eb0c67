"""The simulator is held to what the same small scenario measured on the real site, as the README tells it."""

import json
import random
import re

import pytest

from shepherd.lab.demo import POLICY
from shepherd.model.workload import GuestLoad, LocalJob, Workload
from shepherd.sim.load.agenda import BEGIN_S
from shepherd.sim.load.deciders import Daemon
from shepherd.sim.load.pool import LoadedPool
from shepherd.sim.load.synthetic.draws import asks, has
from tests.house import sources
from tests.lab.scenario_simulated import LAB, lab_settings
from tests.sim.load.pools import lent

BURST_S = 60.0
BURST_JOBS = 18
SECONDS_MORE = 1.5
"""What is measured from outside, and seen by polling, may be so much more or less than what is simulated."""


def measured(name: str) -> list[float]:
    """A line of figures of the demo in the README. Seconds."""
    text = (sources.ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"\] {name} +(\[.*\])$", text, re.MULTILINE)
    assert found is not None, name
    return [float(number) for number in json.loads(found[1])]


def burst_s(seed: int) -> float:
    """At any time between two looks."""
    return BURST_S + random.Random(seed).random()


def demo(seed: int) -> LoadedPool:
    """Three hosts of two cpus; guests' long jobs; a burst of 18 local jobs of four seconds a minute later."""
    burst = [LocalJob(burst_s(seed), 4.0, asks(1, 1), "carol")] * BURST_JOBS
    workload = Workload(
        name="demo",
        about="the demo's burst",
        hosts=(has(2, 4),) * 3,
        jobs=tuple(burst),
        length_s=200.0,
        guests=(GuestLoad(shapes=((asks(1, 1), 1.0),), median_s=600.0, sigma=0.01, heeding=0.0),),
    )
    settings = lab_settings(POLICY)
    pool = LoadedPool(workload, settings, seed, LAB)
    Daemon(pool.agenda, settings, pool.seen, pool.switching).begin()
    return pool


@pytest.mark.parametrize("seed", range(5))
def test_switches_come_in_the_order_of_the_real_site(seed: int) -> None:
    """A policy was tuned on a simulator in which hosts came home before they were asked to."""
    pool = demo(seed)
    pool.agenda.run(BEGIN_S + BURST_S - 1.0)
    assert (len(lent(pool)), pool.switching.reclaims) == (2, 0), "two of three are lent, the reserve stays"
    pool.agenda.run(BEGIN_S + BURST_S + 10.0)
    assert pool.switching.reclaims == 2
    pool.agenda.run(BEGIN_S + BURST_S + 60.0)
    assert (pool.local.idle_jobs, pool.local.busy_cpus, len(pool.local.waits)) == (0, 0, BURST_JOBS)
    assert len(lent(pool)) == 2, "and lent again"
    assert (pool.local.evicted, pool.reserve_violations) == (0, 0)


def test_lends_leave_a_host_unserved_as_long_as_on_the_real_site() -> None:
    """Switch times were guessed."""
    real = measured("lends")
    found = [gap for seed in range(20) for gap in demo_to_end(seed).keepers.unserved_s]
    assert min(real) - SECONDS_MORE < min(found)
    assert max(found) < max(real) + SECONDS_MORE
    assert abs(sum(found) / len(found) - sum(real) / len(real)) < 0.8


def test_reclaims_take_as_long_as_on_the_real_site() -> None:
    """From the burst to a regular startd in the pool, with the look and the guests' end."""
    real = measured("reclaims")
    found: list[float] = []
    for seed in range(20):
        pool = demo(seed)
        pool.agenda.run(BEGIN_S + BURST_S - 0.5)
        out = [machine for machine in pool.machines if machine.flock_since_s is not None]
        pool.agenda.run(BEGIN_S + BURST_S + 9.0)
        found += [machine.regular_since_s - BEGIN_S - burst_s(seed) for machine in out]
    assert min(real) - SECONDS_MORE < min(found)
    assert max(found) < max(real) + SECONDS_MORE
    assert abs(sum(found) / len(found) - sum(real) / len(real)) < 1.0


def test_the_burst_starts_as_soon_as_on_the_real_site() -> None:
    """On a host that guests had; the reserve's own start at once and would tell nothing."""
    (real,) = measured("burst_to_first_local_start_s")
    for seed in range(5):
        pool = demo(seed)
        pool.agenda.run(BEGIN_S + BURST_S - 0.5)
        out = [machine for machine in pool.machines if machine.flock_since_s is not None]
        while not any(machine.regular and machine.claims for machine in out):
            pool.agenda.run(pool.agenda.now_s + 0.1)
        found = pool.agenda.now_s - BEGIN_S - burst_s(seed)
        assert real - SECONDS_MORE - 1.0 < found < real + SECONDS_MORE + LAB.negotiator_interval_s


def demo_to_end(seed: int) -> LoadedPool:
    pool = demo(seed)
    pool.agenda.run(BEGIN_S + 200.0)
    return pool
