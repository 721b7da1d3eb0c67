"""Made-up loads are what they say they are."""

import itertools
import statistics

import pytest

from shepherd.sim.load.free_slots import can_hold
from shepherd.sim.load.synthetic.catalogue import ABOUT, SYNTHETIC
from shepherd.sim.load.synthetic.passes import ORBIT_S
from tests.sim.load.pools import HOUR_S

SEED, HOSTS, DAYS = 4711, 30, 0.7


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_seed_gives_a_load_and_another_seed_another(name: str) -> None:
    """Figures changed from run to run, and with them the settings."""
    make = SYNTHETIC[name]
    assert make(SEED, HOSTS, DAYS) == make(SEED, HOSTS, DAYS)
    assert make(SEED, HOSTS, DAYS).jobs != make(SEED + 1, HOSTS, DAYS).jobs


@pytest.mark.parametrize("name", SYNTHETIC)
def test_jobs_come_in_order_within_the_time(name: str) -> None:
    """A submission in the past stopped the clock."""
    load = SYNTHETIC[name](SEED, HOSTS, DAYS)
    times = [job.submit_s for job in load.jobs]
    assert times == sorted(times)
    assert 0.0 <= times[0] < load.length_s == DAYS * 86400.0
    assert all(job.run_s > 0 for job in load.jobs)
    assert (len(load.hosts), load.about) == (HOSTS, ABOUT[name])


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_load_leaves_something_to_lend_and_something_to_do(name: str) -> None:
    """A load that always fills the pool, or never touches it, compares no policies."""
    load = SYNTHETIC[name](SEED, HOSTS, 2.0)
    kinds = set(load.hosts)
    work = sum(
        job.run_s * job.shape.cpus for job in load.jobs if any(can_hold(has, job.shape) for has in kinds)
    )
    share = work / (sum(has.cpus for has in load.hosts) * load.length_s)
    assert 0.02 < share < 1.2


def test_passes_come_by_the_orbit() -> None:
    """A load that was said to be a satellite's had its bursts every hour."""
    load = SYNTHETIC["passes"](SEED, HOSTS, DAYS)
    first = [job.submit_s for job in load.jobs if job.owner == "level1"]
    begins = [first[0], *(b for a, b in itertools.pairwise(first) if b - a > HOUR_S / 2)]
    gaps = [b - a for a, b in itertools.pairwise(begins)]
    assert statistics.mean(gaps) == pytest.approx(ORBIT_S, rel=0.01)


def test_the_noisy_queue_is_around_the_number_of_the_talk() -> None:
    """The rule at 600 was tried on a queue that never came near it."""
    load = SYNTHETIC["noise"](SEED, HOSTS, DAYS)
    stuck = [job for job in load.jobs if not any(can_hold(has, job.shape) for has in set(load.hosts))]
    others: dict[float, int] = {}
    for job in load.jobs:
        if job.owner == "steady":
            others[job.submit_s] = others.get(job.submit_s, 0) + 1
    reached = [len(stuck) + number for number in others.values()]
    assert min(reached) < 600 < max(reached)


def test_campus_sleeps_at_night() -> None:
    """A university's load was the same at four in the morning."""
    jobs = SYNTHETIC["campus"](SEED, HOSTS, 1.0).jobs
    at_night = sum(1 for job in jobs if 2 * HOUR_S <= job.submit_s < 6 * HOUR_S)
    by_day = sum(1 for job in jobs if 14 * HOUR_S <= job.submit_s < 18 * HOUR_S)
    assert at_night * 2 < by_day
