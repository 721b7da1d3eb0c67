"""What time another machine has, found by yes-or-no questions. Runs in the worker."""

import time
from collections.abc import Callable

WEEK_S = 7 * 86400
"""As far as a difference is looked for."""


def ahead_s(later_than: Callable[[int], bool]) -> int:
    """How far another clock is ahead of ours, to a second, at most a week: found by asking whether it shows more than
    a time, because a collector evaluates `time()` and does not tell it."""
    low, high = -WEEK_S, WEEK_S
    if later_than(-2) and not later_than(1):
        low, high = -2, 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if later_than(middle) else (low, middle)
    return high


def is_later(asked: Callable[[str], bool]) -> Callable[[int], bool]:
    """Whether the other clock shows more than ours and so many seconds. `asked`: whether a constraint holds there."""
    return lambda offset_s: asked(f"time() > {int(time.time()) + offset_s}")
