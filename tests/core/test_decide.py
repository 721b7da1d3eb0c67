"""What the threshold policy orders, and what the gates refuse."""

import dataclasses
from typing import Any

import pytest

from shepherd.core.policy.decide import decide
from shepherd.model.flockoff import FlockOff
from shepherd.model.host import Herd
from shepherd.model.observation import Reading, Source
from shepherd.model.orders import HostMemory, Stage, Verdict
from shepherd.model.settings import HostSettings, PolicyKind, PolicySettings
from tests.build import NOW, facts, flock_startd, idle_host, keeper, record, regular, settings, snapshot


def threshold(**more: Any) -> PolicySettings:
    """Settings of the talk's rule."""
    return PolicySettings(kind=PolicyKind.THRESHOLD, **more)


POLICY = threshold(idle_jobs_threshold=600, lend_per_cycle=2, reserve=0.25)


def verdict(
    seen, switches=(), *, policy=POLICY, memories=None, off=None, is_cycle=True, hosts=None, may_lend=True
) -> Verdict:
    by_host = {one.host: one for one in switches}
    site = settings(policy, hosts=hosts)
    return decide(seen, by_host, memories or {}, off, site, NOW, is_cycle=is_cycle, may_lend=may_lend)


def lent(result: Verdict) -> list[str]:
    return [order.host for order in result.orders if order.herd is Herd.FLOCK]


def reclaimed(result: Verdict) -> list[str]:
    return [order.host for order in result.orders if order.herd is Herd.LOCAL]


def test_below_the_threshold_the_longest_idle_hosts_are_lent_up_to_the_budget():
    """Lending everything at once on one quiet look is how a burst finds no host."""
    seen = snapshot(
        idle_host("p201", idle_since_s=NOW - 10),
        idle_host("p202", idle_since_s=NOW - 900),
        idle_host("p203", idle_since_s=NOW - 800),
        idle_host("p204", idle_since_s=NOW - 20),
        idle_jobs=599,
    )
    result = verdict(seen)
    assert lent(result) == ["p202", "p203"]
    assert {refusal.why for refusal in result.refusals} == {"enough hosts go out this cycle"}
    assert "599 idle local jobs, below 600: 2 are lent, 2 stay (enough hosts go out this cycle)" in result.sentence


def test_at_the_threshold_nothing_moves():
    """The talk says `< 600` and `> 600`; a rule that moves at 600 flaps there."""
    switches = [record("p202", Stage.LENT)]
    seen = snapshot(idle_host("p201"), facts("p202", flock=flock_startd()), idle_jobs=600)
    assert verdict(seen, switches).orders == ()


def test_above_the_threshold_every_lent_host_goes_home_at_once_even_between_cycles():
    """A local burst must not wait five minutes for its own hosts."""
    switches = [record("p202", Stage.LENT), record("p203", Stage.GRANTED), record("p204", Stage.REVOKED)]
    seen = snapshot(idle_host("p201"), facts("p202", flock=flock_startd()), idle_host("p203"), idle_jobs=601)
    assert reclaimed(verdict(seen, switches, is_cycle=False)) == ["p203", "p202"]


def test_a_budget_of_reclaims_is_spent_once_a_cycle_with_idle_guests_first():
    """Least guest work lost: the host with the fewest claimed slots goes first."""
    policy = threshold(idle_jobs_threshold=600, reclaim_per_cycle=1)
    switches = [record("p202", Stage.LENT), record("p203", Stage.LENT)]
    seen = snapshot(
        *[idle_host(f"p21{n}", busy=1) for n in range(4)],
        facts("p202", flock=flock_startd(busy=2)),
        facts("p203", flock=flock_startd(busy=0)),
        idle_jobs=700,
    )
    assert reclaimed(verdict(seen, switches, policy=policy)) == ["p203"]
    assert reclaimed(verdict(seen, switches, policy=policy, is_cycle=False)) == []


def test_the_reserve_is_never_lent():
    """A quarter of four equal hosts is one host: three may go, the fourth stays."""
    hosts = [idle_host(f"p20{n}") for n in range(1, 5)]
    result = verdict(snapshot(*hosts), policy=threshold(lend_per_cycle=9, reserve=0.25))
    assert len(lent(result)) == 3
    assert [r.why for r in result.refusals] == ["the reserve of 25% needs it"]


def test_a_reserve_that_dead_hosts_broke_takes_hosts_home_in_the_same_look():
    """Two of four hosts die; what is left is lent: the local herd is empty until somebody notices."""
    switches = [record("p201", Stage.LENT), record("p202", Stage.LENT)]
    seen = snapshot(facts("p201", flock=flock_startd()), facts("p202", flock=flock_startd()), facts("p203"))
    assert len(reclaimed(verdict(seen, switches, is_cycle=False))) == 1


@pytest.mark.parametrize("kind", PolicyKind)
def test_a_pool_that_nobody_knows_is_not_short_of_local_hosts(kind):
    """The central manager was rebooted: its collector knew no host yet, and guests were thrown off a quarter of the
    pool, for a reserve that stood there idle."""
    switches = [record("p201", Stage.LENT), record("p202", Stage.LENT)]
    hosts = [facts("p201", flock=flock_startd()), facts("p202", flock=flock_startd())]
    young = {Source.HOME_STARTDS: Reading(source=Source.HOME_STARTDS, at_s=NOW, problem="the collector is young")}
    policy = dataclasses.replace(POLICY, kind=kind)
    assert len(reclaimed(verdict(snapshot(*hosts), switches, policy=policy))) == 1
    assert not verdict(snapshot(*hosts, readings=young), switches, policy=policy).orders


def test_idle_hosts_kept_ready_are_not_lent():
    """The idle reserve is a setting of its own: busy hosts help no burst."""
    policy = threshold(lend_per_cycle=9, reserve=0.0, idle_reserve=2)
    assert len(lent(verdict(snapshot(*[idle_host(f"p20{n}") for n in range(1, 5)]), policy=policy))) == 2


@pytest.mark.parametrize(
    ("host", "why"),
    [
        (facts("p201", regular=regular(busy=1), keeper=keeper()), "it works for local jobs"),
        (facts("p201", regular=regular(), keeper=None), "its keeper is not heard"),
        (facts("p201", regular=regular(gpus=1), keeper=keeper()), "it has GPUs"),
        (facts("p201", regular=regular(), keeper=keeper(problem="no macvlan network")), "no macvlan network"),
        (facts("p201", regular=regular(), keeper=keeper(heard_at_s=NOW - 5000)), "its keeper is not heard"),
    ],
)
def test_a_host_that_cannot_be_lent_is_refused_with_the_reason(host, why):
    """`why was host X not lent` must have an answer a person can read."""
    result = verdict(snapshot(host, idle_host("p299")), policy=threshold(reserve=0.0))
    assert lent(result) == ["p299"]
    assert why in next(r.why for r in result.refusals if r.host == "p201")


def test_a_host_cools_after_a_failed_lend():
    """A broken image must not restart the same host's startd every five minutes all night."""
    memory = HostMemory(failures=1, not_before_s=NOW + 60, last_problem="its keeper is not armed")
    result = verdict(snapshot(idle_host("p201")), memories={"p201": memory}, policy=threshold(reserve=0.0))
    assert lent(result) == []
    why = "cooling after a failed lend: its keeper is not armed (for 60 s more)"
    assert [refusal.why for refusal in result.refusals] == [why]


def test_a_cooling_written_by_a_clock_that_was_ahead_counts_for_nothing():
    """A wrong clock for a minute must not keep a host from guests for the hours it was wrong by."""
    memory = HostMemory(failures=1, not_before_s=NOW + 600 * 16 + 3600, last_problem="its keeper is not armed")
    result = verdict(snapshot(idle_host("p201")), memories={"p201": memory}, policy=threshold(reserve=0.0))
    assert lent(result) == ["p201"]


def test_a_lent_host_that_is_excluded_comes_home():
    """An administrator pinned the host that somebody was to work on, and guests had it for another week."""
    kept = record("p201", Stage.LENT)
    hosts = HostSettings(exclude=("P201",))
    site = settings(threshold(reserve=0.0), hosts=hosts)
    look = snapshot(facts("p201", flock=flock_startd()), idle_host("p202"))
    found = decide(look, {kept.host: kept}, {}, None, site, NOW, is_cycle=False)
    assert [(order.host, order.herd, order.why) for order in found.orders] == [
        ("p201", Herd.LOCAL, "excluded by hosts.exclude")
    ]
    home = dataclasses.replace(kept, stage=Stage.REVOKED)
    assert decide(look, {kept.host: home}, {}, None, site, NOW, is_cycle=False).orders == ()


def test_an_excluded_host_is_never_lent():
    """A pin is a pin."""
    result = verdict(
        snapshot(idle_host("p201")), policy=threshold(reserve=0.0), hosts=HostSettings(exclude=("p201",))
    )
    assert result.orders == ()


@pytest.mark.parametrize("source", [Source.HOME_STARTDS, Source.FLOCK_STARTDS, Source.KEEPERS, Source.QUEUE])
def test_nothing_is_lent_while_a_source_is_not_believed(source):
    """A restarted collector looks like an empty, idle pool."""
    blind = {source: Reading(source=source, at_s=NOW, problem="the collector is young (3 of 600 s)")}
    result = verdict(snapshot(idle_host("p201"), readings=blind), policy=threshold(reserve=0.0))
    assert result.orders == ()
    assert "young" in result.sentence


def test_jobs_seen_by_an_incomplete_answer_still_take_hosts_home():
    """Presence is evidence: a schedd that is missing cannot make 700 waiting jobs of another vanish."""
    partial = {Source.QUEUE: Reading(source=Source.QUEUE, at_s=NOW, problem="no word from cm2")}
    seen = snapshot(facts("p202", flock=flock_startd()), idle_jobs=700, readings=partial)
    assert reclaimed(verdict(seen, [record("p202", Stage.LENT)])) == ["p202"]


def test_a_stale_queue_moves_nobody():
    """The last good answer of an hour ago neither lends nor reclaims."""
    stale = {Source.QUEUE: Reading(source=Source.QUEUE, at_s=NOW - 3600, problem="no answer")}
    seen = snapshot(idle_host("p201"), facts("p202", flock=flock_startd()), idle_jobs=700, readings=stale)
    assert verdict(seen, [record("p202", Stage.LENT)], policy=threshold(reserve=0.0)).orders == ()


def test_flockoff_takes_everybody_home_whatever_the_queue_says():
    """/tmp/flockoff must work when everything else is broken."""
    off = FlockOff(since_s=NOW, who="root", why="attack", until_s=None, from_file=True)
    blind = {s: Reading(source=s, at_s=0, problem="no answer") for s in Source}
    seen = snapshot(facts("p202"), idle_jobs=None, readings=blind)
    result = verdict(seen, [record("p202", Stage.LENT)], off=off, is_cycle=False)
    assert reclaimed(result) == ["p202"]
    assert "attack" in result.sentence


@pytest.mark.parametrize("per_cycle", [0, 1])
def test_what_cannot_be_recorded_is_not_lent_but_reclaimed(per_cycle):
    """With a budget for reclaims and a full disk local jobs waited until somebody had cleaned up."""
    policy = threshold(idle_jobs_threshold=600, reclaim_per_cycle=per_cycle, reserve=0.0)
    home = verdict(snapshot(facts("p202"), idle_jobs=700), [record("p202", Stage.LENT)], policy=policy, may_lend=False)
    assert reclaimed(home) == ["p202"]
    out = verdict(snapshot(idle_host("p201"), idle_jobs=0), policy=policy, may_lend=False)
    assert lent(out) == []
    assert "cannot be recorded" in out.sentence


def test_a_host_held_by_a_human_is_neither_lent_nor_counted():
    """Maintenance on half the pool must not make the other half look like a surplus."""
    seen = snapshot(idle_host("p201"), facts("p202", regular=regular(drain="disk swap"), keeper=keeper()))
    result = verdict(seen, policy=threshold(reserve=0.25, lend_per_cycle=9))
    assert lent(result) == []
