"""The two clocks."""

import time

from shepherd.edges.clock import SystemClock


def test_the_wall_clock_is_the_kernels():
    """Records of different machines are put side by side by it."""
    before = time.time()
    assert before <= SystemClock().wall_s() <= time.time()


def test_the_steady_clock_counts_suspend():
    """A lease on a suspended machine must lapse while it sleeps: BOOTTIME, not MONOTONIC."""
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= SystemClock().steady_s() <= time.clock_gettime(time.CLOCK_BOOTTIME)
