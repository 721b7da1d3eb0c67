"""Local jobs are matched and run as HTCondor would."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.model.workload import LocalJob
from shepherd.sim.load.synthetic.draws import asks
from tests.sim.load.pools import HOUR_S, jobs_at, load, pool_of, run_to


def test_jobs_gather_on_the_hosts_that_work_already() -> None:
    """A simulated pool that spread its jobs had no idle host to lend, where the real one had most."""
    pool = pool_of(load([*jobs_at(0.0, 4, HOUR_S), *jobs_at(100.0, 4, HOUR_S)]))
    run_to(pool, 300.0)
    assert sorted(len(machine.claims) for machine in pool.machines) == [0, 0, 0, 0, 0, 0, 4, 4]


def test_a_submission_asks_for_a_cycle_and_waits_for_the_last_one() -> None:
    """Waits of a minute were simulated where HTCondor takes a second: every policy looked alike."""
    pool = pool_of(load([*jobs_at(100.0, 1, 60.0), *jobs_at(110.0, 1, 60.0)]))
    run_to(pool, 400.0)
    first, second = pool.local.waits
    assert first == pytest.approx(1.5, abs=0.01)
    assert 10.0 < second < 12.0, "20 s after the cycle before, NEGOTIATOR_CYCLE_DELAY"


def test_a_claim_takes_the_next_job_of_its_kind_at_once() -> None:
    """Without claim reuse each short job cost half a minute of an idle slot."""
    pool = pool_of(load(jobs_at(0.0, 64, 30.0), hosts=1))
    run_to(pool, HOUR_S)
    assert len(pool.local.waits) == 64
    assert max(pool.local.waits) < 16 * 31.0


def test_after_its_worklife_a_claim_is_given_back() -> None:
    """One owner's claims kept everybody else out for good."""
    rival = jobs_at(10.0, 1, 60.0, owner="rival")
    pool = pool_of(load([*jobs_at(0.0, 400, 300.0, owner="first"), *rival], hosts=1, hours=24))
    run_to(pool, 1400.0)
    assert len(pool.local.owners["rival"].groups[asks(1, 1)]) == 0
    assert len(pool.local.owners["first"].groups[asks(1, 1)]) > 300


def test_owners_share_by_what_they_used() -> None:
    """A queue of thousands of one user starved the other, which no real negotiator does."""
    both = [*jobs_at(0.0, 100, 600.0, owner="many"), *jobs_at(0.0, 100, 600.0, owner="other")]
    pool = pool_of(load(both))
    run_to(pool, 60.0)
    assert {owner.name: owner.running_cpus for owner in pool.local.owners.values()} == {"many": 16, "other": 16}


def test_what_fits_no_host_waits_and_is_counted() -> None:
    """Jobs that can never run were taken for jobs that waited two days."""
    pool = pool_of(load([LocalJob(0.0, 60.0, asks(64, 1), "u"), *jobs_at(0.0, 1, 60.0)]))
    run_to(pool, HOUR_S)
    assert (pool.local.unfit_jobs, pool.local.idle_jobs, len(pool.local.waits)) == (1, 1, 1)
    assert pool.local.is_done


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_nothing_is_given_twice_and_all_is_given_back(seed: int) -> None:
    """A slot that was leaked made the pool smaller with every day that was simulated."""
    dice = random.Random(seed)
    jobs = [
        LocalJob(dice.uniform(0, 3000), dice.uniform(1, 900), asks(dice.randint(1, 5), 4), dice.choice("ab"))
        for _ in range(dice.randint(1, 120))
    ]
    pool = pool_of(load(jobs, hosts=3))
    fits = [job for job in jobs if job.shape.cpus <= 4]
    for minute in range(600):
        run_to(pool, 60.0 * minute)
        assert all(m.cpus >= 0 and m.memory_mib >= 0 and m.disk_kib >= 0 for m in pool.machines)
        assert pool.local.busy_cpus == sum(c.shape.cpus for m in pool.machines for c in m.claims)
    assert len(pool.local.waits) == len(fits)
    assert min(pool.local.waits, default=1.0) > 0.19, "REUSE_S"
    assert all((m.cpus, m.memory_mib, m.disk_kib) == m.has[:3] for m in pool.machines)
