"""Recorded days give about the load that there was."""

import dataclasses

import pytest

from shepherd.errors import BadInput
from shepherd.model.moment import Moment
from shepherd.model.observation import Queue
from shepherd.model.past import NOTHING_PAST
from shepherd.model.view import NO_BARS
from shepherd.sim.load import recorded
from shepherd.sim.load.agenda import BEGIN_S
from shepherd.sim.load.recorded import recorded_load
from tests.sim.load.pools import HOUR_S, decided, jobs_at, load, run_to


def looks(pool, every_s: float, number: int) -> list[Moment]:
    """What a daemon would have put on record."""
    found = []
    for turn in range(number):
        run_to(pool, turn * every_s)
        now = BEGIN_S + turn * every_s
        snapshot = pool.seen.look(now, all_of_them=True)
        found.append(
            Moment(
                at_s=now,
                snapshot=type(snapshot)(
                    at_s=now, hosts=dict(snapshot.hosts), queue=snapshot.queue, readings=snapshot.readings
                ),
                switches=dict(pool.switching.records),
                memories={},
                flockoff=None,
                bars=NO_BARS,
                past=NOTHING_PAST,
                settings={},
            )
        )
    return found


def test_a_recorded_day_is_about_what_it_was() -> None:
    """A recorded burst came back as a trickle, and every policy served it."""
    jobs = [*jobs_at(600.0, 40, 900.0), *jobs_at(HOUR_S, 60, 1200.0, cpus=2)]
    was = load(jobs, hours=3)
    made = recorded_load(looks(decided(was), 10.0, 1080), "day")
    assert sorted(made.hosts) == sorted(was.hosts)
    work = sum(job.run_s * job.shape.cpus for job in made.jobs)
    assert work == pytest.approx(sum(job.run_s * job.shape.cpus for job in jobs), rel=0.1)
    burst = [job for job in made.jobs if HOUR_S - 5 <= job.submit_s <= HOUR_S + 30 and job.shape.cpus == 2]
    assert len(burst) == pytest.approx(60, abs=20), "what was started before the next look is seen by its cpus alone"


def test_a_job_that_said_to_be_a_billion_fills_no_memory(monkeypatch) -> None:
    """One parallel job with a slip in its number of hosts was made into as many jobs, until the kernel ended it."""
    monkeypatch.setattr(recorded, "MOST_JOBS", 500)
    (look,) = looks(decided(load()), 10.0, 1)
    queue = Queue(idle_jobs=10**9, running_jobs=0, schedds=("cm",))
    absurd = dataclasses.replace(look, snapshot=dataclasses.replace(look.snapshot, queue=queue))
    with pytest.raises(BadInput, match="more than 500 local jobs"):
        recorded_load([absurd], "day")


def test_one_look_is_no_load() -> None:
    """A daemon that was stopped at once left a day of no length, by which figures were divided."""
    with pytest.raises(BadInput, match="a single look"):
        recorded_load(looks(decided(load(jobs_at(0.0, 9, 900.0, cpus=99))), 10.0, 2)[1:], "day")


def test_a_clock_that_was_set_back_makes_no_job_come_before_the_first() -> None:
    """An hour was lived twice, and jobs of the second were submitted before those of the first."""
    was = looks(decided(load([*jobs_at(100.0, 20, 900.0), *jobs_at(HOUR_S, 20, 900.0)], hours=2)), 10.0, 720)
    back = [dataclasses.replace(look, at_s=look.at_s - HOUR_S / 2) for look in was[360:]]
    made = recorded_load([*was[:360], *back], "day")
    submits = [job.submit_s for job in made.jobs]
    assert submits == sorted(submits)
    assert min(submits) >= 0.0
    assert all(job.run_s > 0 for job in made.jobs)


def test_a_record_without_jobs_is_no_load() -> None:
    """A day on which the daemon did not run was simulated as a quiet one."""
    with pytest.raises(BadInput, match="no local job"):
        recorded_load(looks(decided(load()), 10.0, 3), "2026-03-01")
