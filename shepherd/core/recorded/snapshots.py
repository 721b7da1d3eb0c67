"""A snapshot, with what the policy remembered, as the ledger keeps it: the whole now and then, else what has changed.

Whoever folds these records in order has again what each decision was made from.
"""

from collections.abc import Mapping

from shepherd.core.recorded.facts import Alias, facts_from, facts_row
from shepherd.core.recorded.members import Json, listed, members, objects, seconds
from shepherd.core.recorded.patch import grouped, patch, patched, ungrouped
from shepherd.core.recorded.waiting import past_from_row, past_row, queue_from, queue_row
from shepherd.model.host import HostName, HostPair
from shepherd.model.observation import HostFacts, Reading, Snapshot, Source
from shepherd.model.past import Past
from shepherd.model.settings import TimerSettings

NOTHING: Json = {}


def known(snapshot: Snapshot, past: Past, timers: TimerSettings, alias: Alias) -> Json:
    """All that a decision depends on and that no other record tells, as an object without null."""
    now = snapshot.at_s
    facts = {
        "hosts": {host: facts_row(facts, now, timers, alias) for host, facts in snapshot.hosts.items()},
        "pairs": {host: facts.pair.flock_name for host, facts in snapshot.hosts.items()},
        "readings": {source.value: _reading_row(one, now, timers) for source, one in snapshot.readings.items()},
        "past": past_row(past),
    }
    return facts if snapshot.queue is None else {**facts, "queue": queue_row(snapshot.queue, now)}


def body_of(before: Json | None, after: Json) -> Json:
    """What is recorded; without `before` all of it. Only `whole` is in it if nothing has changed."""
    changes = patch(before or NOTHING, after)
    hosts = changes.pop("hosts", NOTHING)
    body = {"whole": before is None, **changes}
    return {**body, "hosts": grouped(hosts)} if isinstance(hosts, Mapping) and hosts else body


def folded(before: Json, body: Json) -> Json:
    """What was known when `body` was recorded. Raises ValueError on one it cannot read."""
    changes = {**body, "hosts": ungrouped(listed(body, "hosts"))}
    changes.pop("whole", None)
    return patched(NOTHING if body.get("whole") else before, changes)


Read = dict[HostName, tuple[Json, HostFacts]]
"""Rows of hosts that were read already. Most do not change from one record to the next."""


def snapshot_from(known: Json, at_s: float, read: Read) -> Snapshot:
    """The snapshot of that instant. Raises ValueError. Keeps in `read` what the next call can use."""
    readings, flock_names = objects(known, "readings"), members(known, "pairs")
    hosts = {
        HostPair(host=HostName(name), flock_name=str(flock_names.get(name, ""))): row
        for name, row in objects(known, "hosts").items()
    }
    return Snapshot(
        at_s=at_s,
        hosts={pair.host: _facts(pair, row, read) for pair, row in hosts.items()},
        queue=queue_from(members(known, "queue"), at_s) if "queue" in known else None,
        readings={Source(name): _reading_from(Source(name), row, at_s) for name, row in readings.items()},
    )


def past_of(known: Json) -> Past:
    """What the policy remembered. Raises ValueError."""
    return past_from_row(members(known, "past"))


def _facts(pair: HostPair, row: Json, read: Read) -> HostFacts:
    before = read.get(pair.host)
    if before is None or before[0] is not row or before[1].pair != pair:
        before = read[pair.host] = row, facts_from(pair, row)
    return before[1]


def _reading_row(reading: Reading, now: float, timers: TimerSettings) -> Json:
    """Empty of a source that has just given a good answer."""
    row: dict[str, object] = {"problem": reading.problem} if reading.problem else {}
    return row if now - reading.at_s <= timers.look_s else {**row, "at_s": reading.at_s}


def _reading_from(source: Source, row: Json, at_s: float) -> Reading:
    problem = row.get("problem")
    at_s = seconds(row, "at_s", at_s)
    return Reading(source=source, at_s=at_s, problem=None if problem is None else str(problem))
