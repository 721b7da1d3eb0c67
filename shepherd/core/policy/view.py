"""Snapshot and memory, judged into a `PoolView`."""

import dataclasses
from collections.abc import Mapping

from shepherd.core.maintenance import Hours, home_before_s, hours_near, hours_of, sentence
from shepherd.core.naming import is_excluded, is_pinned_out
from shepherd.core.policy.obstacle import EXCLUDED, obstacle_of
from shepherd.core.stop.bans import why_not_lent
from shepherd.core.switch.state import state_of
from shepherd.model.demand import GIVES_NOTHING, Demand, DemandGroup, Gives, Resources
from shepherd.model.host import LENT, HostName, HostState
from shepherd.model.observation import HostFacts, Snapshot, Source
from shepherd.model.orders import HOMEWARD, HostMemory, Reason, SwitchRecord
from shepherd.model.settings import Settings
from shepherd.model.view import NO_BARS, Bars, HostView, Obstacle, PoolView

NEEDED_TO_LEND = (Source.HOME_STARTDS, Source.FLOCK_STARTDS, Source.KEEPERS, Source.QUEUE)
"""Without any of these nothing is lent."""

UNMEMORABLE = HostMemory()
ONE_CPU = Resources(cpus=1)
OUT = tuple(LENT)
"""Searched ten thousand times a look: a set calls Python for the hash of an enum's member, a tuple does not."""


def view_of(
    snapshot: Snapshot,
    switches: Mapping[HostName, SwitchRecord],
    memories: Mapping[HostName, HostMemory],
    settings: Settings,
    now: float,
    bars: Bars = NO_BARS,
) -> PoolView:
    """Every host of the snapshot or of the record, judged at `now`."""
    names = sorted({*snapshot.hosts, *switches})
    near = hours_near(settings.hosts, settings.timers, now)
    hosts = {
        name: _host(
            name,
            snapshot.hosts.get(name),
            switches.get(name),
            memories.get(name, UNMEMORABLE),
            settings,
            now,
            bars,
            near,
        )
        for name in names
    }
    local = lent = 0
    for view in hosts.values():
        if view.state is HostState.LOCAL:
            local += view.cpus
        elif view.state in OUT:
            lent += view.cpus
    return PoolView(
        at_s=now,
        hosts=hosts,
        idle_jobs=_idle_jobs(snapshot, settings, now),
        blind=_blind(snapshot),
        local_cpus=local,
        usable_cpus=local + lent,
        is_local_known=_is_believed(snapshot, Source.HOME_STARTDS),
        demand=_demand(snapshot, settings, now),
    )


def _demand(snapshot: Snapshot, settings: Settings, now: float) -> Demand | None:
    """What idle jobs ask for. Jobs of which only the number is known ask for one cpu each: they count as demand."""
    jobs = _idle_jobs(snapshot, settings, now)
    if jobs is None or snapshot.queue is None:
        return None
    known = snapshot.queue.demand
    if known is None:
        return _and_of_one_cpu(Demand(at_s=now), jobs)
    return _and_of_one_cpu(known, jobs) if known.unasked else known


def _and_of_one_cpu(known: Demand, jobs: int) -> Demand:
    """With so many jobs that all are `jobs`."""
    more = jobs - sum(group.jobs for group in known.groups)
    if more <= 0:
        return known
    groups = {group.asks: group for group in known.groups}
    such = groups.get(ONE_CPU, DemandGroup(asks=ONE_CPU, jobs=0))
    groups[ONE_CPU] = dataclasses.replace(such, jobs=such.jobs + more)
    return dataclasses.replace(known, groups=tuple(groups.values()))


def _idle_jobs(snapshot: Snapshot, settings: Settings, now: float) -> int | None:
    """Jobs that are surely there. An incomplete answer still proves that many: presence is evidence."""
    reading = snapshot.readings.get(Source.QUEUE)
    if snapshot.queue is None or reading is None:
        return None
    if now - reading.at_s > settings.timers.stale_factor * settings.timers.look_s:
        return None
    return snapshot.queue.idle_jobs


def _is_believed(snapshot: Snapshot, source: Source) -> bool:
    reading = snapshot.readings.get(source)
    return reading is not None and not reading.problem


def _blind(snapshot: Snapshot) -> str:
    for source in NEEDED_TO_LEND:
        reading = snapshot.readings.get(source)
        if reading is None:
            return f"{source.value}: not asked yet"
        if reading.problem:
            return f"{source.value}: {reading.problem}"
    return ""


def _host(
    name: HostName,
    facts: HostFacts | None,
    record: SwitchRecord | None,
    memory: HostMemory,
    settings: Settings,
    now: float,
    bars: Bars,
    near: tuple[Hours, ...],
) -> HostView:
    state, why = state_of(facts, record, now, settings.timers)
    if name in bars.held and state is not HostState.LOCAL:
        state, why = HostState.HELD, bars.why[name]
    regular = facts.regular if facts else None
    idle = state is HostState.LOCAL and regular is not None and regular.claimed_slots == 0
    hours = hours_of(name, near) if near else None
    obstacle = obstacle_of(facts, memory, settings, now, bars, hours) if facts and state is HostState.LOCAL else None
    image = record.image if record else settings.flock.image
    recalled = why_not_lent(bars.bans, name, image) if bars.bans else ""
    recall = Reason.BAN
    if not recalled and hours is not None and now >= hours.begin_s - home_before_s(settings.timers):
        recalled, recall = sentence(hours), Reason.MAINTENANCE
    if not recalled and record is not None and settings.hosts.exclude and is_excluded(name, settings.hosts):
        recalled, recall = EXCLUDED, Reason.EXCLUDED
    return HostView(
        host=name,
        state=state,
        why=why,
        cpus=record.cpus if record else regular.cpus if regular else 0,
        idle=idle,
        idle_since_s=(regular.idle_since_s or 0.0) if regular else 0.0,
        blocked=_blocked(state, why, obstacle, idle=idle, now=now),
        since_s=record.stage_at_s if record else 0.0,
        is_out=record is not None and record.stage not in HOMEWARD,
        recalled=recalled,
        recall=recall,
        bar=obstacle.bar if obstacle is not None else None,
        gives=_lent_gives(record) if record else regular.gives if regular else GIVES_NOTHING,
        pinned=bool(settings.hosts.always_lend) and is_pinned_out(name, settings.hosts),
        flock=facts.flock if facts else None,
        proven=state is HostState.FLOCK and record is not None and record.image == settings.flock.image,
    )


def _lent_gives(record: SwitchRecord) -> Gives:
    """What it would give if it were home: of a lend that is older than such records only the cpus are known."""
    if record.gives.whole.cpus:
        return record.gives
    whole = Resources(cpus=record.cpus)
    return Gives(whole, whole, whole)


def _blocked(state: HostState, why: str, obstacle: Obstacle | None, *, idle: bool, now: float) -> str:
    if state is not HostState.LOCAL:
        return why or f"it is {state.value}"
    if obstacle is None:
        return "" if idle else "it works for local jobs"
    more = f" (for {obstacle.until_s - now:.0f} s more)" if obstacle.until_s else ""
    return obstacle.why + more
