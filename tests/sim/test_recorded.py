"""What the fake site's shepherd puts on record is what its decisions were made from, and a replay of it holds."""

import dataclasses

import pytest

from shepherd.core.recorded.moments import newest_moment
from shepherd.core.recorded.switch_times import switch_times
from shepherd.core.replay.again import made_again
from shepherd.core.replay.replay import replay
from shepherd.model.entry import EntryKind
from shepherd.model.host import Herd
from shepherd.model.replay import Outcome, Replayed, SwitchTimes
from shepherd.model.settings import PolicyKind
from shepherd.model.standing import Standing
from shepherd.sim.site import Site
from tests.sim.recorded_day import burst, busy_day, eventful_day, read_back, recorded, site_of


def replayed(site: Site, **policies: dict[str, object]) -> Replayed:
    """Its day, and with other settings of the policy, by names."""
    then = site.spec.settings()
    others = {
        name: lambda _, changes=changes: dataclasses.replace(then, policy=dataclasses.replace(then.policy, **changes))
        for name, changes in policies.items()
    }
    found = replay(recorded(site), lambda _: then, others, switch_times(site.ledger.entries))
    assert found is not None
    return found


def outcome(of: Replayed, name: str) -> Outcome:
    return next(one for one in of.outcomes if one.name == name)


@pytest.mark.parametrize("kind", PolicyKind)
def test_every_recorded_decision_comes_out_the_same_when_it_is_made_again(kind):
    """An explanation from half of what a decision was made from is a guess."""
    site = site_of(kind)
    eventful_day(site)
    decided = [(moment, moment.said) for moment in recorded(site) if moment.said is not None]
    settings = site.spec.settings()
    for moment, said in decided:
        again = made_again(moment, settings)
        assert (again.orders, again.sentence) == (said.orders, said.sentence)
        assert set(again.refusals) == set(said.refusals)
    assert len(decided) > 60
    assert {order.herd for _, said in decided for order in said.orders} == set(Herd)


def test_a_host_is_told_as_it_was_at_the_newest_look_whenever_one_asks() -> None:
    """A host that had just gone home was told to have a container under a strange lease, and to give nothing."""
    site = site_of(PolicyKind.DEMAND)
    busy_day(site)
    stored, looks = list(read_back(site)), iter(recorded(site))
    look = None
    for count, one in enumerate(stored, 1):
        look = next(looks) if one.entry.kind is EntryKind.SNAPSHOT else look
        if one.entry.kind in {EntryKind.SNAPSHOT, EntryKind.SWITCH}:
            newest = newest_moment(Standing(), stored[:count])
            assert newest == (look and dataclasses.replace(look, said=None))
    assert look is not None


def close(one: float, other: float, within: float) -> bool:
    return abs(one - other) <= within * max(one, other)


@pytest.mark.parametrize("kind", PolicyKind)
def test_a_replay_with_the_settings_of_then_is_what_was(kind):
    """What a replay says of other settings is worth as much as what it says of those that were."""
    site = site_of(kind)
    busy_day(site)
    was, again = replayed(site).outcomes
    assert was.lends >= 8
    assert close(was.guest_core_h, again.guest_core_h, 0.1)
    assert close(was.blocked_job_h, again.blocked_job_h, 0.25)
    assert abs(was.lends - again.lends) <= 1
    assert abs(was.reclaims - again.reclaims) <= 1


@pytest.mark.parametrize("reserve", [0.0, 0.6])
def test_a_replay_with_another_reserve_is_what_the_site_does_with_it(reserve):
    """An administrator raised the reserve by what a replay said; the pool lent half of that."""
    site, other = site_of(PolicyKind.DEMAND), site_of(PolicyKind.DEMAND, reserve)
    for one in (site, other):
        busy_day(one)
    said = outcome(replayed(site, changed={"reserve": reserve}), "changed")
    truth = outcome(replayed(other), "recorded")
    assert close(said.guest_core_h, truth.guest_core_h, 0.15)
    assert close(said.lends, truth.lends, 0.25)
    assert not close(truth.guest_core_h, outcome(replayed(site), "recorded").guest_core_h, 0.2)


def test_a_replay_with_another_policy_is_what_the_site_does_with_it():
    """The policy was changed by what a replay said, in which it forgot at every look what it had seen before."""
    site, other = site_of(PolicyKind.THRESHOLD), site_of(PolicyKind.DEMAND)
    for one in (site, other):
        busy_day(one)
    said = outcome(replayed(site, changed={"kind": PolicyKind.DEMAND}), "changed")
    truth = outcome(replayed(other), "recorded")
    assert close(said.guest_core_h, truth.guest_core_h, 0.15)
    assert abs(said.reclaims - truth.reclaims) <= 2


def test_never_lending_blocks_nobody_and_lending_all_blocks_most():
    """The bounds: whoever reads a table of replays looks at them first."""
    site = site_of(PolicyKind.THRESHOLD)
    busy_day(site)
    found = replayed(site, never={"reserve": 1.0}, everything={"reserve": 0.0, "lend_per_cycle": 5})
    was, never, everything = (outcome(found, name) for name in ("recorded", "never", "everything"))
    assert (never.lends, never.guest_core_h, never.blocked_job_h) == (0, 0, 0)
    assert never.waited_job_h <= was.waited_job_h <= everything.waited_job_h
    assert 0 < was.blocked_job_h < everything.blocked_job_h
    assert never.guest_core_h < was.guest_core_h < everything.guest_core_h


def test_time_without_records_counts_for_nothing():
    """The shepherd was off over the holidays, and was said to have lent the whole pool all the while."""
    site = site_of(PolicyKind.DEMAND)
    site.run(300)
    site.shepherds[0].kill()
    site.run(7200)
    site.start_shepherd()
    site.run(300)
    found = replayed(site)
    assert found.unrecorded_h == pytest.approx(7200 / 3600 - 900 / 3600, abs=0.05)
    assert found.outcomes[0].hours == pytest.approx(1500 / 3600, abs=0.05)


def test_switches_of_the_day_say_how_long_a_replayed_one_takes():
    """A replay on a slow site lent as quickly as on a fast one."""
    site = site_of(PolicyKind.DEMAND)
    burst(site, 5)
    assert switch_times(()) == SwitchTimes()
    busy_day(site)
    times = switch_times(site.ledger.entries)
    assert times.lends >= 3
    assert times.homecomings >= 3
    assert 1 < times.home_s < 10 < times.lend_s < 120
