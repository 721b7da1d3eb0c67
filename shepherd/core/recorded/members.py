"""Members of a record's body, by the type they must have. Each raises ValueError on another."""

from collections.abc import Mapping, Sequence

Json = Mapping[str, object]


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
    """A whole number; 0 if there is none."""
    found = row.get(name, 0)
    if isinstance(found, int):
        return found
    raise unreadable(name, found)


def seconds(row: Json, name: str, otherwise: float) -> float:
    """A time."""
    found = row.get(name, otherwise)
    if isinstance(found, int | float):
        return float(found)
    raise unreadable(name, found)


def unreadable(name: str, found: object) -> ValueError:
    """A record that a newer shepherd wrote, or somebody altered."""
    return ValueError(f"{name} of a record cannot be read: {found!r}")
