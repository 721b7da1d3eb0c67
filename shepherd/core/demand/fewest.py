"""The fewest over a window: what has been so all the while, by two numbers."""

from shepherd.model.past import Fewest

UNSEEN_S = 60.0
"""A step that went on for so much longer than twice its length was not looked at."""


def after(old: Fewest | None, count: int, now: float, step_s: float) -> Fewest:
    """`old` and one more look. A clock that was set back, or a time without looks, begins anew."""
    if old is None or now < old.from_s or now - old.from_s > 2 * step_s + UNSEEN_S:
        return Fewest(from_s=now, now=count)
    if now - old.from_s >= step_s:
        return Fewest(from_s=now, now=count, before=min(old.now, count))
    return Fewest(from_s=old.from_s, now=min(old.now, count), before=old.before)


def level(fewest: Fewest) -> int:
    """There have been so many for one step at least, and for less than two; 0 until a step is over."""
    return 0 if fewest.before is None else min(fewest.before, fewest.now)
