"""Recording before acting. When nothing can be recorded, reclaims go on and the gap is marked."""

from collections.abc import Sequence

from shepherd.errors import LedgerUnavailable
from shepherd.model.entry import Entry, EntryKind
from shepherd.ports import Clock, Ledger, Log


class Diary:
    """The ledger as the loop uses it. `write` says whether the entries are safely recorded."""

    def __init__(self, ledger: Ledger, clock: Clock, log: Log) -> None:
        self._ledger = ledger
        self._clock = clock
        self._log = log
        self._gap_from_s: float | None = None
        self._lost = 0
        self.problem = ""

    @property
    def works(self) -> bool:
        """Whether the last write succeeded. Without it nothing is lent."""
        return self._gap_from_s is None

    def write(self, entries: Sequence[Entry]) -> bool:
        """Record all or nothing; a gap before them is recorded with them."""
        try:
            self._ledger.append([*self._gap(), *entries])
        except LedgerUnavailable as exc:
            self._note_loss(entries, exc)
            return False
        self._close_gap()
        return True

    def life(self, event: str, **about: object) -> None:
        """Record that the daemon started, reloaded or stopped."""
        now = self._clock.wall_s()
        self.write([Entry(at_s=now, kind=EntryKind.LIFE, cause="daemon", body={"event": event, **about})])

    def probe(self) -> None:
        """While there is a gap, try to end it; reclaims may leave nothing else to write."""
        if not self.works:
            self.write([])

    def _gap(self) -> list[Entry]:
        if self._gap_from_s is None:
            return []
        now = self._clock.wall_s()
        body = {"from_s": self._gap_from_s, "to_s": now, "lost_entries": self._lost, "problem": self.problem}
        return [Entry(at_s=now, kind=EntryKind.GAP, cause="ledger", body=body)]

    def _note_loss(self, entries: Sequence[Entry], exc: LedgerUnavailable) -> None:
        if self._gap_from_s is None:
            self._gap_from_s = self._clock.wall_s()
            self._log("nothing can be recorded", problem=str(exc))
        self._lost += len(entries)
        self.problem = str(exc)

    def _close_gap(self) -> None:
        if self._gap_from_s is not None:
            self._log("records are kept again", lost_entries=self._lost)
        self._gap_from_s, self._lost, self.problem = None, 0, ""
