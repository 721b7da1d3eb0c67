"""What is on record of one lend, in words."""

from collections.abc import Iterable, Iterator, Sequence

from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import Herd
from shepherd.model.orders import HOMEWARD, Stage
from shepherd.model.story import Event, LendStory

OF_A_LEND = frozenset({EntryKind.ORDER, EntryKind.STEP, EntryKind.OUTCOME, EntryKind.SWITCH})
NOT_OUT = frozenset(stage.value for stage in HOMEWARD)


def lend_story(lease: str, entries: Iterable[Entry]) -> LendStory:
    """All of it. Of steps only the outcome is told, and of stages only those that no step tells."""
    return LendStory(lease=lease, events=tuple(event for entry in entries for event in _events(entry)))


def result_of(herd: Herd, ordered_at_s: float, entries: Sequence[Entry]) -> str:
    """What came of an order, by the records of its lend."""
    switches = [entry for entry in entries if entry.kind is EntryKind.SWITCH and entry.at_s >= ordered_at_s]
    for entry in switches:
        took = f"after {entry.at_s - ordered_at_s:.1f} s"
        if not entry.body:
            return f"home {took}"
        if herd is Herd.FLOCK and entry.body.get("stage") == Stage.LENT.value:
            return f"lent {took}"
        if herd is Herd.FLOCK and str(entry.body.get("stage")) in NOT_OUT:
            return f"not lent: {entry.body.get('why')}"
    return "nothing is on record of it" if not switches else "under way when the record ends"


def leases_of(entries: Iterable[Entry]) -> list[str]:
    """The lends of a host's records, in order."""
    return list(dict.fromkeys(entry.cause for entry in entries if entry.kind in OF_A_LEND and entry.cause))


def _events(entry: Entry) -> Iterator[Event]:
    body = entry.body
    match entry.kind:
        case EntryKind.ORDER:
            verb = "lend" if body.get("herd") == Herd.FLOCK.value else "reclaim"
            yield Event(at_s=entry.at_s, what=f"{verb} ordered: {body.get('why')}")
        case EntryKind.OUTCOME:
            detail = f": {body['detail']}" if body.get("detail") else ""
            done = f"{body.get('kind')} {body.get('result')} in {body.get('took_s')} s{detail}"
            yield Event(at_s=entry.at_s, what=done)
        case EntryKind.SWITCH if not body:
            yield Event(at_s=entry.at_s, what="home")
        case EntryKind.SWITCH if body.get("stage") == Stage.LENT.value:
            yield Event(at_s=entry.at_s, what="lent: its flocking startd is there")
        case EntryKind.SWITCH if body.get("stage") == Stage.REVOKED.value:
            yield Event(at_s=entry.at_s, what=f"on its way home: {body.get('why')}")
        case _:
            pass
