"""The settings that are in force: what the file says and, for the rest, the defaults."""

import dataclasses
import enum
from collections.abc import Iterator, Mapping

from shepherd.views.settings_table import default_of, toml


def effective_table(settings: object) -> str:
    """One line a setting: key, value, and whether it is the default."""
    lines = list(effective_lines(settings))
    width = max(len(key) for key, _, _ in lines)
    return "".join(f"{key:<{width}}  {value}{'  (default)' if usual else ''}\n" for key, value, usual in lines)


def effective_lines(settings: object, prefix: str = "") -> Iterator[tuple[str, str, bool]]:
    """Key, value as TOML writes it, and whether it is the default."""
    if not dataclasses.is_dataclass(settings):
        return
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            yield from effective_lines(value, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", toml(value), value == default_of(field)


def effective_json(value: object) -> object:
    """The same as JSON values, nested as the file is."""
    match value:
        case enum.Enum():
            return value.value
        case tuple():
            return [effective_json(one) for one in value]
        case Mapping():
            return {key: effective_json(one) for key, one in value.items()}
        case _ if dataclasses.is_dataclass(value):
            return {f.name: effective_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _:
            return value
