"""Values of what a page says, read without trust. Each raises LeaseRefused for what no page of ours has."""

import math
from collections.abc import Mapping

from shepherd.errors import LeaseRefused

MAX_SERIAL = (1 << 62) - 1
MAX_TEXT = 1000

Members = Mapping[str, object]


def keyed(value: object, keys: frozenset[str], what: str, extras: frozenset[str] = frozenset()) -> Members:
    """`value` as an object with exactly these keys, and `extras` perhaps."""
    if not isinstance(value, dict) or set(value) - extras != keys:
        raise LeaseRefused(f"malformed lease page: wrong members of a {what}")
    return value


def text(members: Members, key: str, least: int = 1, most: int = MAX_TEXT) -> str:
    """A string of `least` to `most` characters, all of which print: it may go into a file of lines."""
    value = members[key]
    if isinstance(value, str) and least <= len(value) <= most and value.isprintable():
        return value
    raise LeaseRefused(f"malformed lease page: {key} is not a line of text")


def whole(members: Members, key: str, least: int, most: int) -> int:
    """An integer between `least` and `most`; true and false are none."""
    value = members[key]
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise LeaseRefused(f"malformed lease page: {key} is not an integer from {least} to {most}")


def number(members: Members, key: str) -> float:
    """A finite number of seconds, zero or more."""
    value = members[key]
    if isinstance(value, float) and math.isfinite(value) and value >= 0:
        return value
    raise LeaseRefused(f"malformed lease page: {key} is not a number of seconds")


def truth(members: Members, key: str) -> bool:
    """True or false."""
    value = members[key]
    if isinstance(value, bool):
        return value
    raise LeaseRefused(f"malformed lease page: {key} is neither true nor false")
