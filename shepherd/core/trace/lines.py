"""Trace records as lines of text, and back: a canonical JSON array each, `["JobBegun", …]` in the order of the fields.

There is one line for a record and one record for a line: what decodes but would not be written like that is refused,
because hashes are taken of lines. A field that came later stands at the end, and is left out where it says nothing: the
line is then the one that was always written.
"""

import dataclasses
import enum
import json
import math
import operator
import types
import typing
from collections.abc import Callable, Iterable, Iterator

from shepherd.errors import TraceRefused
from shepherd.model import trace
from shepherd.model.trace import Segment, TraceRecord

KINDS: dict[str, type[TraceRecord]] = {kind.__name__: kind for kind in typing.get_args(TraceRecord)}
VERSION = 1
MAX_LINE = 8192
MAX_TEXT = 2000
MAX_WHOLE = (1 << 62) - 1

Reads = Callable[[object], object]
LATER = {"JobBegun": 0}
"""By kind, what its last field says if it says nothing: that field came later than the others."""
VALUES = {name: operator.attrgetter(*(one.name for one in dataclasses.fields(kind))) for name, kind in KINDS.items()}
"""By kind, what gives all values of a record, in the order of the fields."""


def line(record: TraceRecord) -> str:
    """The one line of `record`, without its end. Texts must be printable and at most MAX_TEXT long (`decode` refuses
    others); whoever builds a record from a stranger's words cuts them with `one_line`."""
    kind = type(record).__name__
    values = VALUES[kind](record)
    return ENCODER.encode([kind, *(values[:-1] if kind in LATER and values[-1] == LATER[kind] else values)])


def record_of(text: str) -> TraceRecord:
    """The record of a line. Raises TraceRefused."""
    try:
        kind, *values = parsed(text)
        record = KINDS[kind](**read(KINDS[kind], values))
    except (KeyError, TypeError, ValueError) as exc:
        raise TraceRefused(f"not a trace record ({exc}): {text[:80]!r}") from exc
    if line(record) != text:
        raise TraceRefused(f"not in canonical form: {text[:80]!r}")
    return record


def parsed(text: str) -> list[typing.Any]:
    """The JSON array of a line."""
    if len(text) > MAX_LINE:
        raise ValueError(f"{len(text)} characters, at most {MAX_LINE}")
    value = json.loads(text)
    if not isinstance(value, list) or not value:
        raise TypeError("not an array")
    return value


def read(kind: type[TraceRecord], values: list[object]) -> dict[str, typing.Any]:
    """Values by field, each of its type. Raises TypeError, ValueError."""
    shape = SHAPES[kind]
    if kind.__name__ in LATER and len(values) == len(shape) - 1:
        values = [*values, LATER[kind.__name__]]
    if len(values) != len(shape):
        raise ValueError(f"{len(values)} members, not {len(shape)}")
    return {name: reads(value) for (name, reads), value in zip(shape, values, strict=True)}


def plain(value: object) -> object:
    """A field's value as JSON has it, where JSON itself has none."""
    if isinstance(value, enum.Enum):
        return value.value
    raise TypeError(f"{value!r} is of no type that records have")


def reads_of(annotation: object) -> Reads:
    """What reads a value of a field so annotated."""
    if isinstance(annotation, types.UnionType):
        inner = reads_of(next(one for one in annotation.__args__ if one is not type(None)))
        return lambda value: None if value is None else inner(value)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return annotation
    return {str: a_text, int: a_whole, float: a_number}[typing.cast(type, annotation)]


def a_text(value: object) -> str:
    """A line of text, perhaps empty."""
    if isinstance(value, str) and len(value) <= MAX_TEXT and (not value or value.isprintable()):
        return value
    raise TypeError("not a line of text")


def a_whole(value: object) -> int:
    """An integer; true and false are none."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_WHOLE:
        return value
    raise TypeError(f"{value!r} is not an integer")


def a_number(value: object) -> float:
    """A finite number; JSON has none but floats here."""
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise TypeError(f"{value!r} is not a number")


ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=plain)
SHAPES: dict[type[TraceRecord], list[tuple[str, Reads]]] = {
    kind: [(name, reads_of(annotation)) for name, annotation in typing.get_type_hints(kind, vars(trace)).items()]
    for kind in KINDS.values()
}


def segment_text(segment: Segment) -> str:
    """A segment as the content of its file: a line about it, then a line for each record."""
    about = [VERSION, segment.source, segment.number, segment.sealed_at_s, len(segment.records)]
    lines = [json.dumps(["Segment", *about], separators=(",", ":")), *map(line, segment.records)]
    return "\n".join(lines) + "\n"


def segment_of(text: str) -> Segment:
    """The inverse of `segment_text`. Raises TraceRefused, also if lines are missing at the end."""
    first, *rest = text.split("\n")
    try:
        name, version, source, number, sealed_at_s, count = parsed(first)
        if (name, version, rest[-1:]) != ("Segment", VERSION, [""]) or len(rest) != count + 1:
            raise ValueError("not a whole segment of version 1")
        return Segment(
            source=a_text(source),
            number=a_whole(number),
            sealed_at_s=a_number(sealed_at_s),
            records=tuple(records_of(rest[:-1])),
        )
    except (TypeError, ValueError) as exc:
        raise TraceRefused(f"not a segment ({exc}): {first[:80]!r}") from exc


def records_of(lines: Iterable[str]) -> Iterator[TraceRecord]:
    """The records of lines. Raises TraceRefused."""
    return map(record_of, lines)
