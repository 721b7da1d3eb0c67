"""`shepherd trace … --hold`, `--holds`, `--drop-hold`: records of an incident put aside from retention."""

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

from shepherd.core.trace.around import to_hold
from shepherd.edges.clock import SystemClock
from shepherd.edges.trace_store.holds import StoreHolds
from shepherd.edges.unix_user import caller
from shepherd.errors import UsageError
from shepherd.model.one_line import one_line
from shepherd.model.settings import Settings
from shepherd.model.trace_rows import Held
from shepherd.model.tracing import Tracing
from shepherd.views.tracing import Telling, moment

UTC = Telling(zone=datetime.UTC, personal=True)


def holds_of(directory: Path, settings: Settings) -> StoreHolds:
    """The holds of a store."""
    group = next(iter(settings.roles.personal), "")
    return StoreHolds(directory, group=group, wall_s=SystemClock().wall_s)


def put_aside(name: str, why: str, found: Tracing, holds: StoreHolds) -> str:
    """Hold what was found and all around it; what to say. Raises UsageError, LedgerUnavailable."""
    sought = to_hold(found)
    if sought is None:
        raise UsageError(f"nothing was found, and nothing is held as {name}")
    stays, jobs, flows = sought
    held = holds.hold(name, why=why, by=caller(), stays=stays, jobs=jobs, flows=flows)
    return f"Held:    {held_words(held)}"


def drop(name: str, holds: StoreHolds) -> str:
    """Release a hold; what to say. Raises UsageError, LedgerUnavailable."""
    holds.release(name, by=caller())
    return f"the hold {name} is released; the daemon removes it within a minute and records who released it"


def listed(held: Sequence[Held]) -> Iterator[str]:
    """All holds, a line each."""
    if not held:
        yield "nothing is held; `shepherd trace … --hold NAME` holds what it finds"
    yield from map(held_words, held)


def held_words(held: Held) -> str:
    """One hold."""
    times = f"{moment(held.span.from_s, UTC)} to {moment(held.span.to_s, UTC)}"
    released = f", released by {one_line(held.released_by)}" if held.released_by else ""
    about = f"by {one_line(held.by)} at {moment(held.at_s, UTC)}: {one_line(held.why)}"
    return f"{held.name}  {held.records} records, {times}, {about}{released}; ends {held.hash[:16]}"
