"""Printing what a view tells: as it is for programs, wrapped and with titles for a person at a terminal."""

import os
import sys
from collections.abc import Iterable

from shepherd.edges.terminal import is_terminal, shows_colours, width_of
from shepherd.views.lines import Line, Tone, line, painted, wrapped


def tell(text: str) -> None:
    """Lines that begin at the left are titles of those below."""
    if is_terminal(sys.stdout):
        tell_lines(line(one, Tone.PLAIN if one.startswith(" ") else Tone.TITLE) for one in text.splitlines())
    else:
        print(text, end="")


def tell_lines(lines: Iterable[Line]) -> None:
    """On a terminal, none wider than it is."""
    coloured = shows_colours(os.environ)
    for one in wrapped(lines, width_of(sys.stdout)):
        print(painted(one, coloured=coloured))
