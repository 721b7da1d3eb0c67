"""The report's page: what can be read, and what its drawings are made of."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.views.report.style import STYLE
from shepherd.views.report.svg import Part, framed, line, stacked, ticks

READABLE = 4.5
"""Contrast of text, by WCAG 2.1 AA."""


def colours(scheme: str) -> dict[str, str]:
    """Of light, dark or paper."""
    begin = {"light": ":root", "dark": "prefers-color-scheme: dark", "print": "@media print"}[scheme]
    block = STYLE[STYLE.index(begin) :].partition("}")[0]
    return dict(re.findall(r"--(\w+): (#[0-9a-f]+)", block))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
@pytest.mark.parametrize("ink", ["ink", "faint"])
@pytest.mark.parametrize("paper", ["paper", "shade"])
def test_words_can_be_read_on_a_screen_and_on_paper(scheme, ink, paper):
    """Grey on grey was printed as nothing."""
    found = colours(scheme)
    assert contrast(found[ink], found[paper]) >= READABLE


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_each_scheme_has_every_colour(scheme):
    """On paper the bars of one guest were white."""
    assert colours(scheme).keys() == colours("light").keys()
    assert set(re.findall(r"var\(--(\w+)\)", STYLE)) <= colours(scheme).keys()


@given(st.floats(1e-6, 1e12))
def test_round_values_reach_as_far_as_what_is_drawn(most):
    """The highest bar stood out of its figure."""
    found = ticks(most)
    assert found[0] == 0
    assert most <= found[-1] * (1 + 1e-9)
    assert found[-1] < 2 * most + 1e-9
    assert 2 <= len(found) <= 7


@pytest.mark.parametrize("most", [0.0, -1.0, 5e-324, float("nan"), float("inf")])
def test_a_figure_of_nothing_has_an_axis(most):
    """A month without waits ended in a division by nothing."""
    assert ticks(most) == [0.0, 1.0]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1, max_size=31))
def test_bars_stand_on_each_other_within_the_figure(days):
    """Guests' hours were drawn over local ones, and looked like all."""
    parts = [Part("used", "a", [one for one, _ in days]), Part("guests", "b", [other for _, other in days])]
    frame = framed(200.0, max(map(sum, days)), len(days))
    drawn = "".join(stacked(frame, parts, [str(at) for at in range(len(days))]))
    boxes = [tuple(map(float, found)) for found in re.findall(r'y="([-0-9.]+)" height="([-0-9.]+)"', drawn)]
    assert len(boxes) == sum(value > 0 for day in days for value in day)
    assert all(y >= 25.9 and y + height <= 26 + 200.7 for y, height in boxes)


def test_a_line_breaks_where_nothing_is_known():
    """A night without records was drawn as a night without jobs."""
    [drawn] = line(framed(100.0, 4.0, 4), Part("waits", "jobs", [1.0, None, 2.0, 2.0]))
    assert drawn.count("M") == 2
    assert drawn.count("L") == 1
