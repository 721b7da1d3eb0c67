"""What the demo tells of reclaims is what became of every one that was ordered."""

import threading

import pytest

from shepherd.errors import Unavailable
from shepherd.lab.demo_figures import reclaim_times
from shepherd.lab.watch import Sighting

BEGAN_S = 100.0


def seen(machine: str, at_s: float, state: str = "Unclaimed") -> Sighting:
    return Sighting(at_s=at_s, wall_s=at_s, machine=machine, state=state, started_wall_s=0.0)


def test_a_host_that_is_seen_a_moment_later_is_waited_for():
    """Four hosts came home and the demo showed two: the others had not been sampled yet when it asked."""
    sightings = [seen("p201", 90.0), seen("p201", 101.5, "Drained"), seen("p201", 102.5)]
    later = threading.Timer(0.3, sightings.append, (seen("p202", 102.7),))
    later.start()
    assert reclaim_times(sightings, ["p201", "p202"], BEGAN_S, within_s=5.0) == pytest.approx([2.5, 2.7])


def test_a_host_that_is_never_seen_is_an_error_that_names_it():
    """A reclaim that nobody saw the end of was left out, and the figures looked as good as ever."""
    with pytest.raises(Unavailable, match="p202"):
        reclaim_times([seen("p201", 102.5), seen("p202", 99.0)], ["p201", "p202"], BEGAN_S, within_s=0.2)
