"""Who goes out first, and who comes home first."""

import dataclasses
from typing import Any

import pytest

from shepherd.core.policy.decide import decide
from shepherd.core.policy.merit import homecoming_order, lending_order
from shepherd.core.policy.view import view_of
from shepherd.model.demand import Demand, DemandGroup, Gives, Resources
from shepherd.model.host import HostName
from shepherd.model.observation import HostFacts, Reading, Snapshot, Source
from shepherd.model.orders import Stage, SwitchRecord
from shepherd.model.settings import HostSettings, PolicySettings
from tests.build import NOW, facts, flock_startd, idle_host, record, settings, snapshot

WHOLE = Resources(cpus=4, memory_mib=8192)


def lent(host: str, stage: Stage = Stage.LENT, **work: Any) -> tuple[HostFacts, SwitchRecord]:
    """A host that is out, with what guests do there."""
    seen = facts(host, flock=dataclasses.replace(flock_startd(), **work)) if stage is Stage.LENT else idle_host(host)
    return seen, record(host, stage, gives=Gives(WHOLE, WHOLE, WHOLE), stage_at_s=NOW - 100_000)


def working(cpus: int, since_s: float, guest: str = "eve@uni", **more: Any) -> dict[str, Any]:
    """Claims of one guest."""
    return {"claimed_slots": 1, "claimed_cpus": cpus, "working_since_s": NOW - since_s, "guests": (guest,), **more}


def order(*hosts: tuple[HostFacts, SwitchRecord], pins: tuple[str, ...] = ()) -> list[str]:
    """In which they come home."""
    site = settings(hosts=HostSettings(always_lend=pins))
    records = {kept.host: kept for _, kept in hosts}
    view = view_of(snapshot(*(seen for seen, _ in hosts)), records, {}, site, NOW)
    return [host.host for host in homecoming_order(view)]


def test_those_not_yet_serving_come_first_then_those_without_guests():
    """A guest's day of work was thrown away, while a host that was only armed went out."""
    found = order(lent("p201", **working(4, 60)), lent("p202"), lent("p203", Stage.GRANTED))
    assert found == ["p203", "p202", "p201"]


def test_the_host_with_the_least_work_on_it_comes_first():
    """Core-seconds count: one cpu for an hour is less than four for half of one."""
    found = order(lent("p201", **working(4, 1800)), lent("p202", **working(1, 3600)), lent("p203", **working(4, 60000)))
    assert found == ["p202", "p201", "p203"]


def test_claims_of_unknown_age_count_as_old():
    """What nobody can tell must not look like nothing."""
    unknown = working(4, 0) | {"working_since_s": 0.0}
    assert order(lent("p201", **unknown), lent("p202", **working(4, 3600))) == ["p202", "p201"]


def test_jobs_that_end_within_minutes_by_their_limit_are_left_to_end():
    """A host was taken five minutes before its only job had done a day's work."""
    soon = working(1, 200, ends_by_s=NOW + 120)
    assert order(lent("p201", **soon), lent("p202", **working(4, 9000))) == ["p202", "p201"]
    over = working(1, 200, ends_by_s=NOW - 1)
    assert order(lent("p201", **over), lent("p202", **working(4, 9000))) == ["p201", "p202"]


def test_a_guest_whose_jobs_are_all_short_is_not_spared_for_ever():
    """Jobs with a limit of ten minutes each were always nearly done: their guest's hosts came home last, and everybody
    else's hours of work were thrown away for seconds of theirs."""
    begun = working(4, 30, "eve@short", ends_by_s=NOW + 570)
    assert order(lent("p201", **begun), lent("p202", **working(4, 9000, "ann@long"))) == ["p201", "p202"]


@pytest.mark.parametrize("since_s", [-1e308, float("-inf"), 1.0, 0.0, float("nan"), float("inf")])
def test_no_work_is_older_than_its_lend_nor_on_more_cpus_than_there_are(since_s):
    """A container said that its jobs had run since 1970, on a billion cpus: it was the last to go home each time."""
    claims = {"claimed_slots": 1, "claimed_cpus": 10**9, "working_since_s": since_s, "guests": ("eve@uni",)}
    seen, kept = lent("p201", **claims)
    young = seen, dataclasses.replace(kept, stage_at_s=NOW - 60)
    assert order(lent("p202", **working(4, 9000)), young) == ["p201", "p202"]


def test_of_about_equal_losses_the_guest_who_has_most_bears_one():
    """The one host of a small guest was taken each time, because its name came first."""
    large = [lent(f"p21{number}", **working(4, 1000, "bob@big")) for number in range(3)]
    assert order(lent("p201", **working(4, 1020, "ann@small")), *large)[-1] == "p201"


def test_a_guest_with_many_users_counts_as_one():
    """A pool that gave each of its jobs a user of its own kept all of its hosts, and others lost theirs."""
    many = [lent(f"p21{number}", **working(4, 1000, f"u{number}@many")) for number in range(4)]
    few = [lent(f"p20{number}", **working(4, 1000, "ann@few")) for number in range(3)]
    assert set(order(*many, *few)[:2]) <= {seen.pair.host for seen, _ in many}
    assert order(*many, *few)[0].startswith("p21")


def test_pinned_hosts_go_out_first_and_come_home_last():
    """A host that was bought for guests stood at home while the office's went out."""
    pinned = lent("p201", **working(4, 10))
    assert order(pinned, lent("p202", **working(4, 90000)), pins=("p201",)) == ["p202", "p201"]
    site = settings(hosts=HostSettings(always_lend=("p203",)))
    hosts = [idle_host("p202", idle_since_s=NOW - 900), idle_host("p203", idle_since_s=NOW - 10)]
    view = view_of(snapshot(*hosts), {}, {}, site, NOW)
    assert [host.host for host in lending_order(view)] == ["p203", "p202"]


def test_a_pinned_host_is_lent_although_jobs_may_want_it_and_never_into_the_reserve():
    """Another host has room for them; the reserve is a promise to everybody."""
    seen = snapshot(idle_host("p201", idle_since_s=NOW - 1), idle_host("p202"), idle_jobs=1)
    assert seen.queue is not None
    one_job = Demand(groups=(DemandGroup(asks=Resources(cpus=4), jobs=1),))
    seen = dataclasses.replace(seen, queue=dataclasses.replace(seen.queue, demand=one_job))

    def out(reserve: float) -> list[HostName]:
        site = settings(PolicySettings(reserve=reserve), hosts=HostSettings(always_lend=("p201",)))
        return [order.host for order in decide(seen, {}, {}, None, site, NOW, is_cycle=True).orders]

    assert out(0.5) == ["p201"]
    assert out(0.6) == []


def test_a_pinned_host_that_a_job_waits_for_is_not_lent_from_under_it():
    """One job that no host took, in a full pool: the pinned host went out at each cycle and was home at the next look,
    for ever, and each time its guests' work was lost."""
    job = Demand(groups=(DemandGroup(asks=Resources(cpus=4), jobs=1),))
    site = settings(PolicySettings(reserve=0.0), hosts=HostSettings(always_lend=("p201",)))
    seen = snapshot(idle_host("p201"), idle_jobs=1)
    assert seen.queue is not None
    seen = dataclasses.replace(seen, queue=dataclasses.replace(seen.queue, demand=job))
    found = decide(seen, {}, {}, None, site, NOW, is_cycle=True)
    assert [refusal.why for refusal in found.refusals] == ["idle local jobs want it"]
    past = found.past
    went: list[HostName] = []
    for now in range(int(NOW) + 10, int(NOW) + 410, 10):
        look = dataclasses.replace(seen, readings=fresh(seen, now), hosts=fresh_hosts(seen, now))
        again = decide(look, {}, {}, None, site, float(now), is_cycle=True, past=past)
        past = again.past
        went += [order.host for order in again.orders]
    assert went[:1] == ["p201"], "the job waits for something else"


def fresh(seen: Snapshot, now: float) -> dict[Source, Reading]:
    return {source: dataclasses.replace(reading, at_s=now) for source, reading in seen.readings.items()}


def fresh_hosts(seen: Snapshot, now: float) -> dict[HostName, HostFacts]:
    """Each heard of just now."""

    def again(facts: HostFacts) -> HostFacts:
        assert facts.regular is not None
        assert facts.keeper is not None
        heard = {ad: dataclasses.replace(getattr(facts, ad), heard_at_s=now) for ad in ("regular", "keeper")}
        return dataclasses.replace(facts, **heard)

    return {host: again(facts) for host, facts in seen.hosts.items()}
