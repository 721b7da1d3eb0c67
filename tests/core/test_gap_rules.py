"""Timers whose sum would leave a host without a startd for more than a minute."""

import pytest

from shepherd.core.settings.daemon import daemon_problems
from shepherd.core.settings.gaps import ARM_POLL_MOST_S, EMPTY_LADDER_S, LONGEST_WITHOUT_STARTD_S, STARTD_START_S
from shepherd.core.settings.node import node_problems
from shepherd.lab.settings import FAST_TIMERS
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import TimerSettings
from shepherd.programs.keeper import keeper
from tests.core.sound_settings import daemon, node

HOME_S = ARM_POLL_MOST_S + EMPTY_LADDER_S + STARTD_START_S


def test_a_start_that_fails_with_the_defaults_is_home_within_the_minute() -> None:
    """Each deadline was below a minute; together they were not."""
    timers = TimerSettings()
    assert timers.drain_deadline_s + timers.start_deadline_s + HOME_S < LONGEST_WITHOUT_STARTD_S
    assert timers.start_deadline_s >= 25.0, "a flocking startd on a loaded host takes 8 s"
    assert NodeSettings.arm_poll_s <= ARM_POLL_MOST_S


@pytest.mark.parametrize(
    "fields",
    [{"start_deadline_s": 30.0}, {"drain_deadline_s": 20.0}, {"start_deadline_s": 29.0, "drain_deadline_s": 16.0}],
)
def test_deadlines_that_add_up_to_a_minute_are_refused_with_their_sum(fields: dict[str, float]) -> None:
    """The remedy named one deadline, and the next start was refused for the other."""
    (problem,) = daemon_problems(daemon(timers=dict(fields)))
    assert problem.key == "timers.start_deadline_s"
    assert "drain_deadline_s + start_deadline_s = 45" in problem.problem
    assert "45 s together" in problem.remedy
    assert daemon_problems(daemon(timers={**fields, "drain_deadline_s": 5.0})) == []


def test_a_keeper_that_listens_too_seldom_during_a_start_is_refused() -> None:
    """That the start was given up was heard when the minute was over."""
    assert [problem.key for problem in node_problems(node(arm_poll_s=2.5))] == ["arm_poll_s"]
    assert node_problems(node(arm_poll_s=2.0)) == []


def test_a_keeper_listens_closely_for_as_long_as_any_start_may_last() -> None:
    """The longest deadline that is allowed outlasted the time in which its end was heard at once."""
    assert keeper.START_S >= LONGEST_WITHOUT_STARTD_S - HOME_S


def test_the_fast_timers_of_a_lab_are_sound() -> None:
    """A lab whose shepherd refused its settings took ten minutes to say so."""
    assert daemon_problems(daemon(timers=dict(FAST_TIMERS))) == []
