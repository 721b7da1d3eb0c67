"""Members of a record's body, by the type they must have. Each raises ValueError on another."""

import functools
import types
import typing
from collections.abc import Iterator, Mapping, Sequence

Json = Mapping[str, object]
MOST = 1 << 60
"""Less than this is any number that was ever recorded."""


def objects(row: Json, name: str) -> Mapping[str, Json]:
    """An object of objects; empty if there is none."""
    found = members(row, name)
    return {key: members(found, key) for key in found}


def members(row: Json, name: str) -> Json:
    """An object; empty if there is none."""
    found = row.get(name, {})
    if isinstance(found, Mapping):
        return found
    raise unreadable(name, found)


def listed(row: Json, name: str) -> Sequence[object]:
    """A list; empty if there is none."""
    found = row.get(name, [])
    if isinstance(found, list):
        return found
    raise unreadable(name, found)


def names(row: Json, name: str) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(map(str, listed(row, name)))


def count(row: Json, name: str) -> int:
    """A whole number that is not negative; 0 if there is none."""
    found = row.get(name, 0)
    if isinstance(found, int) and 0 <= found < MOST:
        return found
    raise unreadable(name, found)


def seconds(row: Json, name: str, otherwise: float) -> float:
    """A time."""
    found = row.get(name, otherwise)
    if isinstance(found, int | float) and is_number(found):
        return float(found)
    raise unreadable(name, found)


def fields_of(kind: type, row: Json) -> dict[str, object]:
    """Members that are fields of a dataclass; numbers, texts and booleans where it has such. A newer shepherd's
    additions are left out, so that a downgrade works."""
    plain = _plain_types(kind)
    found = {name: value for name, value in row.items() if name in plain}
    for name, value in found.items():
        if not isinstance(value, plain[name]) or (isinstance(value, int | float) and not is_number(value)):
            raise unreadable(name, value)
    return found


def amounts(row: object, what: str, number: int) -> list[int]:
    """A list of so many whole numbers."""
    found = [one for one in row if isinstance(one, int) and is_number(one)] if isinstance(row, list | tuple) else []
    if len(found) == number and isinstance(row, list | tuple) and len(row) == number:
        return found
    raise unreadable(what, row)


def is_number(value: object) -> bool:
    """Whether it is one that may have been recorded: not infinite, nor the largest that there is."""
    return isinstance(value, int | float) and abs(value) < MOST


@functools.cache
def _plain_types(kind: type) -> Mapping[str, tuple[type, ...]]:
    return {name: tuple(_plain_of(hint)) for name, hint in typing.get_type_hints(kind).items()}


def _plain_of(hint: object) -> Iterator[type]:
    """What JSON may have for it; anything for what is more than a value."""
    match hint:
        case types.UnionType():
            for one in typing.get_args(hint):
                yield from _plain_of(one)
        case typing.NewType():
            yield str
        case type() if hint is float:
            yield from (float, int)
        case type() if hint in {int, bool, str, types.NoneType}:
            yield hint
        case _:
            yield object


def unreadable(name: str, found: object) -> ValueError:
    """A record that a newer shepherd wrote, or somebody altered."""
    return ValueError(f"{name} of a record cannot be read: {found!r:.80}")
