"""Figures as they are read, by the names of `model.metrics`."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Series = tuple[str, tuple[str, ...]]
"""A metric's name, and what its labels say, in the order of the table."""


class Row(NamedTuple):
    """A gauge's series now."""

    name: str
    labels: tuple[str, ...]
    value: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Times:
    """Of a histogram: how often up to each bound and not up to the one before, and beyond the last."""

    counts: tuple[int, ...]
    sum_s: float = 0.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figures:
    """All there is to show at one moment."""

    rows: Sequence[Row]
    counts: Mapping[Series, int]
    times: Mapping[Series, Times]
