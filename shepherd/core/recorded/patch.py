"""Differences of JSON objects as merge patches (RFC 7396): what changed, with null for what is gone.

So an object must hold no null of its own. Members of equal change are told once, in groups, because most hosts of a
pool are alike.
"""

import json
from collections.abc import Mapping, Sequence

from shepherd.core.recorded.members import Json, unreadable


def patch(before: Json, after: Json) -> dict[str, object]:
    """What makes `after` of `before`; empty if they are equal."""
    changes: dict[str, object] = {}
    for key, new in after.items():
        old = before.get(key)
        if isinstance(new, Mapping) and isinstance(old, Mapping):
            if inner := patch(old, new):
                changes[key] = inner
        elif old is None or new != old:
            changes[key] = new
    return changes | {key: None for key in before if key not in after}


def patched(before: Json, changes: Json) -> dict[str, object]:
    """`before` with `changes`."""
    after = dict(before)
    for key, new in changes.items():
        old = after.get(key)
        if new is None:
            after.pop(key, None)
        elif isinstance(new, Mapping):
            after[key] = patched(old if isinstance(old, Mapping) else {}, new)
        else:
            after[key] = new
    return after


def grouped(changes: Json) -> list[list[object]]:
    """Changes by name, equal ones together: `[change, [names]]`, in an order of their own."""
    groups: dict[str, tuple[object, list[str]]] = {}
    for name, change in sorted(changes.items()):
        groups.setdefault(json.dumps(change, sort_keys=True), (change, []))[1].append(name)
    return [[change, names] for _, (change, names) in sorted(groups.items())]


def ungrouped(groups: Sequence[object]) -> dict[str, object]:
    """The inverse of `grouped`. Raises ValueError."""
    found: dict[str, object] = {}
    for group in groups:
        if not (isinstance(group, list) and len(group) == 2 and isinstance(group[1], list)):
            raise unreadable("a group of hosts", group)
        found |= dict.fromkeys(map(str, group[1]), group[0])
    return found
