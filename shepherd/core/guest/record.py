"""A guest as the text of its file."""

import enum
import json

from shepherd.model.guest import Guest

HEAD = """\
# A guest of the flock pool. Written by `shepherd guest`; what is changed here by hand does not reach the pool.
"""


def text_of(guest: Guest) -> str:
    """TOML; reading it gives the same guest."""
    return HEAD + "".join(f"{key} = {_toml(value)}\n" for key, value in vars(guest).items())


def _toml(value: object) -> str:
    """JSON's scalars and lists of printable text are TOML's as well."""
    if isinstance(value, enum.Enum):
        value = value.value
    return json.dumps(value, ensure_ascii=False)
