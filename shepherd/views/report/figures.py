"""The figures of a report, each beside the table that has the same numbers."""

import html
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from shepherd.model.harvest import Bucket, GuestShare, Harvest
from shepherd.model.report import Report
from shepherd.views.report.facts import NOBODYS, number
from shepherd.views.report.svg import Part, axes, blanks, drawing, framed, legend, line, stacked
from shepherd.views.report.tables import iso

HIGH, LOW, BAR = 220.0, 110.0, 26.0
STEPS_S = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 90.0, 150.0, float("inf"))
"""Borders of the bars of how long switches took."""


def core_hours(report: Report) -> str:
    """Whose cores were, day by day."""
    days = report.days
    parts = [
        Part("used", "local jobs", [day.local_used_core_h for day in days]),
        Part("free", "local, free", [day.local_core_h - day.local_used_core_h for day in days]),
        Part("guests", "guests' jobs", [day.lent_used_core_h for day in days]),
        Part("offered", "lent, free", [day.lent_core_h - day.lent_used_core_h for day in days]),
        Part("moving", "on the way", [day.moving_core_h for day in days]),
    ]
    about = "Stacked bars, one a day: core-hours of local jobs, free local hosts, guests' jobs, free lent hosts, moves."
    return _by_day(report, "Core-hours by day", about, "core-hours", parts)


def waits(report: Report) -> str:
    """What local jobs waited for lent hosts, day by day."""
    parts = [Part("waits", "waited for lent hosts", [day.blocked_jobs * day.known_s / 60 for day in report.days])]
    about = "Bars, one a day: minutes times local jobs that waited for hosts which were lent, or on their way."
    return _by_day(report, "What local jobs waited for lent hosts", about, "job-minutes", parts, LOW)


def herds(report: Report) -> str:
    """Lent and local hosts, and below them the queue, hour by hour."""
    hours = report.harvest.series
    known: Callable[[Bucket, float], float | None] = lambda hour, value: value if hour.known_s else None  # noqa: E731
    hosts = [
        Part("used", "local hosts", [known(hour, hour.local_hosts) for hour in hours]),
        Part("guests", "lent hosts", [known(hour, hour.lent_hosts) for hour in hours]),
    ]
    queue = [Part("waits", "idle local jobs", [hour.idle_jobs for hour in hours])]
    about_hosts = "Two lines over the month, by hours: hosts that took local work, and hosts that served guests."
    about_queue = "A line over the month, by hours, on the same axis of time: local jobs that were idle."
    upper = _lines(report, "Hosts by hour", about_hosts, "hosts", hosts, HIGH)
    return upper + _lines(report, "Idle local jobs by hour", about_queue, "jobs", queue, LOW)


def guests(harvest: Harvest) -> str:
    """Who had how much: a bar each."""
    shown = [one for one in harvest.guests if one.core_h > 0]
    most = max((one.core_h for one in shown), default=1.0)
    frame = framed(BAR * max(1, len(shown)), 1.0, 1)
    about = "A bar for each guest, as long as its share of the core-hours."
    return drawing(frame, "Core-hours by guest", about, _guest_bars(shown, most))


def times(harvest: Harvest) -> str:
    """How long lends and reclaims took: how many within each step."""
    lends = [lend.lend_s for lend in harvest.lends if lend.lend_s is not None]
    homes = [lend.reclaim_s for lend in harvest.lends if lend.reclaim_s is not None]
    steps = list(pairwise(STEPS_S))
    parts = [
        Part("used", "home to local work", [sum(low <= one < high for one in homes) for low, high in steps]),
        Part("guests", "out to guests", [sum(low <= one < high for one in lends) for low, high in steps]),
    ]
    frame = framed(LOW, _highest(parts), len(steps))
    names = [f"{low:g} to {high:g} s" if high < STEPS_S[-1] else f"over {low:g} s" for low, high in steps]
    marks = [(at + 0.5, name) for at, name in enumerate(names)]
    about = "Stacked bars by how long it took: how many hosts went home, and how many went out to guests."
    inside = [*axes(frame, "hosts", marks), *legend(parts), *stacked(frame, parts, names)]
    return drawing(frame, "How long switches took", about, iter(inside))


def _by_day(report: Report, name: str, about: str, unit: str, parts: Sequence[Part], high: float = HIGH) -> str:
    days = report.days
    frame = framed(high, _highest(parts), len(days))
    names = [iso(day.from_s)[:10] for day in days]
    marks = [(at + 0.5, str(int(name[8:]))) for at, name in enumerate(names)]
    missing = [1 - day.known_s / (day.to_s - day.from_s) for day in days]
    inside = [*blanks(frame, missing), *axes(frame, unit, marks), *legend(parts), *stacked(frame, parts, names)]
    return drawing(frame, name, about, iter(inside))


def _highest(parts: Sequence[Part]) -> float:
    """Of bars that have all parts."""
    sums = (sum(value or 0.0 for value in values) for values in zip(*(part.values for part in parts), strict=True))
    return max(sums, default=0.0)


def _lines(report: Report, name: str, about: str, unit: str, parts: Sequence[Part], high: float) -> str:
    hours = report.harvest.series
    most = max((value or 0.0 for part in parts for value in part.values), default=0.0)
    frame = framed(high, most, len(hours))
    missing = [1 - hour.known_s / (hour.to_s - hour.from_s) for hour in hours]
    marks = [(at, str(int(iso(hour.from_s)[8:10]))) for at, hour in enumerate(hours) if at % 24 == 0]
    drawn = [piece for part in parts for piece in line(frame, part)]
    inside = [*blanks(frame, missing), *axes(frame, unit, marks[:: max(1, len(marks) // 31)]), *legend(parts), *drawn]
    return drawing(frame, name, about, iter(inside))


def _guest_bars(shown: Sequence[GuestShare], most: float) -> Iterator[str]:
    for at, one in enumerate(shown):
        y, name = 26.0 + BAR * at, one.guest or NOBODYS
        wide = 560.0 * one.core_h / most
        style = "guests" if one.guest else "moving"
        yield f'<text x="220" y="{y + 14:.1f}" text-anchor="end">{_cut(name)}</text>'
        yield f'<rect class="{style}" x="228" y="{y:.1f}" width="{max(wide, 1):.1f}" height="{BAR - 8:.1f}"/>'
        yield f'<text x="{234 + wide:.1f}" y="{y + 14:.1f}">{number(one.core_h)}</text>'


def _cut(name: str) -> str:
    """So that it has room."""
    return html.escape(name if len(name) <= 30 else f"{name[:29]}…")
