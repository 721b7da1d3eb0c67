"""Does the chain hold from the oldest partition to the head that the view saw?"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from shepherd.errors import LedgerUnavailable
from shepherd.model.chain import GENESIS, Head, Opening, Partition, Row, row_hash
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.retired import Retired, retired_from
from shepherd.model.standing import Standing, from_carry, remember


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fault:
    """One place where the record is not what was written."""

    day: str
    seq: int
    what: str

    def __str__(self) -> str:
        """As a person reads it."""
        return f"{self.day or 'ledger'}, record {self.seq}: {self.what}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verification:
    """The answer, and how far it reaches."""

    faults: Sequence[Fault]
    partitions: int
    records: int
    first_seq: int
    """The oldest record that is here; above 1, older partitions were removed by retention or put elsewhere."""
    head: Head
    """Noting it down elsewhere makes any later change of what lies before it evident."""
    retired: Retired | None = None
    """What retention removed last."""
    unchecked: int = 0
    """Heads noted elsewhere, of days that retention removed."""


class Walk:
    """One pass over the partitions, oldest first; keeps no more than one row and what stands."""

    def __init__(self, expected: Iterable[Head]) -> None:
        """`expected`: heads noted down earlier, which the chain must run through."""
        self.expected: dict[int, set[str]] = {}
        for head in expected:
            if head.seq:
                self.expected.setdefault(head.seq, set()).add(head.hash)
        self.seen: dict[int, str] = {}
        """Records that were noted and are here, and their day."""
        self.head: Head | None = None
        self.day = ""
        self.first_seq = 0
        self.begins: Opening | None = None
        """Of the oldest partition that is here."""
        self.retired: Retired | None = None
        self.unchecked = 0
        self.partitions = self.records = 0
        self.newest: dict[tuple[str, str], Entry] | None = None
        """What stands; None while it cannot be known."""

    def partition(self, partition: Partition) -> Iterator[Fault]:
        """Check one day."""
        self.partitions += 1
        yield from self.opening(partition.name, partition.opening)
        self.day, self.head = partition.name, partition.opening.head()
        self.pass_by(self.head)
        try:
            for row in partition.rows:
                yield from self.row(row, self.head)
                self.head = Head(seq=row.seq, hash=row.hash)
        except LedgerUnavailable as exc:
            yield self.fault(self.head.seq + 1, f"cannot be read: {exc}")
            self.newest = None

    def opening(self, name: str, opening: Opening) -> Iterator[Fault]:
        """Does it continue the partition before it?"""
        seq = opening.first_seq
        if opening.day != name:
            yield Fault(day=name, seq=seq, what=f"the file holds the day {opening.day}")
        if self.head is None:
            yield from self.oldest(name, opening)
        else:
            yield from self.joint(name, opening, self.head)
        yield from self.carried(name, opening)

    def oldest(self, name: str, opening: Opening) -> Iterator[Fault]:
        """The first partition that is here."""
        self.first_seq, self.begins = opening.first_seq, opening
        self.pass_by(Head(seq=opening.first_seq - 1, hash=opening.previous_hash))
        genesis = opening.previous_hash == GENESIS and not opening.previous_day
        if (opening.first_seq == 1) != genesis:
            yield Fault(day=name, seq=opening.first_seq, what="its beginning was altered")

    def joint(self, name: str, opening: Opening, before: Head) -> Iterator[Fault]:
        """The seam between two partitions."""
        if opening.previous_day != self.day:
            missing = f"the partition {opening.previous_day or '(none)'} should come before it"
            yield Fault(day=name, seq=opening.first_seq, what=missing)
        elif opening.first_seq != before.seq + 1:
            what = f"follows record {before.seq}: records between were removed"
            yield Fault(day=name, seq=opening.first_seq, what=what)
        elif opening.previous_hash != before.hash:
            what = f"does not continue {self.day}: the end of one of them was altered"
            yield Fault(day=name, seq=opening.first_seq, what=what)

    def carried(self, name: str, opening: Opening) -> Iterator[Fault]:
        """Is what it says stood at its beginning the sum of the records before?"""
        if self.head is None and opening.first_seq == 1:
            self.newest = {}
        if self.newest is not None and Standing(newest=self.newest).carry() != opening.carry:
            what = "what it carries over is not the sum of the records before it"
            yield Fault(day=name, seq=opening.first_seq, what=what)
        try:
            self.newest = dict(from_carry(opening.carry).newest)
            self.remove(self.newest.get((EntryKind.RETIRED.value, "")))
        except ValueError as exc:
            self.newest = None
            yield Fault(day=name, seq=opening.first_seq, what=f"carries over nonsense: {exc}")

    def row(self, row: Row, before: Head) -> Iterator[Fault]:
        """Check one row after `before`."""
        self.records += 1
        if row.seq != before.seq + 1:
            yield self.fault(row.seq, f"follows record {before.seq}: records between were removed")
        elif row.hash != row_hash(before.hash, row):
            yield self.fault(row.seq, "does not fit its hash: it, or the one before, was altered")
        self.pass_by(Head(seq=row.seq, hash=row.hash))
        yield from self.fold(row)

    def pass_by(self, head: Head) -> None:
        """The chain runs through here: through each record, and through what each day begins with."""
        noted = self.expected.get(head.seq)
        if noted is not None:
            noted.discard(head.hash)
            self.seen[head.seq] = self.seen.get(head.seq, self.day)

    def fold(self, row: Row) -> Iterator[Fault]:
        """Add it to what stands."""
        try:
            entry = row.stored().entry
            self.remove(entry)
        except ValueError as exc:
            yield self.fault(row.seq, f"cannot be understood: {exc}")
            return
        if self.newest is not None:
            remember(self.newest, entry)

    def remove(self, entry: Entry | None) -> None:
        """Take in what retention removed."""
        self.retired = retired_from(entry) or self.retired

    def beginning(self) -> Iterator[Fault]:
        """Does the oldest partition continue what retention removed?"""
        begins, retired = self.begins, self.retired
        if begins and retired and retired.last_seq + 1 == begins.first_seq and retired.hash != begins.previous_hash:
            what = f"does not continue {retired.through}, which retention removed: its beginning was altered"
            yield Fault(day=begins.day, seq=begins.first_seq, what=what)

    def missing(self) -> Iterator[Fault]:
        """Heads that the chain never reached."""
        head, gone_seq = self.head or Head(), self.retired.last_seq if self.retired else 0
        for seq in sorted(seq for seq, noted in self.expected.items() if noted):
            if seq in self.seen:
                what = "is not the record that was there when its hash was noted"
                yield Fault(day=self.seen[seq], seq=seq, what=what)
            elif seq > head.seq:
                yield Fault(day=self.day, seq=seq, what=f"was removed: the record ends at {head.seq}")
            elif seq >= self.first_seq:
                yield Fault(day=self.day, seq=seq, what="was removed")
            elif seq <= gone_seq:
                self.unchecked += 1
            else:
                what = f"cannot be checked: the oldest record here is {self.first_seq}"
                yield Fault(day=self.day, seq=seq, what=what)

    def fault(self, seq: int, what: str) -> Fault:
        """At a record of the day in hand."""
        return Fault(day=self.day, seq=seq, what=what)


def verify(partitions: Iterable[Partition], expected: Iterable[Head] = ()) -> Verification:
    """Walk the whole chain. Each `expected` head must be on it, unaltered. Raises nothing."""
    walk = Walk(expected)
    faults = [fault for partition in partitions for fault in walk.partition(partition)]
    faults += [*walk.beginning(), *walk.missing()]
    return Verification(
        faults=tuple(faults),
        partitions=walk.partitions,
        records=walk.records,
        first_seq=walk.first_seq,
        head=walk.head or Head(),
        retired=walk.retired,
        unchecked=walk.unchecked,
    )
