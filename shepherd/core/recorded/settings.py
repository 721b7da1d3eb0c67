"""The settings that decisions depend on, as the ledger keeps them: tables of the settings file."""

import dataclasses
import enum
import json

from shepherd.core.recorded.members import Json
from shepherd.model.settings import Settings

TABLES = ("hosts", "policy", "timers")


def settings_body(settings: Settings) -> Json:
    """Whole tables, and of `[flock]` the image. Equal settings give equal bodies."""
    tables = {name: dataclasses.asdict(getattr(settings, name)) for name in TABLES}
    body: Json = json.loads(json.dumps({**tables, "flock": {"image": settings.flock.image}}, default=_plain))
    return body


def _plain(value: object) -> object:
    if isinstance(value, enum.Enum):
        return value.value
    raise TypeError(f"a setting has no {type(value).__name__}")
