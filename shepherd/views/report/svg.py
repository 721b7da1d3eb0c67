"""Drawing: axes, bars and lines as inline SVG, whose colours come from the page's style."""

import html
import math
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 960.0, 70.0, 10.0, 26.0, 24.0
INNER = WIDTH - LEFT - RIGHT
TICKS = 4
LETTER = 7.0
"""Width of a letter in a legend, about."""


class Part(NamedTuple):
    """One of several amounts: how it is drawn, what it is called, and one value a bar or point; None: not known."""

    style: str
    name: str
    values: Sequence[float | None]


class Frame(NamedTuple):
    """A drawing's inside."""

    height: float
    most: float
    """The value at its top."""
    number: int
    """Bars or points."""

    def x(self, at: float) -> float:
        """Where a bar begins."""
        return LEFT + INNER * at / self.number

    def y(self, value: float) -> float:
        """How far down a value lies."""
        return TOP + self.height * (1 - value / self.most)


def framed(height: float, most: float, number: int) -> Frame:
    """With a round value at its top."""
    return Frame(height, ticks(most)[-1], max(1, number))


def ticks(most: float) -> list[float]:
    """Round values from 0 up to `most` or a little more. What no float divides is nothing."""
    rough = most / TICKS
    if not sys.float_info.min <= rough < math.inf:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= rough * (1 - 1e-9))
    return [step * number for number in range(math.ceil(most / step - 1e-9) + 1)]


def drawing(frame: Frame, name: str, about: str, inside: Iterator[str]) -> str:
    """The whole of it. `about` tells who cannot see it what it shows."""
    size = f'viewBox="0 0 {WIDTH:.0f} {frame.height + TOP + BOTTOM:.0f}"'
    told = f"<title>{html.escape(name)}</title><desc>{html.escape(about)}</desc>"
    return f'<svg role="img" aria-label="{html.escape(f"{name}. {about}")}" {size}>{told}{"".join(inside)}</svg>'


def axes(frame: Frame, unit: str, marks: Sequence[tuple[float, str]]) -> Iterator[str]:
    """Lines for round values, and what is written below: at which bar, and what."""
    for value in ticks(frame.most):
        y = frame.y(value)
        yield f'<line class="hairline" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,.10g}</text>'
    yield f'<text x="4" y="14">{html.escape(unit)}</text>'
    for at, text in marks:
        yield f'<text x="{frame.x(at):.1f}" y="{TOP + frame.height + 17:.1f}" text-anchor="middle">{text}</text>'


def legend(parts: Sequence[Part]) -> Iterator[str]:
    """At the top, from the right."""
    x = WIDTH - RIGHT
    for part in reversed(parts):
        x -= LETTER * len(part.name) + 24
        yield f'<rect class="{part.style}" x="{x:.1f}" y="5" width="11" height="11"/>'
        yield f'<text x="{x + 16:.1f}" y="15">{html.escape(part.name)}</text>'


def stacked(frame: Frame, parts: Sequence[Part], names: Sequence[str]) -> Iterator[str]:
    """Bars, each of all parts, the first one below. `names`: of the bars, for whoever points at one."""
    wide = INNER / frame.number
    for at, name in enumerate(names):
        base = 0.0
        for part in parts:
            value = part.values[at] or 0.0
            if value > 0:
                top, low = frame.y(base + value), frame.y(base)
                box = f'x="{frame.x(at) + wide * 0.1:.1f}" width="{wide * 0.8:.1f}" y="{top:.1f}"'
                told = html.escape(f"{name}, {part.name}: {value:,.1f}")
                height = max(low - top, 0.5)
                yield f'<rect class="{part.style}" {box} height="{height:.1f}"><title>{told}</title></rect>'
                base += value


def blanks(frame: Frame, shares: Sequence[float]) -> Iterator[str]:
    """Where there is no record: grey behind each bar, for as much of it as is missing."""
    wide = INNER / frame.number
    for at, share in enumerate(shares):
        if share > 0:
            box = f'x="{frame.x(at):.1f}" y="{TOP}" width="{max(wide * share, 1):.1f}" height="{frame.height:.1f}"'
            yield f'<rect class="blank" {box}/>'


def line(frame: Frame, part: Part) -> Iterator[str]:
    """A line that steps from value to value, and breaks where none is known."""
    path, was_known = list[str](), False
    for at, value in enumerate(part.values):
        if value is not None:
            y = frame.y(value)
            path.append(f"{'L' if was_known else 'M'}{frame.x(at):.1f} {y:.1f}H{frame.x(at + 1):.1f}")
        was_known = value is not None
    if path:
        yield f'<path class="line {part.style}" d="{"".join(path)}"/>'
