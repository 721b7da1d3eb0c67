"""Runs: one workload under one contender, and all contenders of one workload."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence

from shepherd.core.harvest.took import nearest_rank
from shepherd.model.settings import PolicyKind, PolicySettings, Settings, TimerSettings
from shepherd.model.simulated import Contender, Outcome, SimulatedFault, Waits
from shepherd.model.workload import Workload
from shepherd.sim.load.agenda import BEGIN_S
from shepherd.sim.load.deciders import Daemon, Decider, Nobody
from shepherd.sim.load.idle_gaps import Gap
from shepherd.sim.load.oracle import SHORTEST_S, Oracle
from shepherd.sim.load.outages import Outage
from shepherd.sim.load.pool import LoadedPool, simulated_settings

DAY_S = 86400.0
AFTERWARDS_S = 2 * DAY_S
"""Local jobs that still wait when the workload's time is over are followed for so long."""

POLICIES = {Contender.THRESHOLD: PolicyKind.THRESHOLD, Contender.DEMAND: PolicyKind.DEMAND}

Enter = Callable[[LoadedPool], Decider]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What one workload is run with."""

    workload: Workload
    seed: int = 1
    policy: PolicySettings = dataclasses.field(default_factory=PolicySettings)
    timers: TimerSettings = dataclasses.field(default_factory=TimerSettings)
    faults: tuple[SimulatedFault, ...] = ()

    def settings(self, kind: PolicyKind | None = None) -> Settings:
        """The daemon's, with that policy."""
        policy = self.policy if kind is None else dataclasses.replace(self.policy, kind=kind)
        return simulated_settings(policy, self.timers)


def outcomes(
    plan: Plan, contenders: Sequence[Contender], told: Callable[[], None] = lambda: None
) -> dict[Contender, Outcome]:
    """One outcome each, `never` in any case. `told` is called after each single run."""
    rows: dict[Contender, Outcome] = {}
    gaps: list[list[Gap]] = []
    for contender in _runs(contenders):
        enter = _nobody if contender is Contender.NEVER else _daemon
        pool, rows[contender] = _timed(plan, contender, enter)
        told()
        if contender is not Contender.THRESHOLD:
            gaps.append(list(pool.gaps.all()))
    if Contender.ORACLE in contenders:
        tries = [(known, shortest_s) for known in gaps for shortest_s in SHORTEST_S]
        rows[Contender.ORACLE] = _best([_knowing(plan, known, shortest_s, told) for known, shortest_s in tries])
    return {one: rows[one] for one in Contender if one is Contender.NEVER or one in contenders}


def _runs(contenders: Sequence[Contender]) -> list[Contender]:
    """Those that are run once, and what the oracle has to be told of."""
    needed = {Contender.NEVER, *contenders}
    if Contender.ORACLE in needed:
        needed.add(Contender.DEMAND)
    return [one for one in Contender if one in needed and one is not Contender.ORACLE]


def runs_of(contenders: Sequence[Contender]) -> int:
    """How often `told` will be called."""
    return len(_runs(contenders)) + (2 * len(SHORTEST_S) if Contender.ORACLE in contenders else 0)


def _knowing(plan: Plan, gaps: Sequence[Gap], shortest_s: float, told: Callable[[], None]) -> Outcome:
    def enter(pool: LoadedPool) -> Decider:
        return Oracle(
            pool.agenda, pool.settings, pool.seen, pool.switching, pool.machines, pool.local, gaps, shortest_s
        )

    _, outcome = _timed(plan, Contender.ORACLE, enter)
    told()
    return outcome


def _best(found: Sequence[Outcome]) -> Outcome:
    return max(found, key=lambda outcome: outcome.kept_core_s)


def _daemon(pool: LoadedPool) -> Decider:
    return Daemon(pool.agenda, pool.settings, pool.seen, pool.switching)


def _nobody(_: LoadedPool) -> Decider:
    return Nobody()


def _timed(plan: Plan, contender: Contender, enter: Enter) -> tuple[LoadedPool, Outcome]:
    began_s = time.process_time()
    pool = LoadedPool(plan.workload, plan.settings(POLICIES.get(contender)), plan.seed)
    for fault in plan.faults:
        Outage(pool, fault)
    enter(pool).begin()
    _run(pool)
    return pool, _outcome(pool, plan, contender, time.process_time() - began_s)


def _run(pool: LoadedPool) -> None:
    end_s = BEGIN_S + pool.workload.length_s
    pool.agenda.run(end_s)
    pool.guests.finish(pool.machines)
    pool.ended()
    while not pool.local.is_done and pool.agenda.now_s < end_s + AFTERWARDS_S:
        pool.agenda.run(pool.agenda.now_s + 600.0)


def _outcome(pool: LoadedPool, plan: Plan, contender: Contender, took_s: float) -> Outcome:
    local, guests, switching = pool.local, pool.guests, pool.switching
    unstarted = local.still_waiting()
    waits = [*local.waits, *unstarted]
    return Outcome(
        workload=plan.workload.name,
        contender=contender,
        seed=plan.seed,
        hosts=len(pool.machines),
        days=plan.workload.length_s / DAY_S,
        jobs=len(waits),
        unfit_jobs=local.unfit_jobs,
        waits=waits_of(waits),
        unstarted=len(unstarted),
        evicted_local=local.evicted,
        given_core_s=guests.given_core_s,
        kept_core_s=guests.given_core_s - guests.lost_core_s,
        lost_core_s=guests.lost_core_s,
        lends=pool.switches[0],
        reclaims=pool.switches[1],
        failed_lends=switching.failed_lends,
        reserve_violations=pool.reserve_violations,
        reclaim_p95_s=nearest_rank(sorted(switching.reclaims_took_s), 0.95),
        events=local.events + guests.events,
        took_s=took_s,
        course=tuple(pool.course),
    )


def waits_of(waits: Sequence[float]) -> Waits:
    """Their figures; all 0 if nobody waited."""
    ordered = sorted(waits)
    return Waits(
        mean_s=sum(ordered) / len(ordered) if ordered else 0.0,
        p50_s=nearest_rank(ordered, 0.50),
        p95_s=nearest_rank(ordered, 0.95),
        p99_s=nearest_rank(ordered, 0.99),
        longest_s=ordered[-1] if ordered else 0.0,
    )
