"""What a replay hands on from one look to the next, and when it holds a cycle."""

import dataclasses

import pytest

from shepherd.core.recorded.settings import settings_body
from shepherd.core.replay import replay as module
from shepherd.core.replay.replay import replay
from shepherd.model.host import Herd, HostName
from shepherd.model.moment import Moment, Said
from shepherd.model.orders import Order, Verdict
from shepherd.model.past import NOTHING_PAST, Given, Past
from shepherd.model.replay import Again, SwitchTimes
from shepherd.model.settings import TimerSettings
from shepherd.model.view import NO_BARS
from tests.build import NOW, idle_host, settings, snapshot

THEN = settings()
QUICK = settings(timers=TimerSettings(cycle_s=120))


def look(number: int, *, is_cycle: bool) -> Moment:
    """A minute after the one before."""
    at_s = NOW + 60 * number
    said = Said(seq=number, at_s=at_s, is_cycle=True, sentence="nobody moves", orders=(), refusals=())
    return Moment(
        at_s=at_s,
        snapshot=dataclasses.replace(snapshot(idle_host("p201")), at_s=at_s),
        switches={},
        memories={},
        flockoff=None,
        bars=NO_BARS,
        past=NOTHING_PAST,
        settings=settings_body(THEN),
        said=said if is_cycle else None,
    )


@pytest.fixture(name="calls")
def decisions_that_count(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, bool, Past]]:
    """When a decision was made, whether as a cycle, and what it remembered. Each remembers that it was."""
    calls: list[tuple[float, bool, Past]] = []

    def decide(*given: object, is_cycle: bool, past: Past, **_: object) -> Verdict:
        now = given[5]
        assert isinstance(now, float)
        calls.append((now - NOW, is_cycle, past))
        return Verdict(orders=(), refusals=(), sentence="", past=Past(lends=(*past.lends, Given(at_s=now, hosts=1))))

    monkeypatch.setattr(module, "decide", decide)
    return calls


LOOKS = [look(number, is_cycle=number % 5 == 0) for number in range(11)]


def test_each_way_remembers_what_it_did_itself(calls):
    """A replay that lent less was held back by the lends of the day that was."""
    replay(LOOKS, lambda _: THEN, {"other": lambda _: THEN}, SwitchTimes())
    for way in (calls[::2], calls[1::2]):
        assert [len(past.lends) for _, _, past in way] == list(range(11))


def test_cycles_are_when_they_were_unless_their_period_is_changed(calls):
    """A shorter cycle lent as slowly as the long one, in the replay."""
    replay(LOOKS, lambda _: THEN, {"quick": lambda _: QUICK}, SwitchTimes())
    then, quick = ([at_s for at_s, is_cycle, _ in way if is_cycle] for way in (calls[::2], calls[1::2]))
    assert then == [0, 300, 600]
    assert quick == [0, 120, 240, 360, 480, 600]


def test_decisions_that_come_out_otherwise_are_counted_and_named():
    """After an upgrade a replay of last month said what the new policy does, and nobody knew."""
    later = look(11, is_cycle=True)
    assert later.said is not None
    order = Order(host=HostName("p201"), herd=Herd.FLOCK, why="another version lent the last host")
    other = dataclasses.replace(later, said=dataclasses.replace(later.said, orders=(order,)))
    found = replay([*LOOKS, other], lambda _: THEN, {}, SwitchTimes())
    assert found is not None
    assert found.again == Again(decisions=4, same=3, first_other=(11,))
    assert (found.outcomes[0].lends, found.outcomes[1].lends) == (1, 0)
