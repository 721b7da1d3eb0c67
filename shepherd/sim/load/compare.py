"""Outcomes of one workload beside each other, and what was to be reached."""

from collections.abc import Iterator, Mapping, Sequence

from shepherd.model.settings import TimerSettings
from shepherd.model.simulated import Compared, Contender, Outcome
from shepherd.sim.load import switch_times as times
from shepherd.sim.load.pace import USUAL

HARVEST = 0.95
"""Share of the oracle's kept guest work."""
ADDED = 0.02
"""Share of never's wait at the 95th percentile."""
LOST = 0.01
"""Share of given guest work."""
FLAPS = 0.1
"""Share of threshold's switches, on a noisy queue."""
NOISY = "noise"


def compared(outcomes: Mapping[Contender, Outcome], timers: TimerSettings) -> list[Compared]:
    """Each outcome of one workload beside its bounds. `never` is among them."""
    oracle, threshold = outcomes.get(Contender.ORACLE), outcomes.get(Contender.THRESHOLD)
    never = outcomes[Contender.NEVER]
    return [
        Compared(
            outcome=outcome,
            never=never.waits,
            harvest_of_oracle=_share(outcome.kept_core_s, oracle.kept_core_s if oracle else 0.0),
            switches_of_threshold=_share(
                outcome.switches_per_host_day, threshold.switches_per_host_day if threshold else 0.0
            ),
            allowed_s=max(ADDED * never.waits.p95_s, one_reclaim_s(timers) + USUAL.negotiator_interval_s),
        )
        for outcome in outcomes.values()
    ]


def one_reclaim_s(timers: TimerSettings) -> float:
    """From the order to a regular startd, with all of a guest's notice."""
    parts = (times.TOOL_S, times.CONTAINER_ENDS_S, times.REGULAR_BACK_S)
    return timers.graceful_s + times.PUBLISH_S + sum(longest for _, longest in parts)


def missed(rows: Sequence[Compared]) -> Iterator[str]:
    """Each goal that `demand` did not reach, in one line."""
    for row in rows:
        if row.outcome.contender is Contender.DEMAND:
            for what in _missed(row):
                yield f"{row.outcome.workload}: {what}"


def _missed(row: Compared) -> Iterator[str]:
    outcome, flaps = row.outcome, row.switches_of_threshold
    if row.harvest_of_oracle is not None and row.harvest_of_oracle < HARVEST:
        yield f"{row.harvest_of_oracle:.1%} of the oracle's harvest, goal {HARVEST:.0%}"
    if row.added_p95_s > row.allowed_s:
        yield f"local jobs wait {row.added_p95_s:.0f} s more at the 95th percentile, goal {row.allowed_s:.0f} s"
    if outcome.guest_work_lost > LOST:
        yield f"{outcome.guest_work_lost:.1%} of guests' work is lost, goal {LOST:.0%}"
    if outcome.reserve_violations:
        yield f"{outcome.reserve_violations} lends into the reserve"
    if outcome.workload.startswith(NOISY) and flaps is not None and flaps > FLAPS:
        yield f"{flaps:.2f} times threshold's switches, goal {FLAPS:g}"


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
