"""What a person may order through the spool."""

import dataclasses
import enum


class IntentKind(enum.Enum):
    """Every verb that wants a change."""

    FLOCKOFF = "flockoff"
    FLOCKON = "flockon"


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
