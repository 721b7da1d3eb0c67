"""Hosts that are on their way for longer than they can be."""

from collections.abc import Mapping
from typing import assert_never

from shepherd.model.host import HostName
from shepherd.model.orders import Stage, SwitchRecord
from shepherd.model.settings import TimerSettings
from shepherd.model.view import Bars

SLACK_S = 10.0
"""A step waits for a tool, and for a look that waits."""


def stuck(
    switches: Mapping[HostName, SwitchRecord], bars: Bars, now: float, timers: TimerSettings
) -> Mapping[str, int]:
    """How many `out` and `home`. A host that a quarantine keeps is meant to stay."""
    ways = {"out": 0, "home": 0}
    for host, record in switches.items():
        way, left_s = _deadline(record, timers)
        if way and host not in bars.why and now - left_s > SLACK_S:
            ways[way] += 1
    return ways


def reclaim_deadline_s(timers: TimerSettings) -> float:
    """From the order home to a regular startd that accepts work, at most."""
    return timers.graceful_s + timers.fast_s + timers.kill_s + timers.home_deadline_s


def is_late_home(since_s: float, now: float, timers: TimerSettings) -> bool:
    """The container is gone since then, and no regular startd is back."""
    return now - since_s > timers.home_deadline_s


def _deadline(record: SwitchRecord, timers: TimerSettings) -> tuple[str, float]:
    """Which way it goes, and by when it is to be over; no way: it is lent."""
    match record.stage:
        case Stage.GRANTED:
            return "out", record.stage_at_s + timers.arm_deadline_s
        case Stage.DRAIN_ORDERED:
            return "out", record.stage_at_s + timers.drain_deadline_s
        case Stage.GO_GIVEN | Stage.RESTART_ORDERED:
            return "out", record.stage_at_s + timers.start_deadline_s
        case Stage.LENT:
            return "", 0.0
        case Stage.REVOKED | Stage.OFF_ORDERED | Stage.FAST_ORDERED:
            return "home", (record.left_at_s or record.stage_at_s) + reclaim_deadline_s(timers)
    assert_never(record.stage)
