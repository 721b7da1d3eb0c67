"""The site's logger is told where the records end, every minute; a wrong clock makes retention remove nothing."""

from collections.abc import Callable

import pytest

from shepherd.core.heads import anchors_in
from shepherd.errors import LedgerUnavailable
from shepherd.model.chain import Head
from shepherd.model.syslog import SyslogMessage
from shepherd.programs.trace.anchor import SETTLED_S, Anchoring


class World:
    """Clock, store, logger and background in one."""

    def __init__(self) -> None:
        self.wall, self.steady = 1e9, 50.0
        self.upkeeps: list[bool] = []
        self.ledger_upkeeps = 0
        self.sent: list[SyslogMessage] = []
        self.logged: list[str] = []
        self.problem = ""
        self.seq = 1
        self.failing = ""
        self.waiting: list[Callable[[], None]] = []
        self.is_slow = False

    def wall_s(self) -> float:
        return self.wall

    def steady_s(self) -> float:
        return self.steady

    def head(self) -> Head:
        if self.failing:
            raise LedgerUnavailable(self.failing)
        return Head(seq=self.seq, hash="ab" * 32)

    def upkeep(self, *, may_retire: bool) -> None:
        self.upkeeps.append(may_retire)

    def ledger_upkeep(self) -> None:
        self.ledger_upkeeps += 1

    def send(self, message: SyslogMessage) -> None:
        self.sent.append(message)

    def background(self, work: Callable[[], None]) -> None:
        if self.is_slow:
            self.waiting.append(work)
        else:
            work()

    def log(self, event: str, **fields: object) -> None:
        self.logged.append(f"{event} {fields}")

    def passes(self, seconds: float, anchoring: Anchoring) -> None:
        for _ in range(int(seconds / 10)):
            self.wall += 10
            self.steady += 10
            anchoring.tick()


@pytest.fixture(name="world")
def a_world() -> World:
    return World()


@pytest.fixture(name="anchoring")
def an_anchoring(world: World) -> Anchoring:
    return Anchoring(
        store=world, ledger_head=world.head, ledger_upkeep=world.ledger_upkeep, logger=world,
        background=world.background, clock=world, log=world.log, instance="i1", anchor_s=60.0,
    )  # fmt: skip


def test_every_minute_both_heads_are_told(world, anchoring):
    """An hour between two heads is an hour that can be changed unseen."""
    anchoring.tick()
    for _ in range(10):
        world.seq += 1
        world.passes(60, anchoring)
    assert 10 <= len(world.sent) <= 11
    [told] = anchors_in([world.sent[-1].text])
    assert told.instance == "i1"
    assert told.trace == told.ledger
    assert told.trace is not None
    assert told.trace.seq >= 10


def test_nothing_is_removed_until_the_clock_has_gone_right_for_an_hour(world, anchoring):
    """A clock that came up in the year 2040 removed half a year of records in a minute."""
    world.passes(SETTLED_S - 120, anchoring)
    assert set(world.upkeeps) == {False}
    world.wall += 14 * 365 * 86400.0
    world.passes(SETTLED_S - 120, anchoring)
    assert set(world.upkeeps) == {False}
    assert world.ledger_upkeeps == 0
    world.passes(300, anchoring)
    assert world.upkeeps[-1] is True
    assert world.ledger_upkeeps > 0


def test_a_clock_that_is_slewed_is_trusted(world, anchoring):
    """NTP moves it all the time; retention must happen some day."""
    for _ in range(int(SETTLED_S / 60) + 2):
        world.wall += 0.01
        world.passes(60, anchoring)
    assert world.upkeeps[-1] is True


def test_a_store_that_hangs_holds_nothing_up(world, anchoring):
    """The disk of the records was slow, and hosts came home late."""
    world.is_slow = True
    world.passes(600, anchoring)
    assert len(world.waiting) == 1
    world.waiting.pop()()
    world.is_slow = False
    world.passes(120, anchoring)
    assert len(world.sent) >= 2


def test_what_cannot_be_told_is_shown_once_and_over_when_it_is(world, anchoring):
    """Heads were not anchored for weeks, and nobody knew."""
    anchoring.tick()
    world.failing = "disk full"
    world.passes(300, anchoring)
    assert "disk full" in anchoring.problem
    assert len(world.logged) == 1
    world.failing, world.problem = "", "the site's logger is silent"
    world.passes(120, anchoring)
    assert anchoring.problem == "the site's logger is silent"
    world.problem = ""
    world.passes(120, anchoring)
    assert anchoring.problem == ""
