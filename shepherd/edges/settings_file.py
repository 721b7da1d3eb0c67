"""Settings from TOML files, validated into the dataclasses of the model.

pydantic reads the dataclasses themselves: no field and no default is repeated here. Validation is
strict (a number is not a string, 1.0 is not an integer; an integer is a good number of seconds).
Rules that join several keys are pure functions which the caller hands in.
"""

import datetime
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

import pydantic

from shepherd.edges.settings_words import Fault, fault_of
from shepherd.errors import SettingsError
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.guest import Guest
from shepherd.model.image import Recipe
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import Settings

S = TypeVar("S")

Rules = Callable[[S], Iterable[tuple[str, str, str]]]
"""Contradictions in settings that are well-formed: key, problem, remedy of each."""

STRICT = pydantic.ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

FILE_BYTES_MAX = 4 << 20


class File(pydantic.BaseModel, Generic[S]):
    """Carries the strictness to the dataclasses below it, which know nothing of pydantic."""

    model_config = STRICT

    content: S


def read_settings(path: Path, rules: Rules[Settings]) -> Settings:
    """The daemon's settings. Raises SettingsError listing everything wrong in the file."""
    return checked(path, Settings, rules)


def read_node_settings(path: Path, rules: Rules[NodeSettings]) -> NodeSettings:
    """A keeper's settings. Raises SettingsError listing everything wrong in the file."""
    return checked(path, NodeSettings, rules)


def read_gateway_settings(path: Path, rules: Rules[GatewaySettings]) -> GatewaySettings:
    """A gateway's settings. Raises SettingsError listing everything wrong in the file."""
    return checked(path, GatewaySettings, rules)


def vlan_in(path: Path) -> str:
    """The VLAN's interface that a gateway's settings name, whatever else is wrong with them; the default if none."""
    try:
        named = toml_tree(path).get("vlan")
    except SettingsError:
        named = None
    return named if isinstance(named, str) else GatewaySettings.vlan


def read_guest(path: Path, rules: Rules[Guest]) -> Guest:
    """A guest as `shepherd guest` wrote it. Raises SettingsError listing everything wrong in the file."""
    return checked(path, Guest, rules)


def read_recipe(path: Path, rules: Rules[Recipe]) -> Recipe:
    """An image's recipe. Raises SettingsError listing everything wrong in the file."""
    return checked(path, Recipe, rules)


def checked(path: Path, kind: type[S], rules: Rules[S]) -> S:
    """Read, validate, then apply the rules, all or nothing."""
    settings = validated(path, kind, toml_tree(path))
    if faults := [Fault(*fault) for fault in rules(settings)]:
        raise wrong(path, faults)
    return settings


def toml_tree(path: Path) -> Mapping[str, object]:
    """The file as TOML has it; raises SettingsError if it cannot be read or is no TOML."""
    try:
        return tomllib.loads(text_of(path))
    except (ValueError, RecursionError) as exc:
        fault = Fault("syntax", f"no TOML: {exc}", "mend that line; see shepherd.toml.example")
        raise wrong(path, [fault]) from exc


def text_of(path: Path) -> str:
    """The text of the file; raises SettingsError."""
    try:
        with path.open("rb") as file:
            return file.read(FILE_BYTES_MAX).decode("utf-8")
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        fault = Fault("encoding", f"line {line} is not UTF-8", "save the file as UTF-8")
        raise wrong(path, [fault]) from exc
    except OSError as exc:
        fault = Fault("file", f"cannot be read: {exc.strerror}", "name another with --settings")
        raise wrong(path, [fault]) from exc


def validated(path: Path, kind: type[S], tree: Mapping[str, object]) -> S:
    """The tree as settings; raises SettingsError.

    Validated as JSON, where strictness lets a list be a tuple and a word be a member of an enum.
    """
    text = json.dumps({"content": tree}, default=unfitting)
    try:
        return File[kind].model_validate_json(text).content  # type: ignore[valid-type]
    except pydantic.ValidationError as exc:
        errors = exc.errors(include_url=False, include_input=False)
        faults = [fault_of(kind, tree, error["loc"][1:], error["type"]) for error in errors]
        raise wrong(path, faults) from exc


def unfitting(value: object) -> None:
    """TOML's dates and times are the only values that JSON has not; no setting is one."""
    if not isinstance(value, datetime.date | datetime.time):
        raise TypeError(f"TOML has no {type(value).__name__}")


def wrong(path: Path, faults: Iterable[Fault]) -> SettingsError:
    """All faults of one file as one error."""
    first, *others = (
        SettingsError(file=str(path), key=fault.key, problem=fault.problem, remedy=fault.remedy) for fault in faults
    )
    return SettingsError(file=first.file, key=first.key, problem=first.problem, remedy=first.remedy, others=others)
