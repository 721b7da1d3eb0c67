"""How long a host may be without a startd that accepts work when a lend goes wrong: sums of timers below 60 s."""

from collections.abc import Iterator

from shepherd.core.settings.forms import Problem
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import TimerSettings

LONGEST_WITHOUT_STARTD_S = 60.0
"""No live host is without a startd that accepts work for longer (the design's second invariant)."""
STARTD_BACKOFF_S = 5.0
"""What condor_master waits before it starts a startd again, in our configuration."""
STARTD_START_S = 10.0
"""A startd benchmarks nothing and advertises within this, also on a busy host."""
ARM_POLL_MOST_S = 2.0
"""The longest `arm_poll_s`: how late a keeper hears that the shepherd gave a start up."""
EMPTY_LADDER_S = 3.0
"""A container that serves nobody is gone within this once its PID 1 is told to leave."""


def start_problems(timers: TimerSettings) -> Iterator[Problem]:
    """From the order to drain over a flocking startd that never comes, back to the regular one."""
    ours_s = timers.drain_deadline_s + timers.start_deadline_s
    home_s = max(ARM_POLL_MOST_S + EMPTY_LADDER_S, STARTD_BACKOFF_S) + STARTD_START_S
    if ours_s + home_s >= LONGEST_WITHOUT_STARTD_S:
        yield Problem(
            "timers.start_deadline_s",
            f"drain_deadline_s + start_deadline_s = {ours_s:g}; with {home_s:g} s to take the host home it could be "
            f"without a startd for {ours_s + home_s:g} s, and {LONGEST_WITHOUT_STARTD_S:g} s are the limit",
            f"let the two stay below {LONGEST_WITHOUT_STARTD_S - home_s:g} s together",
        )


def poll_problems(node: NodeSettings) -> Iterator[Problem]:
    """`go`, and its end, are heard in time."""
    if node.arm_poll_s >= node.drained_too_long_s:
        yield Problem(
            "arm_poll_s",
            f"is {node.arm_poll_s:g}: `go` would be seen after drained_too_long_s = {node.drained_too_long_s:g}",
            "about 1 s is right",
        )
    elif node.arm_poll_s > ARM_POLL_MOST_S:
        yield Problem(
            "arm_poll_s",
            f"is {node.arm_poll_s:g}: that a start was given up would be heard too late",
            f"{ARM_POLL_MOST_S:g} is the most, about 1 s is right",
        )


def wait_problems(node: NodeSettings) -> Iterator[Problem]:
    """From a startd that sits drained by a shepherd that has forgotten it, back to one that accepts work."""
    waits_s = node.drained_too_long_s + node.arm_poll_s + node.go_wait_s
    worst_s = waits_s + STARTD_BACKOFF_S + STARTD_START_S
    if worst_s >= LONGEST_WITHOUT_STARTD_S:
        yield Problem(
            "drained_too_long_s",
            f"drained_too_long_s + arm_poll_s + go_wait_s = {waits_s:g}; with "
            f"{STARTD_BACKOFF_S:g} s back-off and {STARTD_START_S:g} s start-up the host could be "
            f"without a startd for {worst_s:g} s, and {LONGEST_WITHOUT_STARTD_S:g} s are the limit",
            f"let the three stay below {LONGEST_WITHOUT_STARTD_S - worst_s + waits_s:g} s together",
        )
