"""Another machine's time by yes-or-no questions."""

import time

import pytest

from shepherd.edges.htcondor.far_clock import WEEK_S, ahead_s, is_later


@pytest.mark.parametrize("ahead", [0.0, 0.4, -1.0, 2.0, 61.0, -3600.0, 86400.0])
def test_a_difference_is_found_to_a_second(ahead: float) -> None:
    """A collector answers no question about its time; a clock an hour off was not noticed before leases lapsed."""
    asked: list[int] = []

    def later_than(offset_s: int) -> bool:
        asked.append(offset_s)
        return int(1000.6 + ahead) > int(1000.6) + offset_s

    assert abs(ahead_s(later_than) - ahead) <= 1.0
    assert len(asked) < 25


def test_a_clock_of_another_year_is_a_week_off_at_least() -> None:
    """A machine without a battery begins in 1970."""
    assert ahead_s(lambda _: True) == WEEK_S
    assert ahead_s(lambda _: False) == 1 - WEEK_S


def test_the_question_is_one_that_the_collector_evaluates() -> None:
    """An expression about our own time would have been true for ever."""
    told: list[str] = []

    def asked(constraint: str) -> bool:
        told.append(constraint)
        return True

    assert is_later(asked)(60)
    assert abs(int(told[0].removeprefix("time() > ")) - 60 - time.time()) < 5
