"""The flockoff latch: what the file, the verbs and the clock make of it (invariant 8)."""

from collections.abc import Sequence
from typing import assert_never

from shepherd.model.flockoff import FlockOff, OffFile
from shepherd.model.intents import Intent, IntentKind


def fold(
    now_off: FlockOff | None, file: OffFile, intents: Sequence[Intent], now: float, *, latch: bool
) -> FlockOff | None:
    """The latch after looking. A present file always wins: `flockon` cannot lift it while it is there."""
    off = now_off
    for intent in intents:
        off = _obey(intent)
    if file.present:
        return off if off is not None and off.from_file else _by_file(file, now)
    if off is not None and off.from_file and not latch:
        return None
    if off is not None and off.until_s is not None and now >= off.until_s:
        return None
    return off


def _obey(intent: Intent) -> FlockOff | None:
    match intent.kind:
        case IntentKind.FLOCKOFF:
            until = intent.at_s + intent.for_s if intent.for_s is not None else None
            return FlockOff(since_s=intent.at_s, who=intent.who, why=intent.why, until_s=until, from_file=False)
        case IntentKind.FLOCKON:
            return None
    assert_never(intent.kind)


def _by_file(file: OffFile, now: float) -> FlockOff:
    return FlockOff(since_s=now, who=file.who or "unknown", why=file.why, until_s=None, from_file=True)
