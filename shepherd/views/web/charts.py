"""Plots as numbers for SVG. Colours and fonts are the style sheet's; what a plot says is a table beside it, too."""

import dataclasses
import math
from collections.abc import Sequence

from shepherd.model.harvest import Bucket
from shepherd.views.wording import instant

WIDTH, HEIGHT = 960, 200
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 8, 22
"""Room for the axes' words."""
TICKS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
HERDS = (("local", "local_hosts"), ("flock", "lent_hosts"), ("moving", "moving_hosts"), ("other", "other_hosts"))
"""Stacked from below."""
STEPS_S = (900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 345600, 604800)
MOST_MARKS = 8
FEWEST = 12


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mark:
    """A line of an axis with its words."""

    at: float
    words: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plot:
    """Areas or lines over one axis of time."""

    shapes: tuple[tuple[str, str], ...]
    """A class for the style sheet, and an SVG path."""
    ups: tuple[Mark, ...]
    acrosses: tuple[Mark, ...]
    gaps: tuple[tuple[float, float], ...]
    """Where nothing is on record: from x, so wide."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bar:
    """One row of a list with a bar."""

    name: str
    value: float
    width: float
    """Per cent of the longest."""


def on_record(series: Sequence[Bucket]) -> Sequence[Bucket]:
    """From the first that is on record; but not so few that steps look like hours."""
    first = next((place for place, one in enumerate(series) if one.known_s), 0)
    return series[max(min(first - 1, len(series) - FEWEST), 0) :]


def herds_plot(series: Sequence[Bucket]) -> Plot:
    """How many hosts in each herd, stacked."""
    known = [[getattr(bucket, field) if bucket.known_s else None for bucket in series] for _, field in HERDS]
    tops = [sum(rows[place] or 0.0 for rows in known) for place in range(len(series))]
    most = ceiling(max(tops, default=0.0))
    shapes, below = [], [0.0] * len(series)
    for (name, _), values in zip(HERDS, known, strict=True):
        above = [low + (value or 0.0) for low, value in zip(below, values, strict=True)]
        path = "".join(area(series, run, below, above, most) for run in runs(values))
        shapes.append((f"area {name}", path))
        below = above
    return plot(series, most, shapes)


def queue_plot(series: Sequence[Bucket]) -> Plot:
    """Idle local jobs, and those of them that waited for lent hosts."""
    idle = [bucket.idle_jobs if bucket.known_s else None for bucket in series]
    blocked = [bucket.blocked_jobs if bucket.known_s and bucket.idle_jobs is not None else None for bucket in series]
    most = ceiling(max((value for value in idle if value is not None), default=0.0))
    shapes = [("line idle", line(series, idle, most)), ("line blocked", line(series, blocked, most))]
    return plot(series, most, shapes)


def plot(series: Sequence[Bucket], most: float, shapes: Sequence[tuple[str, str]]) -> Plot:
    """With its axes."""
    begin, end = span(series)
    ups = tuple(Mark(at=up(value, most), words=f"{value:g}") for value in (0.0, most / 2, most))
    unknown = runs([None if one.known_s else 0.0 for one in series])
    ends = [(across(series[run[0]].from_s, begin, end), across(series[run[-1]].to_s, begin, end)) for run in unknown]
    gaps = tuple((left, round(right - left, 1)) for left, right in ends)
    return Plot(shapes=tuple(shapes), ups=ups, acrosses=tuple(time_marks(begin, end)), gaps=gaps)


def area(series: Sequence[Bucket], run: range, below: Sequence[float], above: Sequence[float], most: float) -> str:
    """Between two heights, a step for each bucket."""
    begin, end = span(series)
    there = [point for i in run for point in _step(series[i], above[i], begin, end, most)]
    back = [point for i in reversed(run) for point in reversed(_step(series[i], below[i], begin, end, most))]
    return f"M{'L'.join([*there, *back])}Z" if there else ""


def line(series: Sequence[Bucket], values: Sequence[float | None], most: float) -> str:
    """A step for each bucket; broken where nothing is known."""
    begin, end = span(series)
    pieces = []
    for run in runs(values):
        points = [point for i in run for point in _step(series[i], values[i] or 0.0, begin, end, most)]
        pieces.append(f"M{'L'.join(points)}")
    return "".join(pieces)


def runs(values: Sequence[float | None]) -> list[range]:
    """Where values are known without a break."""
    found: list[range] = []
    for place, value in enumerate(values):
        if value is None:
            continue
        if found and found[-1].stop == place:
            found[-1] = range(found[-1].start, place + 1)
        else:
            found.append(range(place, place + 1))
    return found


def ceiling(value: float) -> float:
    """A round number, no less than the value; 1 at least."""
    power = 10.0 ** math.floor(math.log10(max(value, 1.0)))
    return next((tick * power for tick in TICKS if value <= tick * power), 10 * power)


def time_marks(begin: float, end: float) -> list[Mark]:
    """Round times of UTC."""
    step = next((step for step in STEPS_S if (end - begin) / step <= MOST_MARKS), STEPS_S[-1])
    first = math.ceil(begin / step) * step
    form = slice(5, 10) if step >= 86400 else slice(11, 16)
    times = [first + step * number for number in range(int((end - first) // step) + 1)] if end > begin else []
    return [Mark(at=across(at_s, begin, end), words=instant(at_s)[form]) for at_s in times]


def bars(rows: Sequence[tuple[str, float]]) -> list[Bar]:
    """In the order that is given."""
    most = max((value for _, value in rows), default=0.0)
    return [Bar(name=name, value=value, width=round(100 * value / most, 2) if most else 0.0) for name, value in rows]


def span(series: Sequence[Bucket]) -> tuple[float, float]:
    """Its ends."""
    return (series[0].from_s, series[-1].to_s) if series else (0.0, 0.0)


def across(at_s: float, begin: float, end: float) -> float:
    """Pixels from the left."""
    share = (at_s - begin) / (end - begin) if end > begin else 0.0
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def up(value: float, most: float) -> float:
    """Pixels from the top."""
    return round(HEIGHT - BOTTOM - value / most * (HEIGHT - TOP - BOTTOM), 1)


def _step(bucket: Bucket, value: float, begin: float, end: float, most: float) -> list[str]:
    height = up(value, most)
    return [f"{across(at_s, begin, end):g} {height:g}" for at_s in (bucket.from_s, bucket.to_s)]
