"""Single attributes of ads that anybody may have written: every odd value has a harmless meaning."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_decode = json.JSONDecoder().raw_decode
"""Half of what `json.loads` takes for something so small."""

Ad = Mapping[str, object]
"""An ad as plain values. Expressions are not evaluated; they arrive as strings that are no number."""


def plain(ads: list[Any], wanted: Sequence[str]) -> Iterator[Ad]:
    """Empty `ads` one by one, so that memory shrinks as rows are made.

    By the bindings' JSON: one call an ad instead of one an attribute. Attribute names are compared as HTCondor does,
    without case: a site's `MACHINE_RESOURCE_gpus` makes `TotalSlotgpus`. An ad that is no text says nothing.
    """
    known, canonical = set(wanted), {name.lower(): name for name in wanted}
    while ads:
        try:
            said, _ = _decode(ads.pop().printJson())
        except ValueError:
            said = {}
        if said.keys() <= known:
            yield said
        else:
            yield {canonical.get(name.lower(), name): value for name, value in said.items()}


def number(value: object) -> float | None:
    """A finite number, else None (also for booleans, strings and expressions)."""
    kind = type(value)
    if kind is int or kind is float:
        try:
            read = float(value)  # type: ignore[arg-type]
        except OverflowError:
            return None
        return read if math.isfinite(read) else None
    return None


MOST = 1 << 53
"""More than there is of anything, and few enough for sums and fractions."""


def count(value: object) -> int | None:
    """A whole number that is not negative, MOST at most, else None. Fractions of a cpu are rounded down."""
    if type(value) is int:
        return min(value, MOST) if value >= 0 else None
    read = number(value)
    return min(int(read), MOST) if read is not None and read >= 0 else None


def text(value: object) -> str | None:
    """A string, else None."""
    return value if isinstance(value, str) else None
