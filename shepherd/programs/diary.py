"""Recording before acting. When nothing can be recorded, reclaims go on and the gap is marked.

Hosts in a switch may want to write several times a second. In a gap all that fails at once; the disk is
tried again by `probe` alone.
"""

from collections.abc import Sequence
from typing import Protocol

from shepherd.errors import LedgerUnavailable
from shepherd.model.entry import Entry, EntryKind
from shepherd.ports import Clock, Ledger, Log


class Told(Protocol):
    """Somebody who is told of entries as the loop writes them."""

    def __call__(self, entries: Sequence[Entry], *, is_recorded: bool, is_owed: bool) -> None:
        """Once, whether they could be recorded or not; does not wait."""


def nobody(entries: Sequence[Entry], *, is_recorded: bool, is_owed: bool) -> None:
    """`Told` without anybody."""


class Diary:
    """The ledger as the loop uses it. `write` says whether the entries are safely recorded."""

    def __init__(self, ledger: Ledger, clock: Clock, log: Log, told: Told = nobody) -> None:
        self._ledger = ledger
        self._clock = clock
        self._log = log
        self._told = told
        self.gap_from_s: float | None = None
        """Since when nothing can be recorded, epoch seconds."""
        self._lost = 0
        self._owed: list[Entry] = []
        self.problem = ""

    @property
    def works(self) -> bool:
        """Whether the last write succeeded. Without it nothing is lent."""
        return self.gap_from_s is None

    def write(self, entries: Sequence[Entry], *, owed: bool = False) -> bool:
        """Record all or nothing.

        What is `owed` is not lost if that fails: it is recorded with the end of the gap, before anything else.
        """
        is_recorded = self.works and self._append(entries)
        self._told(entries, is_recorded=is_recorded, is_owed=owed)
        if is_recorded:
            return True
        if owed:
            self._owed += entries
        else:
            self._lost += len(entries)
        return False

    def life(self, event: str, **about: object) -> None:
        """Record that the daemon started, reloaded or stopped."""
        self.probe()
        now = self._clock.wall_s()
        self.write([Entry(at_s=now, kind=EntryKind.LIFE, cause="daemon", body={"event": event, **about})])

    def probe(self) -> None:
        """While there is a gap, try to end it. The gap is the first record, what is owed the next."""
        if self.gap_from_s is None or not self._append([self._gap(self.gap_from_s), *self._owed]):
            return
        self._log("records are kept again", lost_entries=self._lost)
        self.gap_from_s, self._lost, self._owed, self.problem = None, 0, [], ""

    def _append(self, entries: Sequence[Entry]) -> bool:
        try:
            self._ledger.append(entries)
        except LedgerUnavailable as exc:
            self._note(exc)
            return False
        return True

    def _gap(self, from_s: float) -> Entry:
        now = self._clock.wall_s()
        body = {"from_s": from_s, "to_s": now, "lost_entries": self._lost, "problem": self.problem}
        return Entry(at_s=now, kind=EntryKind.GAP, cause="ledger", body=body)

    def _note(self, exc: LedgerUnavailable) -> None:
        if self.gap_from_s is None:
            self.gap_from_s = self._clock.wall_s()
            self._log("nothing can be recorded", problem=str(exc))
        self.problem = str(exc)
