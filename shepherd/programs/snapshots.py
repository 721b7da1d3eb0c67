"""Putting on record what decisions depend on, so that they can be explained, and made again by other settings."""

import datetime
from collections.abc import Sequence

from shepherd.core.recorded.members import Json
from shepherd.core.recorded.settings import settings_body
from shepherd.core.recorded.snapshots import body_of, known
from shepherd.errors import LedgerUnavailable
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.observation import Snapshot
from shepherd.model.past import Past
from shepherd.model.settings import Settings
from shepherd.ports import Ledger
from shepherd.programs.diary import Diary

EVERY_S = 60.0
"""Looks that decide nothing are on record this often at most, and only if something has changed."""


class Snapshots:
    """What was recorded last, and so what is to be recorded next: all of it once a day, else what has changed."""

    def __init__(self, settings: Settings, ledger: Ledger, diary: Diary) -> None:
        """The first record of a daemon, or of one that was reloaded, tells the whole."""
        self._settings = settings
        self._ledger = ledger
        self._diary = diary
        self._aliases: dict[str, str] = {}
        """Of users: numbers that nobody else knows, and that end with this process."""
        self._settings_told = False
        """Whether they are known to be on record."""
        self._recorded: Json | None = None
        self._day = ""
        self._at_s = 0.0

    def decided(self, snapshot: Snapshot, past: Past, now: float, verdict: Sequence[Entry]) -> bool:
        """Record a decision after what it was made from. Says whether that is on record."""
        return self._write(self._known(snapshot, past), now, verdict)

    def seen(self, snapshot: Snapshot, past: Past, now: float) -> None:
        """Record a look that decided nothing, if it is time to."""
        if not self._diary.works or 0 <= now - self._at_s < EVERY_S:
            return
        self._at_s = now
        what = self._known(snapshot, past)
        if what != self._recorded:
            self._write(what, now, ())

    def _known(self, snapshot: Snapshot, past: Past) -> Json:
        return known(snapshot, past, self._settings.timers, self._alias)

    def _alias(self, user: str) -> str:
        """Users of one guest have one domain there, too: reclaims are shared over guests."""
        domain = "@" + user.rpartition("@")[2]
        alias = self._aliases.setdefault(user, f"user {len(self._aliases) + 1}")
        return f"{alias}@{self._aliases.setdefault(domain, str(len(self._aliases) + 1))}"

    def _write(self, what: Json, now: float, verdict: Sequence[Entry]) -> bool:
        day = datetime.datetime.fromtimestamp(now, datetime.UTC).date().isoformat()
        before = self._recorded if day == self._day else None
        entry = Entry(at_s=now, kind=EntryKind.SNAPSHOT, cause="cycle", body=body_of(before, what))
        told = self._settings_entry(now)
        is_kept = self._diary.write([*(told or ()), entry, *verdict])
        self._recorded, self._day, self._at_s = (what if is_kept else None), day, now
        self._settings_told = is_kept and told is not None
        return is_kept

    def _settings_entry(self, now: float) -> list[Entry] | None:
        """Settings that differ from those on record; None if nobody can say. The ledger is asked once, and after each
        gap."""
        if self._settings_told:
            return []
        body = settings_body(self._settings)
        try:
            last = self._ledger.last(EntryKind.SETTINGS.value)
        except LedgerUnavailable:
            return None
        if last is not None and last.body == body:
            return []
        return [Entry(at_s=now, kind=EntryKind.SETTINGS, cause="daemon", body=body)]
