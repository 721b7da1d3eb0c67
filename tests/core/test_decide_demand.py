"""What the demand policy orders, and how it says why."""

import dataclasses
from typing import Any

from shepherd.core.policy.decide import decide
from shepherd.core.policy.view import view_of
from shepherd.model.demand import Demand, DemandGroup, Gives, Resources
from shepherd.model.host import Herd
from shepherd.model.observation import Snapshot
from shepherd.model.orders import Stage, SwitchRecord, Verdict
from shepherd.model.past import NOTHING_PAST, Given, Past
from shepherd.model.settings import PolicyKind, PolicySettings
from tests.build import IMAGE, NOW, facts, flock_startd, idle_host, keeper, record, regular, settings, snapshot

FOUR = Resources(cpus=4, memory_mib=8192)
ONE = Resources(cpus=1, memory_mib=1024)
QUIET = PolicySettings(kind=PolicyKind.DEMAND, reserve=0.0, lend_share=1.0)


def seen(*hosts: Any, groups: tuple[DemandGroup, ...] = (), unasked: tuple[str, ...] = (), idle: int = 0) -> Snapshot:
    """With these idle jobs, or more of unknown shape."""
    found = snapshot(*hosts, idle_jobs=max(idle, sum(group.jobs for group in groups)))
    assert found.queue is not None
    told = Demand(groups=groups, at_s=NOW, unasked=unasked)
    return dataclasses.replace(found, queue=dataclasses.replace(found.queue, demand=told))


def verdict(look: Snapshot, *records: SwitchRecord, policy=QUIET, past: Past = NOTHING_PAST) -> Verdict:
    by_host = {one.host: one for one in records}
    return decide(look, by_host, {}, None, settings(policy), NOW, is_cycle=True, past=past)


def moved(found: Verdict, herd: Herd) -> list[str]:
    return [order.host for order in found.orders if order.herd is herd]


def out(host: str, **more: Any) -> SwitchRecord:
    return record(host, Stage.LENT, gives=Gives(FOUR, FOUR, FOUR), **more)


def jobs(count: int, asks: Resources = ONE) -> DemandGroup:
    return DemandGroup(asks=asks, jobs=count)


def test_what_a_busy_host_has_left_serves_jobs_before_a_lent_one_comes_home():
    """Two cpus stood free beside a job while a guest was thrown off elsewhere."""
    busy = facts("p201", regular=regular(busy=2, free=FOUR._replace(cpus=2)), keeper=keeper())
    look = seen(busy, facts("p202", flock=flock_startd()), groups=(jobs(2),))
    assert verdict(look, out("p202")).orders == ()
    look = seen(busy, facts("p202", flock=flock_startd()), groups=(jobs(3),))
    assert moved(verdict(look, out("p202")), Herd.LOCAL) == ["p202"]


def test_hosts_on_their_way_home_are_counted_on():
    """Every look until the first host was back had called another one."""
    look = seen(facts("p201"), facts("p202", flock=flock_startd()), groups=(jobs(4),))
    leaving = dataclasses.replace(out("p201"), stage=Stage.OFF_ORDERED)
    assert verdict(look, leaving, out("p202")).orders == ()


def test_an_idle_host_that_jobs_wait_for_is_not_lent_and_says_so():
    """The negotiator came ten seconds after the host had gone."""
    hosts = [idle_host(f"p20{number}") for number in (1, 2, 3)]
    found = verdict(seen(*hosts, groups=(jobs(5),)))
    assert len(moved(found, Herd.FLOCK)) == 1
    assert [refusal.why for refusal in found.refusals] == ["idle local jobs want it"] * 2


def test_a_host_that_was_just_used_waits_until_it_has_been_quiet():
    """Hosts went out between two jobs of one user."""
    found = verdict(seen(idle_host("p201", idle_since_s=NOW - 10), idle_host("p202", idle_since_s=NOW - 9000)))
    assert moved(found, Herd.FLOCK) == ["p202"]
    assert [refusal.why for refusal in found.refusals] == [f"it has not been idle for {QUIET.quiet_s:.0f} s"]


def test_hosts_that_the_reserve_keeps_are_those_that_jobs_wait_for():
    """Reserve and demand each kept hosts of their own, and half the pool was kept twice."""
    hosts = [idle_host(f"p20{number}") for number in range(1, 5)]
    policy = dataclasses.replace(QUIET, reserve=0.5)
    assert len(moved(verdict(seen(*hosts, groups=(jobs(8),)), policy=policy), Herd.FLOCK)) == 2
    assert len(moved(verdict(seen(*hosts, groups=(jobs(9),)), policy=policy), Herd.FLOCK)) == 1


def test_what_was_lent_in_the_last_minutes_counts_against_the_budget():
    """A restart in each cycle had lent a tenth of the pool each time."""
    hosts = [idle_host(f"p2{number:02}") for number in range(20)]
    policy = dataclasses.replace(QUIET, lend_share=0.1)
    first = verdict(seen(*hosts), policy=policy)
    assert len(moved(first, Herd.FLOCK)) == 2
    assert first.past.lends == (Given(at_s=NOW, hosts=2),)
    spent = verdict(seen(*hosts), policy=policy, past=first.past)
    assert moved(spent, Herd.FLOCK) == []
    for found in (first, spent):
        assert {refusal.why for refusal in found.refusals} == {"the budget of 10% in 300 s is spent"}
    old = Past(lends=(Given(at_s=NOW - 301, hosts=2),))
    assert len(moved(verdict(seen(*hosts), policy=policy, past=old), Herd.FLOCK)) == 2


def test_a_new_image_goes_to_few_hosts_before_it_goes_to_many():
    """A bad image emptied three hundred hosts in one cycle."""
    hosts = [idle_host(f"p3{number:02}") for number in range(60)]
    policy = dataclasses.replace(QUIET, arming_at_once=5)
    serving = [facts(f"p2{number:02}", flock=flock_startd()) for number in range(10)]

    def lent(image: str) -> int:
        records = [out(one.pair.host, image=image) for one in serving]
        return len(moved(verdict(seen(*hosts, *serving), *records, policy=policy), Herd.FLOCK))

    assert lent("sha256:" + "0" * 64) == 5
    assert lent(IMAGE) == 20


def test_hosts_that_stay_because_others_are_on_their_way_out_say_so():
    """"Enough hosts go out this cycle", said a cycle in which none went: five of the cycle before hung in the pull."""
    hosts = [idle_host(f"p3{number:02}") for number in range(9)]
    arming = [idle_host(f"p2{number:02}") for number in range(3)]
    records = [record(one.pair.host, Stage.GRANTED) for one in arming]
    policy = dataclasses.replace(QUIET, arming_at_once=3)
    found = verdict(seen(*hosts, *arming), *records, policy=policy)
    assert moved(found, Herd.FLOCK) == []
    assert {refusal.why for refusal in found.refusals} == {"no more than 3 hosts go out at one time"}


def test_jobs_of_a_schedd_that_does_not_answer_count_as_one_cpu_each():
    """A schedd that hung took its jobs out of the demand, and hosts went out beside them."""
    look = seen(facts("p202", flock=flock_startd()), groups=(jobs(1, Resources(cpus=1)),), unasked=("cm2",), idle=5)
    assert moved(verdict(look, out("p202")), Herd.LOCAL) == ["p202"]
    (group,) = (view_of(look, {}, {}, settings(QUIET), NOW).demand or Demand()).groups
    assert group == jobs(5, Resources(cpus=1))


def test_nodes_that_a_dag_holds_back_keep_free_hosts_and_bring_none_home():
    """A DAG with a limit on its jobs is no demand; in a minute it is."""
    free = [idle_host(host, idle_since_s=NOW - 200) for host in ("p201", "p202")]
    found = verdict(with_nodes(4, *free, facts("p203", flock=flock_startd())), out("p203"))
    assert (len(moved(found, Herd.FLOCK)), moved(found, Herd.LOCAL)) == (1, [])


def test_nodes_that_are_ready_for_ever_do_not_end_lending():
    """A DAG that its category's limit held up had a million nodes ready, and nothing was lent for a week. Hosts that
    stood free for minutes are not what its nodes wait for."""
    hosts = [idle_host(f"p{number}", idle_since_s=NOW - 400) for number in range(200, 240)]
    assert len(moved(verdict(with_nodes(10**6, *hosts)), Herd.FLOCK)) == QUIET.arming_at_once


def with_nodes(soon: int, *hosts: Any) -> Snapshot:
    """With nothing but nodes that DAGs hold back."""
    look = seen(*hosts)
    assert look.queue is not None
    return dataclasses.replace(look, queue=dataclasses.replace(look.queue, demand=Demand(at_s=NOW, soon=soon)))


def test_demand_and_a_broken_reserve_bring_home_both():
    """Two hosts died while a job waited: the job's host came home, and the reserve stayed broken for a look more."""
    hosts = [facts(f"p20{number}", flock=flock_startd()) for number in (1, 2, 3, 4)]
    policy = dataclasses.replace(QUIET, reserve=0.5)
    found = verdict(seen(*hosts, groups=(jobs(1),)), *(out(one.pair.host) for one in hosts), policy=policy)
    assert len(moved(found, Herd.LOCAL)) == 2
    assert "1 find no local host free and the local herd is below its reserve of 50%: 2 go home" in found.sentence
