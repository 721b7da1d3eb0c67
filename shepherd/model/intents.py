"""What a person may order through the spool."""

import dataclasses
import enum
from collections.abc import Mapping


class IntentKind(enum.Enum):
    """Every verb that wants a change."""

    FLOCKOFF = "flockoff"
    FLOCKON = "flockon"
    BAN = "ban"
    UNBAN = "unban"
    QUARANTINE = "quarantine"
    RELEASE = "release"
    ASKED = "asked"
    """Not a wish: somebody saw personal data, or exported evidence."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Intent:
    """One wish. Folding it in twice is the same as once (`ident` tells)."""

    ident: str
    kind: IntentKind
    at_s: float
    who: str
    """The Unix user who wrote it, from the file's owner, never from its text."""
    why: str = ""
    for_s: float | None = None
    """How long it should last, seconds; None: for ever."""
    about: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What the verb names besides, e.g. `kind` and `value` of a ban. At most 20 members of 500 characters."""
