"""Is the trace store what was written, from the oldest day that is here to the heads that others noted down?

What retention removed and pseudonymising made unreadable is on the chain itself, and no fault; anything else that is
missing is one.
"""

import dataclasses
import datetime
import enum
import itertools
from collections.abc import Iterable, Iterator, Sequence

from shepherd.core.ledger.verify import Fault
from shepherd.errors import LedgerUnavailable
from shepherd.model.chain import GENESIS, Head, canonical
from shepherd.model.trace_chain import (
    Act,
    Block,
    BlockKind,
    DayOpening,
    DayPseudonymised,
    DayRetired,
    HoldMade,
    HoldReleased,
    block_hash,
    newest_segments,
)

DAY_S = 86400.0


class KeysSeen(enum.Enum):
    """What a day's key file is like."""

    FITTING = "fitting"
    """Every row that names a person can be read, and says what the key file says."""
    NOBODY = "nobody"
    """The day names no person."""
    MISSING = "missing"
    WRONG = "wrong"
    """Some row cannot be read with them, or says something else."""
    UNASKED = "unasked"
    """This user may not read them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadBlock:
    """A block as it is read back."""

    block: Block
    content: str
    """Hash of the rows that are there."""
    acts: Sequence[Act] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadDay:
    """A day's file as it is read back."""

    name: str
    opening: DayOpening
    blocks: Iterable[ReadBlock]
    """In order. Reading them may raise LedgerUnavailable."""
    faults: Iterable[str]
    """What is wrong with the file itself; read after its blocks. May raise LedgerUnavailable."""
    keys: KeysSeen


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadHold:
    """A hold as it is read back: a day of its own, and its manifest."""

    name: str
    digest: str
    """Of the manifest; what the store's chain has."""
    end: str
    """The end of its chain, as the manifest says."""
    day: ReadDay


@dataclasses.dataclass(frozen=True, kw_only=True)
class TraceVerification:
    """The answer, and how far it reaches."""

    faults: Sequence[Fault]
    unchecked: Sequence[str]
    """What could not be checked, and why."""
    days: int
    blocks: int
    holds: int
    oldest: str
    """The oldest day that is here."""
    head: Head
    anchored: int
    """Heads noted elsewhere that were found on the chain."""


class Walk:
    """One pass over the days, oldest first; keeps what the store did, and no more than one block."""

    def __init__(self, expected: Iterable[Head]) -> None:
        """`expected`: heads noted down earlier, which the chain must run through."""
        self.expected = {head for head in expected if head.seq}
        self.days: list[str] = []
        self.begins: list[int] = []
        """First block of each of `days`."""
        self.blocks = self.anchored = 0
        self.head: Head | None = None
        self.stored: dict[str, int] | None = None
        self.oldest_seq = 0
        self.missing: list[tuple[Head | None, DayOpening]] = []
        """Where days are missing: what is before, and what comes after."""
        self.acts: list[tuple[float, Act]] = []
        self.keys: dict[str, KeysSeen] = {}
        self.unchecked: list[str] = []

    def day(self, day: ReadDay) -> Iterator[Fault]:
        """Check one day."""
        yield from self.opening(day)
        self.days.append(day.name)
        self.begins.append(day.opening.first_seq)
        self.keys[day.name] = day.keys
        self.head = day.opening.head()
        self.pass_by(self.head)
        try:
            for read in day.blocks:
                yield from self.block(day.name, read, self.head)
                self.head = read.block.head()
            yield from (Fault(day=day.name, seq=self.head.seq, what=what) for what in day.faults)
        except LedgerUnavailable as exc:
            yield Fault(day=day.name, seq=self.head.seq + 1, what=f"cannot be read: {exc}")
            self.stored = None

    def opening(self, day: ReadDay) -> Iterator[Fault]:
        """Does it continue the day before it?"""
        opening = day.opening
        if opening.day != day.name:
            yield Fault(day=day.name, seq=opening.first_seq, what=f"the file holds the day {opening.day}")
        if self.head is None:
            self.oldest_seq = opening.first_seq
            self.stored = {} if opening.first_seq == 1 else None
        is_genesis = (opening.first_seq, opening.previous_day, opening.previous_hash) == (1, "", GENESIS)
        if not is_genesis and opening.previous_day != (self.days[-1] if self.days else None):
            self.missing.append((self.head, opening))
            self.stored = None
        elif self.head is not None and is_genesis:
            yield Fault(day=day.name, seq=1, what="begins a chain of its own: the store was begun anew")
        elif self.head is not None and self.head != Head(seq=opening.first_seq - 1, hash=opening.previous_hash):
            what = f"does not continue {self.days[-1]}: the end of one of them was removed or altered"
            yield Fault(day=day.name, seq=opening.first_seq, what=what)
        yield from self.counted(day)

    def counted(self, day: ReadDay) -> Iterator[Fault]:
        """Does it know how many segments were stored before?"""
        if self.stored is not None and canonical(self.stored) != day.opening.stored:
            yield Fault(day=day.name, seq=day.opening.first_seq, what="what it says was stored before is not what was")
        try:
            self.stored = day.opening.newest()
        except (ValueError, TypeError):
            self.stored = None
            yield Fault(day=day.name, seq=day.opening.first_seq, what="says nonsense of what was stored before")

    def block(self, name: str, read: ReadBlock, before: Head) -> Iterator[Fault]:
        """Check one block after `before`."""
        self.blocks += 1
        block = read.block
        if block.seq != before.seq + 1:
            yield Fault(day=name, seq=block.seq, what=f"follows block {before.seq}: blocks between were removed")
        elif block.hash != block_hash(before.hash, block, read.content):
            what = "does not fit its hash: one of its rows, or the block before, was altered"
            yield Fault(day=name, seq=block.seq, what=what)
        self.pass_by(block.head())
        self.acts += ((block.at_s, act) for act in read.acts if block.kind == BlockKind.ACT.value)
        try:
            self.stored = {**(self.stored or {}), **newest_segments(block.segments)}
        except (ValueError, TypeError, AttributeError):
            yield Fault(day=name, seq=block.seq, what="says nonsense of the segments in it")

    def pass_by(self, head: Head) -> None:
        """The chain runs through here: through each block, and through what each day begins with."""
        if head in self.expected:
            self.expected.remove(head)
            self.anchored += 1

    def ends(self, holds: Iterable[ReadHold], damaged: Iterable[str]) -> Iterator[Fault]:
        """After the last day."""
        retired = {act.day: act for at_s, act in self.acts if isinstance(act, DayRetired) and was_due(at_s, act)}
        broken = set(damaged)
        for before, after in self.missing:
            yield from self.gap(before, after, retired, broken)
        yield from self.unreached(retired)
        yield from self.judged_keys()
        yield from self.judged_holds(holds)

    def gap(
        self, before: Head | None, after: DayOpening, retired: dict[str, DayRetired], broken: set[str]
    ) -> Iterator[Fault]:
        """Days are missing before `after`: did retention remove all of them?"""
        day, seq, digest = after.previous_day, after.first_seq, after.previous_hash
        while (act := retired.get(day)) is not None and (act.last_seq + 1, act.hash) == (seq, digest):
            if before is None or not act.first_seq:
                return
            if (act.first_seq, act.previous_hash) == (before.seq + 1, before.hash):
                return
            seq, digest = act.first_seq, act.previous_hash
            day = next((one.day for one in retired.values() if one.last_seq + 1 == seq and one.hash == digest), "")
        if day in broken:
            self.unchecked.append(f"what lies before {after.day}: {day} is damaged")
            return
        what = f"the day {day or '(none)'} should come before it, and retention did not remove it"
        yield Fault(day=after.day, seq=after.first_seq, what=what)

    def unreached(self, retired: dict[str, DayRetired]) -> Iterator[Fault]:
        """Heads noted elsewhere that the chain does not run through."""
        newest, gone = (self.head or Head()).seq, 0
        for head in sorted(self.expected, key=lambda one: one.seq):
            day = next((day for day, begin in self.here() if begin <= head.seq), "")
            if head.seq > newest:
                newest_day = self.days[-1] if self.days else "trace"
                yield Fault(day=newest_day, seq=head.seq, what=f"was removed: it ends at {newest}")
            elif self.was_retired(head.seq, retired):
                gone += 1
            else:
                what = "was removed, or is not what was there when its head was noted"
                yield Fault(day=day, seq=head.seq, what=what)
        if gone:
            self.unchecked.append(f"{gone} noted heads of days that retention has removed")

    def here(self) -> list[tuple[str, int]]:
        """Days that are here, the newest first, with their first block."""
        return list(reversed(list(zip(self.days, self.begins, strict=True))))

    def was_retired(self, seq: int, retired: dict[str, DayRetired]) -> bool:
        """Whether a block was on a day that retention has removed, perhaps so long ago that its record is gone, too."""
        if any(act.first_seq <= seq <= act.last_seq for act in retired.values()):
            return True
        return seq < self.oldest_seq and any(act.last_seq + 1 == self.oldest_seq for act in retired.values())

    def judged_keys(self) -> Iterator[Fault]:
        """Keys are there unless they were destroyed when it was time."""
        done = DayPseudonymised | DayRetired
        destroyed = {act.day for at_s, act in self.acts if isinstance(act, done) and was_due(at_s, act)}
        for day, keys in self.keys.items():
            if day in destroyed:
                continue
            match keys:
                case KeysSeen.MISSING:
                    yield Fault(day=day, seq=0, what="its keys were removed before it was time")
                case KeysSeen.WRONG:
                    yield Fault(day=day, seq=0, what="its keys were altered: not everybody can be told any more")
                case KeysSeen.UNASKED:
                    self.unchecked.append(f"{day}: whether its keys fit, which this user may not read")
                case KeysSeen.FITTING | KeysSeen.NOBODY:
                    pass

    def judged_holds(self, holds: Iterable[ReadHold]) -> Iterator[Fault]:
        """Holds are there, as they were made, until they were released."""
        made: dict[str, set[str]] = {}
        for _, act in self.acts:
            if isinstance(act, HoldMade):
                made.setdefault(act.name, set()).add(act.hash)
            elif isinstance(act, HoldReleased):
                made.pop(act.name, None)
        for hold in holds:
            noted = made.pop(hold.name, None)
            if noted is None:
                self.unchecked.append(f"hold {hold.name}: the daemon has not noted it yet")
            elif noted != {hold.digest}:
                yield Fault(day=f"hold {hold.name}", seq=0, what="is not what was noted when it was made")
            yield from held_faults(hold)
        yield from (Fault(day=f"hold {name}", seq=0, what="was removed, and not released") for name in sorted(made))


def held_faults(hold: ReadHold) -> Iterator[Fault]:
    """A hold is a chain of its own, of one day, with its end in the manifest."""
    walk, name = Walk([]), f"hold {hold.name}"
    yield from (dataclasses.replace(fault, day=name) for fault in walk.day(hold.day))
    if walk.missing:
        yield Fault(day=name, seq=0, what="its beginning was altered")
    if (walk.head or Head()).hash != hold.end:
        yield Fault(day=name, seq=(walk.head or Head()).seq, what="does not end as its manifest says")
    if hold.day.keys in {KeysSeen.MISSING, KeysSeen.WRONG}:
        yield Fault(day=name, seq=0, what=f"its keys are {hold.day.keys.value}")


def was_due(at_s: float, act: DayRetired | DayPseudonymised) -> bool:
    """Whether a day was as old as the act says when it was recorded."""
    days = act.keep_days if isinstance(act, DayRetired) else act.after_days
    midnight = datetime.datetime.fromisoformat(act.day).replace(tzinfo=datetime.UTC).timestamp()
    return days >= 1 and midnight + (days + 1) * DAY_S <= at_s


def verify_trace(
    days: Iterable[ReadDay], holds: Iterable[ReadHold], expected: Iterable[Head], damaged: Iterable[str] = ()
) -> TraceVerification:
    """Walk the whole store. Each `expected` head must be on it. `damaged` days cannot be opened. Raises nothing."""
    broken = list(damaged)
    walk, held = Walk(expected), list(holds)
    faults = list(itertools.chain.from_iterable(walk.day(day) for day in days))
    faults += walk.ends(held, broken)
    return TraceVerification(
        faults=tuple(faults),
        unchecked=tuple(walk.unchecked),
        days=len(walk.days),
        blocks=walk.blocks,
        holds=len(held),
        oldest=walk.days[0] if walk.days else "",
        head=walk.head or Head(),
        anchored=walk.anchored,
    )
