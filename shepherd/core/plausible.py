"""Whether an answer may be believed. Absence is not evidence (invariant 7)."""

MASS = 3
"""Fewer hosts than this may vanish at once without suspicion."""
SKEW_S = 300.0
"""Clocks that differ by less are right enough; keepers accept as much by default."""


def young(age_s: float, young_s: float) -> str:
    """Why a collector that started `age_s` ago is not believed yet, or the empty string."""
    if age_s < young_s:
        return f"the collector is young ({age_s:.0f} of {young_s:.0f} s)"
    return ""


def vanished(before: int, now: int) -> str:
    """Why a count that fell from `before` is not believed, or the empty string: more than half, and several."""
    gone = before - now
    if gone >= MASS and gone * 2 > before:
        return f"{gone} of {before} vanished at once"
    return ""


def own_clock(newest_heard_s: float, now_s: float, silent_s: float) -> str:
    """Why this machine's clock is not believed, or the empty string.

    `newest_heard_s` is when the collector last heard of any host, by the collector's clock; `silent_s` is longer than
    a whole pool is ever silent.
    """
    behind_s = newest_heard_s - now_s
    if behind_s > SKEW_S:
        return f"this machine's clock is {behind_s:.0f} s behind the collector's"
    if -behind_s > silent_s:
        return f"no host was heard for {-behind_s:.0f} s: all are silent, or this machine's clock is ahead"
    return ""
