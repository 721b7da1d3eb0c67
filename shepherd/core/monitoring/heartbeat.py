"""The shepherd's sign of life: how many hosts are in which state, the queue, and whether anything is wrong."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from shepherd.model.host import HostState
from shepherd.model.monitoring import Heartbeat
from shepherd.model.observation import Queue
from shepherd.model.one_line import one_line
from shepherd.model.settings import Settings
from shepherd.model.view import Bar

MANY = 0.1
"""More than this share of the hosts is a warning, as for Prometheus (ShepherdHostsUnknown, ShepherdHostsBarred)."""
FEW = 2
"""So many hosts may boot, or be worked on, without a word."""
FAULTS = (Bar.KEEPER, Bar.COOLING)
"""What keeps hosts from being lent although nobody wants it so."""


def heartbeat(
    states: Sequence[HostState],
    queue: Queue | None,
    cycle_age_s: float,
    problems: Sequence[str],
    settings: Settings,
    barred: Mapping[str, int],
) -> Heartbeat:
    """To be sent after a look. Its figures are there every time; those of an unknown queue are left out. `barred`:
    local hosts that could not be lent, by the value of their `Bar`."""
    counted = Counter(states)
    figures: dict[str, float] = {state.value: counted[state] for state in HostState}
    figures |= {"hosts": len(states), "barred": sum(barred.values()), "cycle_age_s": round(max(cycle_age_s, 0.0), 1)}
    if queue is not None:
        figures |= {"idle_jobs": queue.idle_jobs, "running_jobs": queue.running_jobs}
    hosts = ", ".join(f"{counted[state]} {state.value}" for state in HostState if counted[state]) or "no hosts"
    if barred:
        kinds = ", ".join(f"{barred[bar.value]} {bar.value}" for bar in Bar if barred.get(bar.value))
        hosts += f"; {sum(barred.values())} could not be lent ({kinds})"
    wrong = [*map(one_line, problems), *_too_many(counted, barred)]
    return Heartbeat(
        check=settings.icinga.heartbeat,
        is_well=not wrong,
        text=f"WARNING - {wrong[0]}; {hosts}" if wrong else f"OK - {hosts}",
        performance=figures,
        ttl_s=settings.icinga.heartbeat_ttl_s,
    )


def _too_many(counted: Mapping[HostState, int], barred: Mapping[str, int]) -> Iterator[str]:
    allowed = max(FEW, MANY * sum(counted.values()))
    if counted[HostState.UNKNOWN] > allowed:
        yield "of many hosts it is not known what they do"
    if sum(barred.get(bar.value, 0) for bar in FAULTS) > allowed:
        yield "many hosts cannot be lent: keepers are not heard, or lends fail"
