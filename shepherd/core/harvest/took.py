"""How long things took, in figures that one slow one does not hide in."""

import math
from collections.abc import Iterable, Sequence

from shepherd.model.harvest import Took


def took(times_s: Iterable[float]) -> Took:
    """Each figure is one of the times (nearest rank), so that none is invented."""
    found = sorted(times_s)
    if not found:
        return Took()
    p50, p95, p99 = (nearest_rank(found, share) for share in (0.5, 0.95, 0.99))
    return Took(count=len(found), p50_s=p50, p95_s=p95, p99_s=p99, longest_s=found[-1])


def nearest_rank(ordered: Sequence[float], share: float) -> float:
    """The value that so many of them do not exceed; 0 of none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0
