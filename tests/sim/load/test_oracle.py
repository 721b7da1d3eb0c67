"""The bounds are bounds."""

import pytest

from shepherd.core.harvest.took import nearest_rank
from shepherd.model.settings import TimerSettings
from shepherd.model.simulated import Contender
from shepherd.sim.load.agenda import BEGIN_S
from shepherd.sim.load.compare import compared, missed
from shepherd.sim.load.idle_gaps import IdleGaps
from shepherd.sim.load.run import Plan, outcomes, runs_of
from shepherd.sim.load.synthetic.draws import has
from tests.sim.load.pools import HOUR_S, jobs_at, load, pool_of, run_to


def test_gaps_are_those_of_hosts_that_stand_for_each_other() -> None:
    """An oracle that kept hosts apart harvested less than a policy that did not."""
    pool = pool_of(load([*jobs_at(100.0, 1, 500.0, cpus=4), *jobs_at(300.0, 1, 700.0, cpus=4)], hosts=2))
    run_to(pool, 2 * HOUR_S)
    spans = sorted((round(gap.from_s - BEGIN_S), gap.to_s - BEGIN_S) for gap in pool.gaps.all())
    assert [start for start, _ in spans] == [0, 0, 602, 1002]
    assert [round(end) for _, end in spans if end < 1e9] == [100, 300]


def test_the_oracle_knows_and_does_not_keep_local_jobs_waiting() -> None:
    """A bound that made local jobs wait was no bound of what may be harvested beside them."""
    jobs = [*jobs_at(HOUR_S, 32, 600.0), *jobs_at(3 * HOUR_S, 32, 600.0)]
    found = outcomes(Plan(workload=load(jobs, hours=5), seed=3), list(Contender))
    never, oracle, demand = (found[c] for c in (Contender.NEVER, Contender.ORACLE, Contender.DEMAND))
    assert oracle.waits.longest_s <= never.waits.longest_s + 1.0
    assert oracle.kept_core_s > demand.kept_core_s > 0.0 == never.kept_core_s
    assert oracle.reserve_violations == 0


def test_runs_are_as_many_as_were_told() -> None:
    """The bar stood at 140 %."""
    told: list[int] = []
    for contenders in ([Contender.NEVER], [Contender.THRESHOLD], list(Contender)):
        told.clear()
        outcomes(Plan(workload=load(jobs_at(10.0, 4, 60.0), hours=0.2)), contenders, lambda: told.append(1))
        assert len(told) == runs_of(contenders)


def test_a_missed_goal_is_told() -> None:
    """A table with a bad row in it was read as a good one."""
    found = outcomes(Plan(workload=load(jobs_at(HOUR_S, 32, 600.0), hours=2), seed=3), list(Contender))
    rows = compared(found, TimerSettings())
    (demand,) = [row for row in rows if row.outcome.contender is Contender.DEMAND]
    assert demand.outcome.guest_work_lost > 0.01
    assert any("guests' work is lost" in line for line in missed(rows))
    assert demand.harvest_of_oracle == pytest.approx(
        found[Contender.DEMAND].kept_core_s / found[Contender.ORACLE].kept_core_s
    )


@pytest.mark.parametrize(("share", "value"), [(0.5, 2.0), (0.95, 4.0), (0.0, 1.0), (1.0, 4.0), (0.26, 2.0)])
def test_ranks_are_the_nearest(share: float, value: float) -> None:
    """Two definitions of a percentile differed by a whole negotiation cycle."""
    assert nearest_rank([1.0, 2.0, 3.0, 4.0], share) == value


def test_a_gap_needs_a_host_that_lives() -> None:
    """The oracle lent hosts that had been dead."""
    pool = pool_of(load(hosts=1))
    gaps = IdleGaps(pool.machines)
    pool.machines[0].alive = False
    gaps.note(pool.machines[0], BEGIN_S + 50.0)
    (gap,) = gaps.all()
    assert (gap.kind, gap.to_s) == (has(4, 16), BEGIN_S + 50.0)
