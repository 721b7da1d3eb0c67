"""What a container was made as, on record while it is lent: settings and version of its keeper change under guests."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from shepherd.model.container import ContainerSpec, Tmpfs

T = TypeVar("T")


def to_json(spec: ContainerSpec) -> str:
    """The record."""
    return json.dumps(dataclasses.asdict(spec), sort_keys=True)


def remembered(text: str | None, now: ContainerSpec) -> ContainerSpec:
    """The specification on record. What the record does not say (an earlier version wrote it, or it is damaged) is as
    it would be made `now`."""
    try:
        told = json.loads(text or "{}")
        parts = {"walls": known(now.walls, told["walls"]), "limits": known(now.limits, told["limits"])}
        tmpfs = {path: Tmpfs(**one) for path, one in told["tmpfs"].items()}
        return known(now, {**told, **parts, "tmpfs": tmpfs})
    except (ValueError, TypeError, LookupError, AttributeError):
        return now


def known(now: T, told: Mapping[str, object]) -> T:
    """`now` with what is told; names that this version does not know are left out. JSON's lists are tuples here."""
    made: Any = now
    names = {field.name for field in dataclasses.fields(made)}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    changed: T = dataclasses.replace(made, **{name: values[name] for name in names & set(values)})
    return changed
