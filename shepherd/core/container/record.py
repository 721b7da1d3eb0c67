"""What a lend was made as, on record while it goes on: settings and version of its keeper change under guests.

Limits and walls are compared with the record, so that a change is for the lends to come. A host that is somebody else
on the network by now cannot go on as it was: such a change ends its lend, and says so.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from shepherd.errors import CommandFailed
from shepherd.model.container import ContainerSpec, Limits, Tmpfs

T = TypeVar("T")

IDENTITY = ("hostname", "network", "address", "mac", "remapped")
"""Fields of a specification that the world outside of the container depends on, too."""
COLLECTOR = "_CONDOR_COLLECTOR_HOST"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """What is on record. Both are empty where nothing is."""

    told: Mapping[str, Any]
    """Fields of the container's specification, as JSON has them."""
    rules: str
    """The rules that were loaded into its network."""


NOTHING = Made(told={}, rules="")


def made(spec: ContainerSpec, rules: str) -> Made:
    """What goes on record."""
    return Made(told=dataclasses.asdict(spec), rules=rules)


def to_json(spec: ContainerSpec, rules: str) -> str:
    """The record."""
    return json.dumps({"spec": dataclasses.asdict(spec), "rules": rules}, sort_keys=True)


def from_json(text: str | None) -> Made:
    """The record as read back; NOTHING if there is none. Raises CommandFailed if it is damaged: what runs can then be
    compared with nothing."""
    if not text:
        return NOTHING
    try:
        found = json.loads(text)
        read = Made(told=dict(found["spec"]), rules=str(found["rules"]))
        dict(rebuilt(read, None))
    except (ValueError, TypeError, LookupError, AttributeError) as exc:
        raise CommandFailed("the record of what the container was made as is damaged") from exc
    return read


def moved(made: Made, now: ContainerSpec) -> str:
    """Why the lend cannot go on under the settings of now, in one clause; empty if it can."""
    changed = [name for name in IDENTITY if name in made.told and made.told[name] != getattr(now, name)]
    collector = made.told.get("environment", {}).get(COLLECTOR)
    if collector is not None and collector != now.environment.get(COLLECTOR):
        changed.append("flock collector")
    return f"the settings changed under the lend: {', '.join(changed)}" if changed else ""


def as_made(made: Made, now: ContainerSpec, seen: ContainerSpec) -> ContainerSpec:
    """The specification to compare with: what is on record, and of fields that it does not have, dockerd's own words;
    what dockerd does not tell is as it would be made now, and without any record everything is."""
    if not made.told:
        return now
    base = dataclasses.replace(seen, remapped=now.remapped, hides_processes=now.hides_processes)
    return known(base, dict(rebuilt(made, seen)))


def rebuilt(made: Made, seen: ContainerSpec | None) -> Iterator[tuple[str, object]]:
    """The recorded fields as a specification has them. Raises TypeError, AttributeError if they are damaged."""
    for name, value in made.told.items():
        if name == "tmpfs":
            yield name, {path: Tmpfs(**one) for path, one in value.items()}
        elif name in {"walls", "limits"}:
            yield name, known(getattr(seen, name) if seen else Limits(), dict(value))
        else:
            yield name, value


def known(base: T, told: Mapping[str, object]) -> T:
    """`base` with what is told; names that this version does not know are left out. JSON's lists are tuples here."""
    made: Any = base
    names = {field.name for field in dataclasses.fields(made)}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    changed: T = dataclasses.replace(made, **{name: values[name] for name in names & set(values)})
    return changed
