"""Keeping in mind which hosts there are, also over restarts: one that goes dark is told of, and not forgotten."""

from collections.abc import Collection, Mapping

from shepherd.core.roster import called, roster_body, roster_from, unheard
from shepherd.errors import LedgerUnavailable
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import HostName
from shepherd.model.observation import Snapshot
from shepherd.model.roster import Known
from shepherd.model.settings import HostSettings
from shepherd.ports import Ledger, Log
from shepherd.programs.diary import Diary

EVERY_S = 3600.0
"""It is on record this often at most: a daemon that dies forgets no more than who went dark since."""


class Roster:
    """Looked at after each look at the pools. Decides nothing."""

    def __init__(self, hosts: HostSettings, ledger: Ledger, diary: Diary, log: Log) -> None:
        """Goes on from what is on record."""
        self.unheard: Mapping[HostName, Known] = {}
        """Known hosts that the home collector knows nothing of any more, and that are in no switch."""
        self._hosts, self._diary = hosts, diary
        self._known: Mapping[HostName, Known] = {}
        self._recorded: tuple[frozenset[HostName], frozenset[HostName]] | None = None
        self._at_s = 0.0
        try:
            self._go_on(ledger)
        except (LedgerUnavailable, ValueError) as exc:
            log("which hosts there are cannot be read", problem=str(exc))

    def _go_on(self, ledger: Ledger) -> None:
        if (last := ledger.last(EntryKind.ROSTER.value)) is not None:
            self._known = roster_from(last.body, last.at_s, self._hosts)

    def look(self, snapshot: Snapshot, away: Collection[HostName]) -> None:
        """Take in a look. `away`: hosts in a switch."""
        self._known = called(self._known, snapshot, self._hosts)
        self.unheard = unheard(self._known, snapshot, away)
        now = snapshot.at_s
        what = frozenset(self._known), frozenset(self.unheard)
        if what != self._recorded and self._diary.works and not 0 <= now - self._at_s < EVERY_S:
            body = roster_body(self._known, self.unheard)
            entry = Entry(at_s=now, kind=EntryKind.ROSTER, cause="cycle", body=body)
            self._recorded, self._at_s = (what if self._diary.write([entry]) else None), now
