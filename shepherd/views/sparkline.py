"""A row of numbers as a row of blocks."""

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
UNKNOWN = " "


def sparkline(values: Sequence[float | None]) -> str:
    """From zero to the highest; a blank where nothing is known."""
    most = max((value for value in values if value is not None), default=0.0)
    return "".join(UNKNOWN if value is None else _block(value, most) for value in values)


def bar(part: float, width: int) -> str:
    """`█████░░░░░`; `part` from 0 to 1."""
    full = round(min(max(part, 0.0), 1.0) * width)
    return "█" * full + "░" * (width - full)


def _block(value: float, most: float) -> str:
    if value <= 0:
        return BLOCKS[0]
    return BLOCKS[min(int(value / most * (len(BLOCKS) - 1)) + 1, len(BLOCKS) - 1)]
