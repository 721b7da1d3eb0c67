"""What `shepherd -s` shows of now, as one JSON body with a schema number."""

from collections.abc import Mapping, Sequence

from shepherd.core.policy.view import view_of
from shepherd.core.records import flockoff_body
from shepherd.model.flockoff import FlockOff
from shepherd.model.host import HostName
from shepherd.model.observation import Reading, Snapshot
from shepherd.model.orders import HostMemory, SwitchRecord
from shepherd.model.settings import Settings
from shepherd.model.view import HostView

SCHEMA = 1


def present(
    snapshot: Snapshot,
    switches: Mapping[HostName, SwitchRecord],
    memories: Mapping[HostName, HostMemory],
    flockoff: FlockOff | None,
    settings: Settings,
    *,
    about: Mapping[str, object],
    problems: Sequence[str],
) -> Mapping[str, object]:
    """The body; `about` names the daemon: instance, pid, sentence, when the last cycle was."""
    hosts = view_of(snapshot, switches, memories, settings, snapshot.at_s).hosts
    return {
        "schema": SCHEMA,
        "at_s": snapshot.at_s,
        **about,
        "flockoff": flockoff_body(flockoff) or None,
        "hosts": [_host(view, snapshot, switches.get(name)) for name, view in hosts.items()],
        "readings": [_reading(reading, settings) for reading in snapshot.readings.values()],
        "queue": _queue(snapshot),
        "unmanaged": list(snapshot.unmanaged),
        "problems": [*problems, *snapshot.naming_problems],
    }


def _host(view: HostView, snapshot: Snapshot, record: SwitchRecord | None) -> Mapping[str, object]:
    """`blocked` and `blocked_until_s` are there only of local hosts that cannot be lent."""
    facts, obstacle = snapshot.hosts.get(view.host), view.obstacle
    blocked = {"blocked": obstacle.why, "blocked_until_s": obstacle.until_s} if obstacle else {}
    return {
        "host": view.host,
        "flock_name": facts.pair.flock_name if facts else record.flock_name if record else "",
        "state": view.state.value,
        "why": view.why,
        "since_s": record.stage_at_s if record else None,
        "lease": record.lease if record else None,
        "stage": record.stage.value if record else None,
        **blocked,
    }


def _reading(reading: Reading, settings: Settings) -> Mapping[str, object]:
    return {
        "source": reading.source.value,
        "at_s": reading.at_s,
        "problem": reading.problem,
        "period_s": settings.timers.look_s,
    }


def _queue(snapshot: Snapshot) -> Mapping[str, object] | None:
    queue = snapshot.queue
    if queue is None:
        return None
    return {
        "idle_jobs": queue.idle_jobs,
        "running_jobs": queue.running_jobs,
        "schedds": list(queue.schedds),
        "refused_submitters": queue.refused_submitters,
        "missing_schedds": list(queue.missing_schedds),
    }
