"""What `shepherd -s` shows of now, as one JSON body with a schema number."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from shepherd.core.latch import leaks_in
from shepherd.core.maintenance import Hours, hours_near, hours_of
from shepherd.core.policy.obstacle import obstacle_of
from shepherd.core.policy.view import UNMEMORABLE
from shepherd.core.recorded.members import listed
from shepherd.core.records import bans_body, flockoff_body, groups_body
from shepherd.core.roster import why_unheard
from shepherd.core.switch.deadline import deadline_of
from shepherd.core.switch.state import state_of
from shepherd.model.flockoff import FlockOff
from shepherd.model.host import HostName, HostState
from shepherd.model.observation import Reading, Snapshot
from shepherd.model.orders import HostMemory, SwitchRecord, Verdict
from shepherd.model.roster import Known
from shepherd.model.settings import Settings
from shepherd.model.view import NO_BARS, Bars

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
    bars: Bars = NO_BARS,
    verdict: Verdict | None = None,
    unheard: Mapping[HostName, Known] = MappingProxyType({}),
) -> Mapping[str, object]:
    """The body; `about` names the daemon: instance, pid, sentence, when the last cycle was. `verdict`: of this look.
    `unheard`: hosts that nothing is heard of any more."""
    names = sorted({*snapshot.hosts, *switches, *unheard})
    near = hours_near(settings.hosts, settings.timers, snapshot.at_s)
    return {
        "schema": SCHEMA,
        "at_s": snapshot.at_s,
        **about,
        "flockoff": flockoff_body(flockoff) or None,
        **bans_body(bars.bans),
        "hosts": [
            _silent(unheard[n])
            if n in unheard
            else _host(n, snapshot, switches.get(n), memories.get(n, UNMEMORABLE), settings, bars, near)
            for n in names
        ],
        "readings": [_reading(reading, settings) for reading in snapshot.readings.values()],
        "queue": _queue(snapshot, verdict),
        "unmanaged": list(snapshot.unmanaged),
        "problems": [*problems, *snapshot.naming_problems],
        "leaks": [dataclasses.asdict(leak) for leak in leaks_in(snapshot)],
    }


def _host(
    name: HostName,
    snapshot: Snapshot,
    record: SwitchRecord | None,
    memory: HostMemory,
    settings: Settings,
    bars: Bars,
    near: Sequence[Hours],
) -> Mapping[str, object]:
    """`blocked`, `blocked_by` and `blocked_until_s` are there only of local hosts that cannot be lent."""
    facts, now = snapshot.hosts.get(name), snapshot.at_s
    state, why = state_of(facts, record, now, settings.timers)
    if name in bars.held and state is not HostState.LOCAL:
        state, why = HostState.HELD, bars.why[name]
    body = {
        "host": name,
        "flock_name": facts.pair.flock_name if facts else record.flock_name if record else "",
        "state": state.value,
        "why": why,
        "since_s": record.stage_at_s if record else None,
        "lease": record.lease if record else None,
        "stage": record.stage.value if record else None,
        "deadline_s": deadline_of(record, settings.timers) if record else None,
    }
    hours = hours_of(name, near)
    if facts and state is HostState.LOCAL and (obstacle := obstacle_of(facts, memory, settings, now, bars, hours)):
        body |= {"blocked": obstacle.why, "blocked_by": obstacle.bar.value, "blocked_until_s": obstacle.until_s}
    return body


def barred_in(body: Mapping[str, object]) -> Mapping[str, int]:
    """Of local hosts in a body that could not be lent: how many, by what kind of thing keeps them."""
    hosts = (host for host in listed(body, "hosts") if isinstance(host, Mapping))
    return Counter(str(host["blocked_by"]) for host in hosts if "blocked_by" in host)


def _silent(known: Known) -> Mapping[str, object]:
    return {
        "host": known.pair.host,
        "flock_name": known.pair.flock_name,
        "state": HostState.UNKNOWN.value,
        "why": why_unheard(known),
        "since_s": None,
        "lease": None,
        "stage": None,
        "heard_at_s": known.heard_at_s,
    }


def _reading(reading: Reading, settings: Settings) -> Mapping[str, object]:
    return {
        "source": reading.source.value,
        "at_s": reading.at_s,
        "problem": reading.problem,
        "period_s": settings.timers.look_s,
    }


def _queue(snapshot: Snapshot, verdict: Verdict | None) -> Mapping[str, object] | None:
    """`unfit` and `stuck` are there once a policy that looks at shapes has decided: jobs that raise no demand."""
    queue = snapshot.queue
    if queue is None:
        return None
    return {
        "idle_jobs": queue.idle_jobs,
        "running_jobs": queue.running_jobs,
        "schedds": list(queue.schedds),
        "refused_submitters": queue.refused_submitters,
        "missing_schedds": list(queue.missing_schedds),
        "unfit": groups_body(verdict.unfit if verdict else ()),
        "stuck": groups_body(verdict.stuck if verdict else ()),
    }
