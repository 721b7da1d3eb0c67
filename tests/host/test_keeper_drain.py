"""What the keeper may believe of its own startd's drain."""

from collections.abc import Callable

from shepherd.model.host import HostName
from shepherd.programs.keeper.drain import FRESH_S, PROBE_S, DrainWatch
from tests.host.keeper_world import SETTINGS, Driven, World


class Asked:
    """A startd that answers when the test says so."""

    def __init__(self) -> None:
        self.reason = "shepherd:p220.1700000000.0000abcd"
        self.questions: list[Callable[[], None]] = []
        self.watch = DrainWatch(HostName("p220"), self, self.questions.append)

    def drain_reason(self, host: HostName) -> str:
        return self.reason if host == "p220" else ""

    def close(self) -> None:
        """Nothing is kept open."""

    def tick(self, now_s: float, *, answered: bool = False) -> bool:
        """One tick of a keeper that wants to act; whether it may."""
        if answered:
            self.questions.pop()()
        self.watch.collect(now_s)
        may = self.watch.confirmed(now_s)
        self.watch.tick(now_s, lent=True, regular=True)
        return may


def test_the_answer_to_a_question_from_before_is_followed_by_another() -> None:
    """A loaded host's startd took five seconds to say what had been so when it was asked."""
    startd = Asked()
    startd.watch.tick(0.0, lent=True, regular=True)
    assert not startd.tick(4.0)
    assert not startd.tick(5.0, answered=True)
    assert len(startd.questions) == 1
    assert startd.tick(6.0, answered=True)
    assert not startd.tick(6.1)


def test_an_answer_that_waited_for_a_stopped_keeper_is_none() -> None:
    """The keeper was stopped between the question and the answer; the host had long gone back to work."""
    startd = Asked()
    assert not startd.tick(0.0)
    assert not startd.tick(FRESH_S + 1.0, answered=True)
    assert startd.tick(FRESH_S + 1.5, answered=True)


def test_a_startd_that_says_no_is_not_ended_by_the_yes_before() -> None:
    """It was undrained between the two questions."""
    startd = Asked()
    assert not startd.tick(0.0)
    startd.reason = ""
    assert not startd.tick(0.5, answered=True)
    assert startd.watch.drained_s(0.5) == 0.0


def drained_at_home(world: World) -> Driven:
    """Our startd has just said that it is drained, for the last time before that lasts too long."""
    keeper = world.keeper()
    keeper.run(5.0)
    world.drain_reason = "shepherd:p220.1700000000.0000abcd"
    asked = len(world.drain_asked_s)
    keeper.run_until(lambda world: len(world.drain_asked_s) > asked)
    since_s = world.drain_asked_s[-1]
    keeper.run_until(lambda world: world.drain_asked_s[-1] - since_s > SETTINGS.drained_too_long_s - PROBE_S)
    assert world.now_s - since_s < SETTINGS.drained_too_long_s
    return keeper


def test_a_startd_that_was_undrained_a_moment_ago_is_not_ended() -> None:
    """The drain was cancelled and a local job began within two seconds; it died by what the startd had said before."""
    world = World()
    keeper = drained_at_home(world)
    world.drain_reason = ""
    keeper.run(60.0)
    assert world.ended_startds == []


def test_a_startd_is_ended_right_after_it_said_that_it_still_is_drained() -> None:
    """Each further order needs an answer of its own: the first one may have been heeded by now."""
    world = World()
    keeper = drained_at_home(world)
    keeper.run_until(lambda world: len(world.ended_startds) == 3)
    assert max(world.answers_aged_s) < 0.5
    world.drain_reason = ""
    keeper.run(60.0)
    assert len(world.ended_startds) == 3
