"""The shepherd's sign of life: how many hosts are in which state, the queue, and whether anything is wrong."""

from collections import Counter
from collections.abc import Sequence

from shepherd.model.host import HostState
from shepherd.model.monitoring import Heartbeat
from shepherd.model.observation import Queue
from shepherd.model.one_line import one_line
from shepherd.model.settings import Settings


def heartbeat(
    states: Sequence[HostState], queue: Queue | None, cycle_age_s: float, problems: Sequence[str], settings: Settings
) -> Heartbeat:
    """To be sent after a look. Its figures are there every time; those of an unknown queue are left out."""
    counted = Counter(states)
    figures: dict[str, float] = {state.value: counted[state] for state in HostState}
    figures |= {"hosts": len(states), "cycle_age_s": round(max(cycle_age_s, 0.0), 1)}
    if queue is not None:
        figures |= {"idle_jobs": queue.idle_jobs, "running_jobs": queue.running_jobs}
    hosts = ", ".join(f"{counted[state]} {state.value}" for state in HostState if counted[state]) or "no hosts"
    words = f"WARNING - {one_line(problems[0])}; {hosts}" if problems else f"OK - {hosts}"
    return Heartbeat(
        check=settings.icinga.heartbeat,
        is_well=not problems,
        text=words,
        performance=figures,
        ttl_s=settings.icinga.heartbeat_ttl_s,
    )
