"""What is so now, as figures. What nobody may believe any more is left out: a gap in a graph, not a last word."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from shepherd.core.metrics.waiting import blocked_jobs
from shepherd.core.metrics.way import is_late_home, reclaim_deadline_s, stuck
from shepherd.core.policy.view import view_of
from shepherd.model.demand import DemandGroup
from shepherd.model.figures import Row
from shepherd.model.flockoff import OffCause
from shepherd.model.host import HostState
from shepherd.model.metrics import METRICS, word
from shepherd.model.observation import Queue, Source
from shepherd.model.orders import Stage, Verdict
from shepherd.model.settings import Settings, TimerSettings
from shepherd.model.sight import Sight
from shepherd.model.stop import BanKind
from shepherd.model.traced import Traced
from shepherd.model.view import Bar, PoolView

HERD = {HostState.LOCAL: "local", HostState.FLOCK: "flock"}
EXPIRY_SHARE = 0.5
"""Of a lease: with less of it left it is near its end."""


class Life(NamedTuple):
    """What is known of the daemon without a look. Epoch seconds."""

    version: str
    started_s: float
    cycle_at_s: float
    """By the record that it found; 0: none."""
    settings: Settings


def rows(sight: Sight | None, life: Life, now_s: float, seen: Callable[[Sight], tuple[Row, ...]]) -> list[Row]:
    """Everything there is to say at `now_s`; no sight: no look was finished yet. `seen` is `rows_seen`, or remembers
    it."""
    fresh = sight is not None and is_fresh(sight, now_s)
    lasting = [*_life(sight, life), *_sources(sight, is_fresh=fresh)]
    if sight is None or not fresh:
        return [*lasting, Row("blind", (), 1)]
    return [*lasting, *seen(sight), *_leases(sight, life, now_s)]


def is_fresh(sight: Sight, now_s: float) -> bool:
    """Whether the loop still looks. A look may wait for silent collectors, and is late then, which is no news."""
    return abs(now_s - sight.at_s) <= late_s(sight.settings.timers)


def late_s(timers: TimerSettings) -> float:
    """A look that is older than that is no news of now."""
    return timers.look_s + timers.stale_factor * max(timers.look_s, timers.query_s)


def rows_seen(sight: Sight) -> tuple[Row, ...]:
    """What a look showed. Goes through all hosts: once for each sight is enough."""
    view = view_of(sight.snapshot, sight.switches, sight.memories, sight.settings, sight.at_s, sight.bars)
    told = [*_hosts(sight, view), *_demand(sight, view), *_switches(sight), *_stops(sight), *_own(sight)]
    told += [*_traced(sight.traced)]
    told.append(Row("blind", (), bool(view.blind)))
    believed = {reading.source for reading in sight.snapshot.readings.values() if not reading.problem}
    return tuple(row for row in told if set(METRICS[row.name].of) <= believed)


def _life(sight: Sight | None, life: Life) -> Iterator[Row]:
    timers = life.settings.timers
    yield Row("build_info", (life.version, life.settings.policy.kind.value), 1)
    yield Row("start_timestamp_seconds", (), life.started_s)
    yield Row("last_look_timestamp_seconds", (), sight.at_s if sight else 0)
    yield Row("look_period_seconds", (), timers.look_s)
    yield Row("last_cycle_timestamp_seconds", (), sight.cycle_at_s if sight else life.cycle_at_s)
    yield Row("cycle_period_seconds", (), timers.cycle_s)
    yield Row("reclaim_deadline_seconds", (), reclaim_deadline_s(timers))
    yield Row("lease_pages_last_published_timestamp_seconds", (), sight.pages_at_s if sight else 0)


def _sources(sight: Sight | None, *, is_fresh: bool) -> Iterator[Row]:
    for source in Source:
        reading = sight.snapshot.readings.get(source) if sight else None
        labels = (word(source.value),)
        yield Row("source_up", labels, is_fresh and reading is not None and not reading.problem)
        yield Row("source_last_good_timestamp_seconds", labels, reading.at_s if reading else 0)
        if is_fresh and reading is not None and reading.asked_s is not None:
            yield Row("source_question_seconds", labels, reading.asked_s)


def _hosts(sight: Sight, view: PoolView) -> Iterator[Row]:
    counted = Counter(host.state for host in view.hosts.values())
    counted[HostState.UNKNOWN] += len(sight.unheard.keys() - view.hosts.keys())
    for state in HostState:
        yield Row("hosts", (word(state.value), HERD.get(state, "neither")), counted[state])
    barred = Counter(host.bar for host in view.hosts.values())
    for bar in Bar:
        yield Row("hosts_barred", (bar.value,), barred[bar])
    yield Row("hosts_idle", (), sum(host.idle for host in view.hosts.values()))
    yield Row("hosts_unheard", (), len(sight.unheard))
    yield Row("hosts_unmanaged", (), len(sight.snapshot.unmanaged))
    yield Row("hosts_cooling", (), sum(memory.not_before_s > sight.at_s for memory in sight.memories.values()))
    flock = [facts.flock for facts in sight.snapshot.hosts.values() if facts.flock]
    yield Row("guest_cpus", (), sum(startd.claimed_cpus for startd in flock))
    yield from _reserve(view, sight.settings.policy.reserve)


def _reserve(view: PoolView, reserve: float) -> Iterator[Row]:
    """Of a pool without a cpu there is no share."""
    yield Row("cpus", ("local",), view.local_cpus)
    yield Row("cpus", ("flock",), view.usable_cpus - view.local_cpus)
    yield Row("reserve_ratio", (), reserve)
    yield Row("reserve_kept", (), view.local_cpus >= reserve * view.usable_cpus)
    if view.usable_cpus:
        yield Row("local_cpus_ratio", (), view.local_cpus / view.usable_cpus)


def _demand(sight: Sight, view: PoolView) -> Iterator[Row]:
    queue = sight.snapshot.queue
    yield Row("shapes_known", (), queue is not None and queue.demand is not None and not queue.demand.problem)
    if queue is None:
        return
    yield Row("local_jobs", ("idle",), queue.idle_jobs)
    yield Row("local_jobs", ("running",), queue.running_jobs)
    for why, groups in _without_demand(sight.verdict).items():
        yield Row("local_jobs_without_demand", (why,), sum(group.jobs for group in groups))
    stuck = sight.verdict.stuck if sight.verdict else ()
    yield Row("local_jobs_blocked", (), blocked_jobs(view, queue, stuck))
    yield Row("demand_cpus", (), _asked_cpus(queue))
    yield Row("refused_submitters", (), queue.refused_submitters)


def _without_demand(verdict: Verdict | None) -> Mapping[str, tuple[DemandGroup, ...]]:
    return {"unfit": verdict.unfit, "stuck": verdict.stuck} if verdict else {}


def _asked_cpus(queue: Queue) -> int:
    """Of jobs of which only the number is known, one each."""
    groups = queue.demand.groups if queue.demand else ()
    known = sum(group.jobs for group in groups)
    return sum(group.jobs * group.asks.cpus for group in groups) + max(queue.idle_jobs - known, 0)


def _switches(sight: Sight) -> Iterator[Row]:
    stages = Counter(record.stage for record in sight.switches.values())
    for stage in Stage:
        yield Row("leases", (word(stage.value),), stages[stage])
    timers = sight.settings.timers
    for way, hosts in stuck(sight.switches, sight.bars, sight.at_s, timers).items():
        yield Row("switches_stuck", (way,), hosts)
    late = [at_s for at_s in sight.troubles.awaited.values() if is_late_home(at_s, sight.at_s, timers)]
    yield Row("hosts_late_home", (), len(late))


def _leases(sight: Sight, life: Life, now_s: float) -> Iterator[Row]:
    """By the time of the last pages, which carry all of them; a daemon that has published none yet has just begun, or
    cannot, and is given the same time for its first."""
    lease_s = sight.settings.timers.lease_s
    is_near = now_s - max(sight.pages_at_s, life.started_s) > EXPIRY_SHARE * lease_s
    yield Row("leases_near_expiry", (), len(sight.switches) if is_near else 0)


def _stops(sight: Sight) -> Iterator[Row]:
    cause = sight.flockoff.cause if sight.flockoff else None
    for one in OffCause:
        yield Row("flockoff", (one.value,), one is cause)
    keepers = [facts.keeper for facts in sight.snapshot.hosts.values() if facts.keeper]
    yield Row("last_leak_timestamp_seconds", (), max((keeper.leak_at_s for keeper in keepers), default=0.0))
    bans: Mapping[BanKind, int] = Counter(ban.kind for ban in sight.bars.bans)
    for kind in BanKind:
        yield Row("bans", (word(kind.value),), bans.get(kind, 0))
    yield Row("quarantines", (), sight.quarantines)


def _traced(traced: Traced) -> Iterator[Row]:
    yield Row("trace_storable", (), traced.is_storable)
    yield Row("trace_last_stored_timestamp_seconds", (), traced.stored_at_s)
    yield Row("trace_sources_behind", (), traced.behind)
    if (anchored := traced.anchored) is not None:
        yield Row("trace_anchor_last_timestamp_seconds", (), anchored.told_at_s)
        yield Row("trace_anchor_period_seconds", (), anchored.every_s)


def _own(sight: Sight) -> Iterator[Row]:
    troubles = sight.troubles
    yield Row("alone", (), sight.is_alone)
    yield Row("problems", (), troubles.problems)
    yield Row("ledger_writable", (), troubles.gap_from_s is None)
    yield Row("ledger_gap_start_timestamp_seconds", (), troubles.gap_from_s or 0)
    if troubles.icinga_up is not None:
        yield Row("icinga_up", (), troubles.icinga_up)
        yield Row("icinga_silences_owed", (), troubles.silences_owed)
