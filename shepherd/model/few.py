"""Many names in a line that a person can still read."""

from collections.abc import Sequence

MOST = 10


def few(names: Sequence[str], most: int = MOST) -> str:
    """`p1, p2, p3`, and of more than `most` the number of the others."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
