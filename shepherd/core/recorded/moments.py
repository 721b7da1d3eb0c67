"""Folding records into moments: what was known at each look that is on record, and what was decided then."""

import dataclasses
from collections.abc import Iterable, Iterator

from shepherd.core.recorded.members import Json
from shepherd.core.recorded.snapshots import NOTHING, Read, folded, past_of, snapshot_from
from shepherd.core.recorded.verdicts import verdict_from
from shepherd.core.records import bans_from, flockoff_from, memory_from, switch_from
from shepherd.core.stop import quarantine
from shepherd.model.entry import Entry, EntryKind, Stored
from shepherd.model.flockoff import FlockOff
from shepherd.model.host import HostName
from shepherd.model.moment import Moment
from shepherd.model.orders import HostMemory, SwitchRecord
from shepherd.model.standing import Standing
from shepherd.model.stop import Ban, Quarantine

NEEDED = frozenset(
    {
        EntryKind.SNAPSHOT,
        EntryKind.VERDICT,
        EntryKind.SETTINGS,
        EntryKind.SWITCH,
        EntryKind.MEMORY,
        EntryKind.FLOCKOFF,
        EntryKind.BANS,
        EntryKind.QUARANTINES,
    }
)
"""Kinds of records that moments are made of."""


class Fold:
    """What is known after the records so far. Each method raises ValueError on a record that it cannot read."""

    def __init__(self, standing: Standing) -> None:
        """`standing`: what stood before the first record, by the opening of its day."""
        self.switches: dict[HostName, SwitchRecord] = {}
        self.memories: dict[HostName, HostMemory] = {}
        self._flockoff: FlockOff | None = None
        self._bans: tuple[Ban, ...] = ()
        self._quarantines: tuple[Quarantine, ...] = ()
        self._settings: Json = NOTHING
        self._known: Json | None = None
        """None until the first record that tells the whole."""
        self._read: Read = {}
        self.add_all(standing.newest.values())

    def add_all(self, entries: Iterable[Entry]) -> None:
        """Take records in, in their order."""
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        """Take one more record in."""
        match entry.kind:
            case EntryKind.SWITCH if entry.body:
                self.switches[HostName(entry.host)] = switch_from(entry.body)
            case EntryKind.SWITCH:
                self.switches.pop(HostName(entry.host), None)
            case EntryKind.MEMORY:
                self.memories[HostName(entry.host)] = memory_from(entry.body)
            case EntryKind.FLOCKOFF:
                self._flockoff = flockoff_from(entry.body)
            case EntryKind.BANS:
                self._bans = bans_from(entry.body)
            case EntryKind.QUARANTINES:
                self._quarantines = quarantine.from_body(entry.body)
            case EntryKind.SETTINGS:
                self._settings = entry.body
            case EntryKind.SNAPSHOT if self._known is not None or entry.body.get("whole"):
                self._known = folded(self._known or NOTHING, entry.body)
            case _:
                pass

    def moment(self, at_s: float) -> Moment | None:
        """What is known, as of a snapshot that was just taken in; None before there was a whole one."""
        if self._known is None:
            return None
        return Moment(
            at_s=at_s,
            snapshot=snapshot_from(self._known, at_s, self._read),
            switches=dict(self.switches),
            memories=dict(self.memories),
            flockoff=self._flockoff,
            bars=quarantine.bars_of(self._quarantines, self._bans),
            past=past_of(self._known),
            settings=self._settings,
        )


def newest_moment(standing: Standing, records: Iterable[Stored]) -> Moment | None:
    """What was known at the newest snapshot among these records; None if there is none. What came after it is left
    out: a host that has gone home since then would be seen with the container of a lend that nobody knows. Raises
    ValueError."""
    fold, at_s, since = Fold(standing), 0.0, list[Entry]()
    for stored in records:
        since.append(stored.entry)
        if stored.entry.kind is EntryKind.SNAPSHOT:
            at_s = stored.entry.at_s
            fold.add_all(since)
            since.clear()
    return fold.moment(at_s) if at_s else None


def moments(standing: Standing, records: Iterable[Stored]) -> Iterator[Moment]:
    """Every look of a day that is on record, in order, with its verdict, which is the record after it. Raises
    ValueError on a record that cannot be read."""
    fold, waiting = Fold(standing), None
    for stored in records:
        entry = stored.entry
        if entry.kind is EntryKind.VERDICT and waiting is not None:
            yield dataclasses.replace(waiting, said=verdict_from(stored))
            waiting = None
            continue
        if waiting is not None:
            yield waiting
        fold.add(entry)
        waiting = fold.moment(entry.at_s) if entry.kind is EntryKind.SNAPSHOT else None
    if waiting is not None:
        yield waiting
