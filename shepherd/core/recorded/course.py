"""Folding records into how the last hours went."""

from collections.abc import Callable, Sequence

from shepherd.model.course import Point
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import HostState

HELD_S = 900.0
"""So long a point stands for what was; without another one nothing is known. Seconds; three cycles."""


def point_of(entry: Entry) -> Point | None:
    """What a record tells of the herds; None: it is of another kind, or cannot be read."""
    states, idle = entry.body.get("states"), entry.body.get("idle_jobs")
    if entry.kind is not EntryKind.OBSERVED or not isinstance(states, dict):
        return None
    return Point(
        at_s=entry.at_s,
        local=_count(states.get(HostState.LOCAL.value)) or 0,
        flock=_count(states.get(HostState.FLOCK.value)) or 0,
        idle_jobs=_count(idle),
    )


def _count(found: object) -> int | None:
    return found if isinstance(found, int) else None


def buckets(
    points: Sequence[Point], of: Callable[[Point], int | None], from_s: float, to_s: float, number: int, *, peaks: bool
) -> list[float | None]:
    """What it came to in each of `number` equal spans, the last known value where there was no decision; None: nothing
    is known of it. `points` in order. `peaks`: the highest value of a span, not its last."""
    width_s = (to_s - from_s) / number
    found: list[float | None] = [None] * number
    for point in points:
        at = int((point.at_s - from_s) / width_s)
        if 0 <= at < number and (value := of(point)) is not None:
            before = found[at]
            found[at] = max(before, value) if peaks and before is not None else value
    return _held(found, [point for point in points if of(point) is not None], of, from_s, width_s)


def _held(
    found: list[float | None],
    points: Sequence[Point],
    of: Callable[[Point], int | None],
    from_s: float,
    width_s: float,
) -> list[float | None]:
    """With the last known value in empty spans, as long as it stands."""
    at = 0
    for number, value in enumerate(found):
        begins_s = from_s + number * width_s
        while at < len(points) and points[at].at_s < begins_s:
            at += 1
        if value is None and at and begins_s - points[at - 1].at_s <= HELD_S:
            found[number] = of(points[at - 1])
    return found
