"""The flockoff latch: what the file, the verbs and the clock make of it (invariant 8).

A stop is never shortened by another one: of two, the longer stands, with who, when and why of its own. Only
`flockon`, the stop's own end, and, without the latch, the vanishing of the file end it.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from shepherd.model.flockoff import FlockOff, Leak, OffFile
from shepherd.model.intents import Intent, IntentKind


def fold(
    now_off: FlockOff | None, file: OffFile, intents: Sequence[Intent], now: float, *, latch: bool
) -> FlockOff | None:
    """The latch after looking. A present file always wins: `flockon` cannot lift it while it is there.

    Folding the same intents in once more changes nothing.
    """
    off = now_off
    for intent in intents:
        off = _obey(off, intent, latch=latch)
    off = _with_file(off, file, now, latch=latch) if file.present else _without_file(off, latch=latch)
    return None if off is None or (not off.from_file and now >= lasts_until_s(off)) else off


def stopped_by(off: FlockOff | None, leak: Leak, *, latch: bool) -> FlockOff:
    """The latch after a leak: flocking is off until a person says otherwise."""
    new = FlockOff(
        since_s=leak.at_s, who=f"keeper of {leak.host}", why=leak.what, until_s=None, from_file=False, from_leak=True
    )
    return _longer(off, new, latch=latch)


def news(leaks: Iterable[Leak], known: Mapping[str, float], changed_at_s: float) -> Leak | None:
    """A leak that nobody has answered yet. `known`: when each host's last one was, as seen before.

    Clocks of hosts are not ours: of a host that was heard before, any other time than before is news. Of the others, by
    a shepherd that was just started, what is later than the last time that flocking was turned off or on.
    """
    fresh = (leak for leak in leaks if leak.at_s > changed_at_s or known.get(leak.host, leak.at_s) != leak.at_s)
    return next((leak for leak in fresh if known.get(leak.host) != leak.at_s), None)


def lasts_until_s(off: FlockOff) -> float:
    """When a stop ends by itself, epoch seconds; infinite if it waits for a person."""
    return math.inf if off.until_s is None else off.until_s


def _obey(off: FlockOff | None, intent: Intent, *, latch: bool) -> FlockOff | None:
    match intent.kind:
        case IntentKind.FLOCKOFF:
            until = intent.at_s + intent.for_s if intent.for_s is not None else None
            new = FlockOff(since_s=intent.at_s, who=intent.who, why=intent.why, until_s=until, from_file=False)
            return _longer(off, new, latch=latch)
        case IntentKind.FLOCKON:
            return None
        case IntentKind.BAN | IntentKind.UNBAN | IntentKind.QUARANTINE | IntentKind.RELEASE | IntentKind.ASKED:
            return off
    assert_never(intent.kind)


def _longer(off: FlockOff | None, new: FlockOff, *, latch: bool) -> FlockOff:
    """What stands after a verb."""
    if off is None:
        return new
    if off.from_file and not latch:
        return new if new.until_s is None else _beside(off, new)
    lasts = math.inf if off.from_file else lasts_until_s(off)
    return off if lasts >= lasts_until_s(new) else new


def _with_file(off: FlockOff | None, file: OffFile, now: float, *, latch: bool) -> FlockOff:
    """What stands while the file is there."""
    by_file = FlockOff(since_s=now, who=file.who or "unknown", why=file.why, until_s=None, from_file=True)
    if off is None or (not off.from_file and now >= lasts_until_s(off)):
        return by_file
    if off.from_file or off.until_s is None:
        return off
    return by_file if latch else _beside(by_file, off)


def _without_file(off: FlockOff | None, *, latch: bool) -> FlockOff | None:
    """What stands after the file is gone, or was never there."""
    if off is None or latch or not off.from_file:
        return off
    return None if off.until_s is None else dataclasses.replace(off, from_file=False)


def _beside(by_file: FlockOff, verb: FlockOff) -> FlockOff:
    """A file that does not latch, and a verb that may last longer than it."""
    if verb.until_s is None or (by_file.until_s is not None and by_file.until_s >= verb.until_s):
        return by_file
    also = f"flockoff by {verb.who}: {verb.why}"
    why = f"{by_file.why}; {also}" if by_file.why else also
    return dataclasses.replace(by_file, until_s=verb.until_s, why=why)
