"""The terminal that somebody looks at: whether there is one, how wide it is, whether it shows colours."""

import os
from collections.abc import Mapping
from typing import TextIO

USUAL = 80, 24
"""Of a terminal that does not tell its size."""


def is_terminal(stream: TextIO) -> bool:
    """Whether a person reads it, not a program."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def shows_colours(environment: Mapping[str, str]) -> bool:
    """As https://no-color.org has it; a dumb terminal, or one that is not named, understands no colours."""
    return not environment.get("NO_COLOR") and environment.get("TERM", "") not in {"", "dumb"}


def can_move_cursor(environment: Mapping[str, str]) -> bool:
    """Whether a picture can be drawn anew in its place."""
    return environment.get("TERM", "") not in {"", "dumb", "unknown"}


def width_of(stream: TextIO) -> int:
    """Columns."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return columns or USUAL[0]
