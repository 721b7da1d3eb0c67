"""Whether an answer may be believed. Absence is not evidence (invariant 7)."""

MASS = 3
"""Fewer hosts than this may vanish at once without suspicion."""


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


def clock_apart(sent_at_s: float, heard_at_s: float, skew_s: float) -> str:
    """Why a host's clock is too wrong to lend it, or the empty string."""
    apart = sent_at_s - heard_at_s
    return f"its clock is {apart:+.0f} s off" if abs(apart) > skew_s else ""
