"""Snapshots as the ledger keeps them, and the same judgements from what is read back."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.policy.decide import decide
from shepherd.core.policy.view import view_of
from shepherd.core.recorded.members import Json
from shepherd.core.recorded.snapshots import body_of, folded, known, past_of, snapshot_from
from shepherd.model.demand import Demand, DemandGroup, Resources
from shepherd.model.host import HostName
from shepherd.model.observation import FlockStartd, KeeperPhase, Queue, Reading, RegularMaster, Snapshot, Source
from shepherd.model.orders import Stage
from shepherd.model.past import NOTHING_PAST
from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from tests.build import ALL_GOOD, NOW, facts, keeper, record, regular, settings

TIMERS = TimerSettings()
STALE_S = TIMERS.stale_factor * TIMERS.ad_period_s + 1
AGES_S = st.sampled_from([0.0, 100.0, STALE_S])
SWITCHES = {one.host: one for one in (record("p201", Stage.LENT), record("p202", Stage.REVOKED))}

REGULARS = st.none() | st.builds(
    lambda busy, drain, age_s, idle_s, gpus, free: regular(
        busy=busy,
        drain=drain,
        heard_at_s=NOW - age_s,
        idle_since_s=None if busy else NOW - idle_s,
        gpus=gpus,
        free=Resources(1, 2048, 1 << 25, 0) if busy and free else None,
        largest=Resources(2, 4096, 1 << 26, 0) if free else None,
        disk_kib=1 << 27,
    ),
    st.integers(0, 2), st.sampled_from([None, "shepherd:p201.1", "by hand"]), AGES_S, st.integers(0, 900),
    st.integers(0, 1), st.booleans(),
)  # fmt: skip
KEEPERS = st.none() | st.builds(
    lambda phase, lease, age_s, problem: keeper(phase, lease=lease, heard_at_s=NOW - age_s, problem=problem),
    st.sampled_from(KeeperPhase), st.sampled_from([None, SWITCHES[HostName("p201")].lease]), AGES_S,
    st.sampled_from([None, "no such image"]),
)  # fmt: skip
MASTERS = st.none() | st.builds(
    lambda off, age_s: RegularMaster(startd_off=off, heard_at_s=NOW - age_s, off_since_s=NOW - 60 if off else None),
    st.booleans(), AGES_S,
)  # fmt: skip
FLOCKS = st.none() | st.builds(
    lambda slots, age_s, users: FlockStartd(
        claimed_slots=slots, started_at_s=NOW - 900, heard_at_s=NOW - age_s, claimed_cpus=slots,
        working_since_s=NOW - 90, guests=tuple(users),
    ),
    st.integers(0, 3), AGES_S, st.sets(st.sampled_from("ab"), max_size=2),
)  # fmt: skip
READINGS = st.builds(
    lambda source, age_s, problem: Reading(source=source, at_s=NOW - age_s, problem=problem),
    st.sampled_from(Source), st.sampled_from([0.0, 5.0, 40.0]), st.sampled_from([None, "silent"]),
)  # fmt: skip
"""Of one source; mostly the others are well."""
SHAPES = st.builds(Resources, st.integers(1, 8), st.integers(0, 9000), st.integers(0, 900), st.integers(0, 1))
DEMANDS = st.none() | st.builds(
    lambda shapes: Demand(
        groups=tuple(DemandGroup(asks=asks, jobs=jobs) for asks, jobs in sorted(shapes.items(), reverse=True)), at_s=NOW
    ),
    st.dictionaries(SHAPES, st.integers(1, 50), max_size=4),
)
QUEUES = st.none() | st.builds(
    lambda more, demand: Queue(
        idle_jobs=more + sum(group.jobs for group in demand.groups) if demand else more,
        running_jobs=3, schedds=("cm",), demand=demand,
    ),
    st.integers(0, 700), DEMANDS,
)  # fmt: skip


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Of five hosts at most, whatever is said of them."""
    names = draw(st.lists(st.sampled_from(["p201", "p202", "p203", "p204", "p205"]), unique=True))
    hosts = [
        facts(name, regular=draw(REGULARS), keeper=draw(KEEPERS), master=draw(MASTERS), flock=draw(FLOCKS))
        for name in names
    ]
    told = {} if draw(st.integers(0, 9)) == 0 else ALL_GOOD
    readings = {**told, **{one.source: one for one in draw(st.lists(READINGS, max_size=2))}}
    return Snapshot(at_s=NOW, hosts={one.pair.host: one for one in hosts}, queue=draw(QUEUES), readings=readings)


def read_back(seen: list[Snapshot]) -> Snapshot:
    """The last of them, from the records of all."""
    before: Json | None = None
    folded_so_far: Json = {}
    for one in seen:
        now = known(one, NOTHING_PAST, TIMERS, str.upper)
        body = json.loads(json.dumps(body_of(before, now)))
        before, folded_so_far = now, folded(folded_so_far, body)
    return snapshot_from(folded_so_far, NOW, {})


@pytest.mark.parametrize("kind", PolicyKind)
@given(seen=st.lists(snapshots(), min_size=1, max_size=4), is_cycle=st.booleans())
def test_what_is_read_back_is_judged_and_decided_the_same(kind, seen, is_cycle):
    """A replay that took a host for local that was drained by hand explained decisions that nobody had made."""
    site = settings(PolicySettings(kind=kind, quiet_s=100))
    again = read_back(seen)
    judged, judged_again = (view_of(one, SWITCHES, {}, site, NOW) for one in (seen[-1], again))
    assert {name: (host.state, host.why, host.blocked) for name, host in judged_again.hosts.items()} == {
        name: (host.state, host.why, host.blocked) for name, host in judged.hosts.items()
    }
    first, second = (
        decide(one, SWITCHES, {}, None, site, NOW, is_cycle=is_cycle) for one in (seen[-1], again)
    )
    assert (second.orders, second.refusals, second.sentence) == (first.orders, first.refusals, first.sentence)


@given(seen=snapshots())
def test_what_the_policy_remembered_is_read_back(seen):
    """A policy that forgot what it waits for at every record lent in the replay what it had kept in life."""
    site, past = settings(PolicySettings(kind=PolicyKind.DEMAND)), NOTHING_PAST
    for at_s in (NOW, NOW + 10):
        now = dataclasses.replace(seen, at_s=at_s)
        past = decide(now, SWITCHES, {}, None, site, at_s, is_cycle=True, past=past).past
    body = json.loads(json.dumps(body_of(None, known(seen, past, TIMERS, str.upper))))
    assert past_of(folded({}, body)) == past


def test_a_host_that_does_nothing_new_costs_nothing():
    """Ads are renewed every five minutes; their times alone would be records of every host."""
    first = Snapshot(at_s=NOW, hosts={}, queue=None, readings={})
    seen = [
        dataclasses.replace(
            first, at_s=at_s,
            hosts={HostName("p201"): facts("p201", regular=regular(heard_at_s=at_s), keeper=keeper(heard_at_s=at_s))},
        )
        for at_s in (NOW, NOW + 300)
    ]  # fmt: skip
    before, after = (known(one, NOTHING_PAST, TIMERS, str.upper) for one in seen)
    assert body_of(before, after) == {"whole": False}


@pytest.mark.parametrize(
    "row",
    [
        {"hosts": [[{"regular": {"free": [1, 2]}}, ["p201"]]]},
        {"hosts": [[{"regular": {"cpus": 1, "free": "all"}}, ["p201"]]]},
        {"hosts": [[{"keeper": {"phase": "asleep"}}, ["p201"]]]},
        {"hosts": [["gone", ["p201"]]]},
        {"readings": {"crystal ball": {}}},
        {"readings": {"queue": {"at_s": "noon"}}},
        {"queue": {"idle_jobs": "many"}},
        {"queue": {"demand": {"groups": {"1/2": {"jobs": 3}}}}},
    ],
)
def test_a_record_that_was_altered_is_named_and_not_guessed(row):
    """A traceback told the security officer that somebody had been at the ledger."""
    with pytest.raises(ValueError, match=r"\S"):
        snapshot_from(folded({}, {"whole": True, **row}), NOW, {})
