"""What holds of every decision, whatever is seen and whatever was before (invariants 3, 5, 6 and 7)."""

import dataclasses
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.core.policy import demand
from shepherd.core.policy.decide import decide
from shepherd.core.policy.view import view_of
from shepherd.model.demand import DemandGroup
from shepherd.model.host import Herd, HostName, HostState
from shepherd.model.observation import HostFacts, Reading, Source
from shepherd.model.orders import Reason, SwitchRecord, Verdict
from shepherd.model.past import Given, Past
from shepherd.model.settings import PolicyKind, PolicySettings
from tests.build import NOW
from tests.build import settings as site
from tests.core.pools_at_random import ASKS, SHAPES, World, any_groups, policies, worlds

KINDS = st.sampled_from(PolicyKind)


def verdict(world: World, policy, groups=None, *, is_cycle=True, readings=None, may_lend=True) -> Verdict:
    seen = world.snapshot(groups)
    seen = dataclasses.replace(seen, readings={**seen.readings, **(readings or {})})
    return decide(
        seen, world.records, {}, None, site(policy), NOW, is_cycle=is_cycle, may_lend=may_lend, past=world.past
    )


def lent(found: Verdict) -> set[HostName]:
    return {order.host for order in found.orders if order.herd is Herd.FLOCK}


def reclaimed(found: Verdict) -> set[HostName]:
    return {order.host for order in found.orders if order.herd is Herd.LOCAL}


@given(worlds(), policies(), KINDS)
def test_only_hosts_without_local_jobs_that_nothing_blocks_are_lent(world, policy, kind):
    """3: a lend that hit a busy host would throw local jobs off, however idle the rest of the pool is."""
    policy = dataclasses.replace(policy, kind=kind)
    view = view_of(world.snapshot(), world.records, {}, site(policy), NOW)
    found = verdict(world, policy)
    assert all(view.hosts[host].idle and not view.hosts[host].blocked for host in lent(found))
    assert lent(found) <= {name for name, host in view.hosts.items() if host.state is HostState.LOCAL}


@given(worlds(), policies())
def test_lends_wait_for_a_cycle_and_its_budget_and_reclaims_for_nothing(world, policy):
    """5: hosts that come home in portions keep local jobs waiting; hosts that all go at once are not there for a
    burst."""
    look, cycle = verdict(world, policy, is_cycle=False), verdict(world, policy)
    assert lent(look) == set()
    assert reclaimed(look) == reclaimed(cycle)
    view = view_of(world.snapshot(), world.records, {}, site(policy), NOW)
    spent = sum(one.hosts for one in world.past.lends if NOW - one.at_s < demand.BUDGET_S)
    usable = sum(1 for host in view.hosts.values() if host.state not in {HostState.HELD, HostState.UNKNOWN})
    assert len(lent(cycle)) <= max(0, max(1, int(policy.lend_share * usable)) - spent)


@given(worlds(), policies(), KINDS)
def test_no_decision_lends_and_reclaims_at_once(world, policy, kind):
    """A host lent in the cycle that calls another one home is a switch for nothing."""
    found = verdict(world, dataclasses.replace(policy, kind=kind))
    assert not (lent(found) and reclaimed(found))


@given(worlds(), policies(), KINDS)
def test_no_lend_goes_into_the_reserve_and_a_shortfall_comes_home(world, policy, kind):
    """6: the local herd keeps its share, also of what failures left."""
    policy = dataclasses.replace(policy, kind=kind)
    view = view_of(world.snapshot(), world.records, {}, site(policy), NOW)
    found = verdict(world, policy)
    left = view.local_cpus - sum(view.hosts[host].cpus for host in lent(found))
    floor = policy.reserve * view.usable_cpus
    assert not lent(found) or left >= floor
    out = [host for host in view.hosts.values() if host.is_out]
    coming = reclaimed(found).union(name for name, host in view.hosts.items() if host.state is HostState.LEAVING)
    if view.local_cpus + sum(view.hosts[name].cpus for name in coming) < floor:
        assert reclaimed(found) == {host.host for host in out}


@given(worlds(), policies(), KINDS)
def test_nobody_goes_home_for_a_reserve_that_nobody_can_see(world, policy, kind):
    """7: a silent, young or implausible home collector is no evidence of a local herd that is too small."""
    policy = dataclasses.replace(policy, kind=kind)
    doubted = {Source.HOME_STARTDS: Reading(source=Source.HOME_STARTDS, at_s=NOW, problem="no answer")}
    found = verdict(world, policy, readings=doubted)
    assert all(order.reason is not Reason.RESERVE for order in found.orders)


@given(worlds(), policies(), KINDS, st.sampled_from(Source))
def test_nothing_is_lent_blind_or_unrecorded(world, policy, kind, source):
    """7 and 9: what is failed or doubted never lends."""
    policy = dataclasses.replace(policy, kind=kind)
    doubted = {source: Reading(source=source, at_s=NOW, problem="no answer")}
    assert lent(verdict(world, policy, readings=doubted)) == set() or source is Source.HOME_MASTERS
    assert lent(verdict(world, policy, may_lend=False)) == set()


@given(worlds(), policies())
def test_a_queue_that_is_not_known_moves_nobody_but_for_the_reserve(world, policy):
    """7: yesterday's jobs neither lend nor reclaim."""
    policy = dataclasses.replace(policy, reserve=0.0)
    old = {Source.QUEUE: Reading(source=Source.QUEUE, at_s=NOW - 9000, problem="no answer")}
    found = verdict(world, policy, readings=old)
    assert found.orders == ()
    assert found.past.waiting == world.past.waiting


@given(worlds(), policies(), any_groups())
def test_more_local_demand_never_lends_more(world, policy, more):
    """A burst on top of a queue let hosts go: each job less had blocked another one's host."""
    jobs = {group.asks: group for group in world.groups}
    for group in more:
        before = jobs.get(group.asks, DemandGroup(asks=group.asks, jobs=0))
        jobs[group.asks] = dataclasses.replace(
            before, jobs=before.jobs + group.jobs, soon=before.soon + group.soon
        )
    less, greater = verdict(world, policy), verdict(world, policy, tuple(jobs.values()))
    assert len(lent(greater)) <= len(lent(less))


@given(worlds(), policies(), KINDS, st.randoms(use_true_random=False))
def test_the_order_of_hosts_and_jobs_does_not_matter(world, policy, kind, rnd: random.Random):
    """A collector that sends its ads in another order must not move hosts."""
    policy = dataclasses.replace(policy, kind=kind)
    hosts, groups = list(world.hosts), list(world.groups)
    rnd.shuffle(hosts)
    rnd.shuffle(groups)
    records = dict(rnd.sample(sorted(world.records.items()), len(world.records)))
    shuffled = dataclasses.replace(world, hosts=tuple(hosts), groups=tuple(groups), records=records)
    found, other = verdict(world, policy), verdict(shuffled, policy)
    assert other == found
    assert verdict(world, policy) == found


@settings(max_examples=60)
@given(worlds(most_hosts=6), policies(), st.integers(2, 5))
def test_twice_the_pool_with_twice_the_jobs_moves_twice_the_hosts(world, policy, times):
    """A rule that holds at thirty hosts and not at three thousand was tuned on a toy."""
    policy = dataclasses.replace(policy, lend_share=1.0, arming_at_once=99)
    world = dataclasses.replace(world, past=Past())
    one, many = verdict(world, policy), verdict(multiplied(world, times), multiplied_policy(policy, times))
    spare = len(world.groups) + 1
    assert len(reclaimed(many)) <= times * len(reclaimed(one)) + times
    assert len(reclaimed(many)) >= times * (len(reclaimed(one)) - spare)
    if not reclaimed(one) and not reclaimed(many):
        assert times * len(lent(one)) <= len(lent(many)) + times * spare
        assert len(lent(many)) <= times * len(lent(one)) + times * spare


def multiplied(world: World, times: int) -> World:
    """Each host and job so many times."""
    hosts: list[HostFacts] = []
    records: dict[HostName, SwitchRecord] = {}
    for copy in range(times):
        for host in world.hosts:
            name = HostName(f"{host.pair.host}-{copy}")
            pair = dataclasses.replace(host.pair, host=name, flock_name=f"{host.pair.flock_name}-{copy}")
            hosts.append(dataclasses.replace(host, pair=pair))
            if old := world.records.get(host.pair.host):
                records[name] = dataclasses.replace(old, host=name, flock_name=pair.flock_name)
    groups = tuple(dataclasses.replace(one, jobs=times * one.jobs, soon=times * one.soon) for one in world.groups)
    return dataclasses.replace(world, hosts=tuple(hosts), records=records, groups=groups)


def multiplied_policy(policy: PolicySettings, times: int) -> PolicySettings:
    """With all counts so many times as large."""
    return dataclasses.replace(
        policy, idle_reserve=times * policy.idle_reserve, arming_at_once=times * policy.arming_at_once
    )


@given(worlds(), policies())
def test_what_fits_no_host_is_told_and_wants_none(world, policy):
    """Six hundred jobs that ask for more than any host has would have kept every host at home for ever."""
    only, policy = (DemandGroup(asks=ASKS[-1], jobs=600),), dataclasses.replace(policy, reserve=0.0)
    found, quiet = verdict(world, policy, only), verdict(world, policy, ())
    assert found.unfit == only
    assert (lent(found), reclaimed(found)) == (lent(quiet), reclaimed(quiet))
    assert "600 fit no host" in found.sentence


@given(worlds(), policies())
def test_a_past_goes_through_a_restart_unchanged(world, policy):
    """A daemon that forgot what it had lent lent as much again."""
    found = verdict(world, policy)
    again = verdict(dataclasses.replace(world, past=found.past), policy)
    assert len(lent(again)) + sum(one.hosts for one in found.past.lends if one.at_s == NOW) >= len(lent(found))
    if lent(found):
        assert found.past.lends[-1] == Given(at_s=NOW, hosts=len(lent(found)))
    assert all(one.asks in {group.asks for group in world.groups} for one in found.past.waiting)
    assert len(SHAPES) > 1
