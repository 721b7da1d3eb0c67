"""Lines of a terminal: pieces of text with a tone, wrapped by us so that the terminal never does it."""

import enum
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

RESET = "\x1b[0m"
PARTS = re.compile(r" +|[^ ,]+,*|,+")
"""A line may be broken after a space, and after a comma: ranges of hosts have no spaces."""
NARROWEST = 8
HANG = 2
"""How much further in the rest of a line stands that did not fit."""


class Tone(enum.Enum):
    """What a piece of text is. The value: as SGR, by which terminals colour."""

    PLAIN = ""
    TITLE = "1"
    LOCAL = "32"
    LENT = "36"
    UNDERWAY = "33"
    WRONG = "1;31"
    FAINT = "2"


class Span(NamedTuple):
    """Text of one tone."""

    text: str
    tone: Tone = Tone.PLAIN


class Line(NamedTuple):
    """One line, not yet wrapped."""

    spans: tuple[Span, ...] = ()
    hang: int = HANG
    """Where the rest of it begins, in cells from the left."""
    most: int | None = None
    """Rows; what is beyond is told by an ellipsis. None: all of it."""

    def text(self) -> str:
        """Without tones."""
        return "".join(span.text for span in self.spans)


def line(text: str, tone: Tone = Tone.PLAIN) -> Line:
    """A line of one tone; what does not fit stands a little further in than its beginning."""
    return Line((Span(text, tone),), len(text) - len(text.lstrip(" ")) + HANG)


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrapped(lines: Iterable[Line], width: int) -> Iterator[Line]:
    """The same in lines of at most `width` cells; a word that is longer is broken. Narrower than eight is none."""
    for one in lines:
        yield from _cut([*_wrapped(one, max(width, NARROWEST))], one.most, max(width, NARROWEST))


def _cut(rows: list[Line], most: int | None, width: int) -> list[Line]:
    if most is None or len(rows) <= most:
        return rows
    last = rows[most - 1].text()
    while cells(last) > width - 2:
        last = last[:-1]
    return [*rows[: most - 1], Line((Span(f"{last} …", rows[most - 1].spans[-1].tone),))]


def _wrapped(whole: Line, width: int) -> Iterator[Line]:
    hang = min(whole.hang, width // 2)
    row: list[Span] = []
    used = 0
    for text, tone in _parts(whole, width - hang):
        if used + cells(text.rstrip(" ")) > width and used:
            yield Line(_tidy(row), hang)
            row, used = [Span(" " * hang)], hang
            text = text.lstrip(" ")  # noqa: PLW2901 - a break stands for the spaces
        row.append(Span(text, tone))
        used += cells(text)
    yield Line(_tidy(row), hang)


def _parts(whole: Line, most: int) -> Iterator[Span]:
    """What is not broken, no piece longer than `most`."""
    for text, tone in whole.spans:
        for part in PARTS.findall(text):
            yield from (Span(piece, tone) for piece in _pieces(part, most))


def _pieces(part: str, most: int) -> Iterator[str]:
    while cells(part) > most:
        cut = most
        while cells(part[:cut]) > most:
            cut -= 1
        yield part[: max(cut, 1)]
        part = part[max(cut, 1) :]
    if part:
        yield part


def _tidy(row: list[Span]) -> tuple[Span, ...]:
    """Neighbours of one tone together, without spaces at the end."""
    grouped = itertools.groupby(row, key=lambda span: span.tone)
    spans = [Span("".join(span.text for span in same), tone) for tone, same in grouped]
    while spans and not spans[-1].text.strip(" "):
        spans.pop()
    return (*spans[:-1], Span(spans[-1].text.rstrip(" "), spans[-1].tone)) if spans else ()


def painted(one: Line, *, coloured: bool) -> str:
    """As a terminal is given it."""
    if not coloured:
        return one.text()
    return "".join(f"\x1b[{tone.value}m{text}{RESET}" if tone.value and text else text for text, tone in one.spans)
