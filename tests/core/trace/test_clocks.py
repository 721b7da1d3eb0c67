"""Times on clocks that are apart."""

import math

from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.trace.clocks import UNMEASURED_S, Between, Clocks, Stamp, stamp
from shepherd.model.trace import ClockSeen

T = 1_770_000_000.0
APART = st.floats(-600, 600)


def seen(at_s: float, ahead_s: float, within_s: float = 0.01) -> ClockSeen:
    return ClockSeen(source="p205", at_s=at_s, ahead_s=ahead_s, within_s=within_s)


@given(st.floats(0, 3600), APART, st.floats(0, 5), st.floats(-1, 1))
def test_the_true_time_lies_in_what_is_told(after_s, ahead_s, within_s, error):
    """A host's clock was a minute ahead, and the search was for its own minute."""
    clocks = Clocks([seen(T, ahead_s + error * within_s, within_s + 1e-6)], frozenset({"shepherd"}))
    true_s = T + after_s
    found = clocks.true(stamp("p205", true_s + ahead_s))
    assert found.lo <= true_s <= found.hi
    back = clocks.told("p205", Between(lo=true_s, hi=true_s))
    assert back.lo <= true_s + ahead_s <= back.hi


@given(APART, APART, st.floats(0, 99))
def test_a_clock_that_was_set_is_known_no_better_than_before_and_after(before_s, after_s, at_s):
    """A clock was set between two looks, and the mean of both was taken."""
    found = Clocks([seen(T, before_s), seen(T + 100, after_s)], frozenset({"shepherd"})).ahead("p205", T + at_s)
    assert found.lo <= min(before_s, after_s)
    assert max(before_s, after_s) <= found.hi


def test_by_one_clock_order_is_exact_unless_it_was_set():
    """Two jobs of one slot, a second apart, could not be told apart because the gateway's clock was five off."""
    early, late = stamp("p205", T + 50.25), stamp("p205", T + 50.5)
    steady = Clocks([seen(T, 1.0, 5.0), seen(T + 100, 1.0, 5.0)], frozenset({"shepherd"}))
    assert (steady.precedes(early, late), steady.may_precede(late, early)) == (True, False)
    was_set = Clocks([seen(T, 0.0), seen(T + 100, 60.0)], frozenset({"shepherd"}))
    assert (was_set.precedes(early, late), was_set.may_precede(late, early)) == (False, True)


def test_a_time_of_whole_seconds_was_cut():
    """HTCondor said 14:02:10 of what began at 14:02:10.9."""
    assert stamp("p205", T).at == Between(lo=T, hi=T + 1)
    assert stamp("p205", T + 0.25).at == Between(lo=T + 0.25, hi=T + 0.25)


def test_a_clock_that_nobody_compared_is_not_taken_for_right():
    """The gateway's clock ran a second fast for a year."""
    clocks = Clocks([], frozenset({"shepherd"}))
    found = clocks.true(stamp("gateway", T + 0.5))
    assert Clocks([], frozenset({"gateway"})).true(stamp("gateway", T + 0.5)) == Between(lo=T + 0.5, hi=T + 0.5)
    assert found == Between(lo=T + 0.5 - UNMEASURED_S, hi=T + 0.5 + UNMEASURED_S)
    assert (clocks.is_measured("gateway"), clocks.is_measured("shepherd")) == (False, True)
    assert clocks.true(stamp("shepherd", T + 0.5)) == Between(lo=T + 0.5, hi=T + 0.5)


def test_what_is_not_over_is_not_over_on_any_clock():
    """A lend without an end was nowhere, at no time."""
    for_ever = Stamp(source="p205", at=Between(lo=math.inf, hi=math.inf))
    clocks = Clocks([seen(T, 3.0)], frozenset({"shepherd"}))
    assert clocks.true(for_ever) == for_ever.at
    assert clocks.precedes(stamp("gateway", T), for_ever)
