"""The simulator's half of a scenario."""

import pathlib

from shepherd.edges.settings_file import validated
from shepherd.lab.settings import FAST_TIMERS, Table
from shepherd.model.demand import Resources
from shepherd.model.settings import Settings
from shepherd.model.workload import GuestJob, GuestLoad, LocalJob, Workload
from shepherd.sim.load.agenda import BEGIN_S
from shepherd.sim.load.deciders import Daemon
from shepherd.sim.load.pace import Pace
from shepherd.sim.load.pool import IMAGE, LoadedPool
from tests.lab.scenario import JOB_MIB, Batch, Course, Moved, Scenario

LAB = Pace(negotiator_interval_s=5.0, cycle_delay_s=1.0, poll_local_s=2.0, arm_poll_s=0.5)
"""The lab's: condor/timings.conf and settings.py of shepherd/lab."""
DISK_KIB = 1024
HOST_DISK_KIB = 1 << 20
LOOK_S = 0.05
FIRST_WITHIN_S = 60.0


def lab_settings(policy: Table) -> Settings:
    """The lab's, with this policy."""
    made_up = {"name": "lab", "schedds": ["cm"], "schedd_identities": ["condor@family"]}
    flock = {"collector": "flock:9618", "image": IMAGE}
    tree = {"home": made_up, "flock": flock, "policy": policy, "timers": FAST_TIMERS}
    return validated(pathlib.Path("lab"), Settings, tree)


def simulated(scenario: Scenario, seed: int) -> Course:
    """What the simulator makes of it."""
    first_s = _moves(_pool(scenario, seed, ()), FIRST_WITHIN_S)[0][0]
    pool = _pool(scenario, seed, _local(scenario, first_s))
    moves = _moves(pool, first_s + scenario.length_s)
    (guest,) = pool.guests.users
    return Course(
        moves=tuple((at_s - first_s, move) for at_s, move in moves),
        waits_s=_by_batch(scenario, pool.local.waits),
        evicted=guest.evicted,
        completed=guest.completed,
    )


def _pool(scenario: Scenario, seed: int, local: tuple[LocalJob, ...]) -> LoadedPool:
    guests = tuple(GuestJob(0.0, job.run_s, _asks(job)) for job in scenario.guests for _ in range(job.jobs))
    workload = Workload(
        name="scenario",
        about="one of the lab's",
        hosts=(Resources(scenario.cpus, scenario.memory_mib, HOST_DISK_KIB),) * scenario.hosts,
        jobs=local,
        length_s=scenario.length_s + FIRST_WITHIN_S,
        guests=(GuestLoad(jobs=guests),),
    )
    settings = lab_settings(scenario.policy)
    pool = LoadedPool(workload, settings, seed, LAB)
    Daemon(pool.agenda, settings, pool.seen, pool.switching).begin()
    return pool


def _local(scenario: Scenario, first_s: float) -> tuple[LocalJob, ...]:
    return tuple(
        LocalJob(first_s + batch.at_s, batch.run_s, _asks(batch), "carol")
        for batch in scenario.local
        for _ in range(batch.jobs)
    )


def _asks(batch: Batch) -> Resources:
    return Resources(batch.cpus, JOB_MIB, DISK_KIB)


def _moves(pool: LoadedPool, until_s: float) -> list[tuple[float, Moved]]:
    """Since the beginning of the simulation, until so long after it."""
    found: set[tuple[float, int, Moved]] = set()
    while pool.agenda.now_s < BEGIN_S + until_s:
        pool.agenda.run(pool.agenda.now_s + LOOK_S)
        for machine in pool.machines:
            if machine.flock_since_s is not None:
                found.add((machine.flock_since_s - BEGIN_S, machine.index, Moved.LENT))
            if machine.regular and machine.regular_since_s > BEGIN_S:
                found.add((machine.regular_since_s - BEGIN_S, machine.index, Moved.HOME))
    return [(at_s, move) for at_s, _, move in sorted(found, key=lambda one: one[:2]) if at_s <= until_s]


def _by_batch(scenario: Scenario, waits: list[float]) -> tuple[tuple[float, ...], ...]:
    """A batch is done before the next one is submitted, so that jobs start in the batches' order."""
    rows, rest = [], list(waits)
    for batch in scenario.local:
        rows.append(tuple(sorted(rest[: batch.jobs])))
        rest = rest[batch.jobs :]
    return tuple(rows)
