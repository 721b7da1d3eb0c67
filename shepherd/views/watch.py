"""`shepherd watch`: one screen of what is and how the last hours went. What is wrong comes first, and is never cut."""

import dataclasses
from collections.abc import Iterator, Sequence

from shepherd.model.course import Silent
from shepherd.model.host import HostState
from shepherd.model.one_line import one_line
from shepherd.views.bans import ban_lines
from shepherd.views.lines import Line, Span, Tone, cells, line, wrapped
from shepherd.views.present import Present, ShownHost
from shepherd.views.sparkline import bar, sparkline
from shepherd.views.status import Life, cycle_lines, flockoff_lines, leak_lines, life_lines, queue_lines, silent
from shepherd.views.status_screen import (
    TONES,
    heading,
    herd_lines,
    plain,
    reason_lines,
    source_ages,
    source_problems,
    unlendable,
    unpaired,
)
from shepherd.views.wording import age, instant

UNDER_WAY = frozenset({HostState.ARMING, HostState.DRAINED, HostState.LEAVING})
MOST_UNDER_WAY = 12
MOST_SILENT = 5
BAR = 10
DEEP = 6
"""Where the rest of a long line of a host begins."""
LEAVES = "q leaves"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """A number over the last hours."""

    what: str
    tone: Tone
    values: tuple[float | None, ...]
    """Oldest first; None: nothing is known."""
    now: int | None
    """As it is shown below, which may be newer."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Picture:
    """Everything that is drawn."""

    present: Present
    life: Life
    now_s: float
    hours: float
    rows: tuple[Row, ...]
    silent: tuple[Silent, ...]
    trouble: str = ""
    """Why what is shown may be old: the record cannot be read."""


def row_width(columns: int) -> int:
    """How many numbers of a row there is room for."""
    return max(10, min(columns - 32, 96))


def screen(picture: Picture, columns: int, rows: int) -> list[Line]:
    """The lines of a terminal of this size; what has no room is counted in the last one."""
    told = list(wrapped(watch_lines(picture, columns), columns))
    if len(told) <= rows:
        return told
    more = f"… {len(told) - rows + 1} lines more; `shepherd -s` prints all"
    return [*told[: rows - 1], *list(wrapped([line(more, Tone.FAINT)], columns))[:1]]


def watch_lines(picture: Picture, columns: int) -> Iterator[Line]:
    """All of it, not yet wrapped."""
    present, now_s = picture.present, picture.now_s
    yield _top(picture, columns)
    if picture.trouble:
        yield line(f"Not up to date: {one_line(picture.trouble)}", Tone.WRONG)
    yield from (line(text, Tone.WRONG) for text in life_lines(present, picture.life, now_s))
    yield from plain(flockoff_lines(present.flockoff, now_s), Tone.WRONG)
    yield from plain(leak_lines(present, now_s), Tone.WRONG)
    yield from (line(f"Problem: {one_line(problem)}", Tone.WRONG) for problem in present.problems)
    yield from source_problems(present.readings, now_s)
    yield from plain(cycle_lines(present, now_s))
    yield from _course(picture)
    yield heading(f"Hosts: {len(present.hosts)}", f"seen {age(now_s - present.at_s)} ago")
    yield from (one._replace(most=2) for one in herd_lines(present))
    yield from under_way(present.hosts, now_s)
    for state in (HostState.HELD, HostState.UNKNOWN):
        yield from reason_lines(present.in_state(state), state, now_s)
    yield from plain(ban_lines(present.bans, now_s))
    yield from silences(picture.silent, now_s)
    yield from plain(queue_lines(present))
    yield from unlendable(present.hosts)
    yield from unpaired(present)
    yield source_ages(present.readings, now_s)


def _top(picture: Picture, columns: int) -> Line:
    """Title and time to the left, how to leave to the right."""
    is_dead = picture.life.running is False or silent(picture.present, picture.now_s)
    title, when = "The flock", f"  {instant(picture.now_s)}"
    room = columns - cells(title + when + LEAVES)
    spans = (Span(title, Tone.WRONG if is_dead else Tone.TITLE), Span(when))
    return Line((*spans, Span(" " * room + LEAVES, Tone.FAINT)) if room > 1 else spans)


def _course(picture: Picture) -> Iterator[Line]:
    """The last hours: a row for each number, with its highest value and what it is now."""
    is_known = any(value is not None for row in picture.rows for value in row.values)
    yield heading(f"The last {picture.hours:g} hours:", "" if is_known else "nothing on record")
    for row in picture.rows:
        known = [value for value in row.values if value is not None]
        if known:
            told = f"  now {'?' if row.now is None else row.now}, most {max(*known, row.now or 0):g}"
            yield Line((Span(f"  {row.what:<9}  "), Span(sparkline(row.values), row.tone), Span(told, Tone.FAINT)))


def under_way(hosts: Sequence[ShownHost], now_s: float) -> Iterator[Line]:
    """Hosts in a switch, those whose time is up first."""
    moving = [host for host in hosts if host.state in UNDER_WAY]
    if not moving:
        return
    yield heading(f"Under way: {len(moving)}")
    moving.sort(key=lambda host: (host.deadline_s is None, host.deadline_s or 0.0, host.host))
    width = max(cells(one_line(host.host)) for host in moving[:MOST_UNDER_WAY])
    for host in moving[:MOST_UNDER_WAY]:
        yield _moving(host, width, now_s)
    if len(moving) > MOST_UNDER_WAY:
        yield line(f"  and {len(moving) - MOST_UNDER_WAY} more", Tone.FAINT)


def _moving(host: ShownHost, width: int, now_s: float) -> Line:
    """How far it is, and by when it must be further."""
    name = one_line(host.host)
    head = f"  {name}{' ' * (width - cells(name))}  {one_line(host.stage or host.state.value):<15} "
    why = f"  {one_line(host.why)}" if host.why else ""
    if host.deadline_s is None or not host.since_s or host.deadline_s <= host.since_s:
        return Line((Span(head, TONES[host.state]), Span(why)), DEEP)
    took_s, lasts_s = now_s - host.since_s, host.deadline_s - host.since_s
    is_late = took_s > lasts_s
    drawn = f"{bar(took_s / lasts_s, BAR)} {max(took_s, 0):.0f} of {lasts_s:.0f} s"
    return Line((Span(head, TONES[host.state]), Span(drawn, Tone.WRONG if is_late else Tone.PLAIN), Span(why)), DEEP)


def silences(found: Sequence[Silent], now_s: float) -> Iterator[Line]:
    """Checks that the monitoring keeps quiet about, those that are loud soonest first."""
    if not found:
        return
    yield heading(f"Silent checks: {len(found)}")
    for one in sorted(found, key=lambda one: one.until_s)[:MOST_SILENT]:
        yield line(f"  {one_line(one.check)} for {age(one.until_s - now_s)} more")
    if len(found) > MOST_SILENT:
        yield line(f"  and {len(found) - MOST_SILENT} more", Tone.FAINT)
