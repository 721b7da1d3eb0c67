"""The scenario that real site and simulator share, and the judge between them."""

import dataclasses

from shepherd.lab.watch import Sighting
from tests.lab.alike import SWITCH_S, strays
from tests.lab.scenario import TWO_BURSTS, Course, Moved
from tests.lab.scenario_on_site import moves
from tests.lab.scenario_simulated import simulated

SEEDS = range(20)


def courses() -> list[Course]:
    return [simulated(TWO_BURSTS, seed) for seed in SEEDS]


def test_the_simulator_makes_of_the_scenario_what_it_tells() -> None:
    """A comparison in which nothing was ever taken home held for every simulator."""
    lent, home = Moved.LENT, Moved.HOME
    for course in courses():
        assert course.order == (lent, lent, lent, home, lent, home, home)
        assert (course.evicted, course.completed) == (6, 4)
        assert [len(waits) for waits in course.waits_s] == [4, 3]
    assert len({course.moves for course in courses()}) == len(SEEDS), "other dice, other times"


def test_a_course_that_differs_is_told() -> None:
    """The comparison passed whatever the site did."""
    known = courses()
    real = known[0]
    assert strays(real, known) == []
    assert "order" in strays(dataclasses.replace(real, moves=real.moves[:-1]), known)[0]
    assert "evicted" in strays(dataclasses.replace(real, evicted=7), known)[0]
    late = tuple((at_s + (15.0 if at_s > 70.0 else 0.0), move) for at_s, move in real.moves)
    assert len(strays(dataclasses.replace(real, moves=late), known)) == 2
    slow = (real.waits_s[0], tuple(wait + 30.0 for wait in real.waits_s[1]))
    assert len(strays(dataclasses.replace(real, waits_s=slow), known)) == 3
    assert SWITCH_S < 5.0, "a cycle, in which everything may change"


def test_a_move_is_the_first_sight_of_a_new_life() -> None:
    """A host whose old ad lingered in the collector was taken for one that had come home."""

    def sight(at_s: float, machine: str, state: str, started_s: float) -> Sighting:
        return Sighting(at_s=at_s, wall_s=at_s, machine=machine, state=state, started_wall_s=started_s)

    seen = [
        sight(1.0, "p201", "Unclaimed", 0.0), sight(2.0, "p201", "Drained", 0.0), sight(3.0, "f201", "Owner", 3.0),
        sight(4.0, "f201", "Claimed", 3.0), sight(5.0, "p201", "Unclaimed", 0.0), sight(9.0, "p201", "Unclaimed", 8.0),
    ]  # fmt: skip
    assert moves(seen) == [(4.0, Moved.LENT), (9.0, Moved.HOME)]
