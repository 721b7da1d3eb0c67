"""Keeping the flockoff latch: looking at the file, folding intents in, recording every change."""

from collections.abc import Mapping, Sequence

from shepherd.core.latch import fold, news, stopped_by
from shepherd.core.records import flockoff_body, flockoff_from
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.flockoff import FlockOff, Leak
from shepherd.model.intents import Intent, IntentKind
from shepherd.ports import Clock, Ledger, Log, OffSwitch, Spool
from shepherd.programs.diary import Diary

OURS = frozenset({IntentKind.FLOCKOFF, IntentKind.FLOCKON, IntentKind.ASKED})
"""Others are folded in elsewhere, and stay in the spool until then. What was asked changes nothing, and is recorded."""


class Latch:
    """The present flockoff. Obeyed at once even when nothing can be recorded; recorded as soon as it can."""

    def __init__(
        self, *, ledger: Ledger, diary: Diary, spool: Spool, off_switch: OffSwitch, clock: Clock, log: Log, latch: bool
    ) -> None:
        last = ledger.last(EntryKind.FLOCKOFF.value)
        self.now: FlockOff | None = flockoff_from(last.body) if last else None
        self.latch = latch
        self._changed_at_s = last.at_s if last else 0.0
        self._leaks: Mapping[str, float] = {}
        """When each host found its last one, by that host's clock."""
        self._recorded = self.now
        self._diary = diary
        self._spool = spool
        self._off_switch = off_switch
        self._clock = clock
        self._log = log

    def adopt(self, *, off_switch: OffSwitch, latch: bool) -> None:
        """Go on with other settings. A stop that could not be recorded yet stays."""
        self._off_switch, self.latch = off_switch, latch

    def look(self) -> bool:
        """Look at file, intents and clock; True if flocking was just turned off or on."""
        before = self.now
        intents = [intent for intent in self._spool.waiting() if intent.kind in OURS]
        self.now = fold(before, self._off_switch.look(), intents, self._clock.wall_s(), latch=self.latch)
        self._record(intents)
        if (before is None) == (self.now is None):
            return False
        self._changed_at_s = self._clock.wall_s()
        self._log("flocking is off" if self.now else "flocking is on", **self._words())
        return True

    def leaked(self, leaks: Sequence[Leak]) -> None:
        """Turn flocking off for a leak that was not told before."""
        known, self._leaks = self._leaks, {leak.host: leak.at_s for leak in leaks}
        if (leak := news(leaks, known, self._changed_at_s)) is None:
            return
        before, self.now = self.now, stopped_by(self.now, leak, latch=self.latch)
        if before is None:
            self._log("flocking is off", **self._words())
        self._record(())

    def _record(self, intents: Sequence[Intent]) -> None:
        """An intent leaves the spool only when it is on record; until then it is folded in again."""
        now = self._clock.wall_s()
        entries = [_intent_entry(intent, now) for intent in intents]
        if self.now != self._recorded:
            entries.append(
                Entry(at_s=now, kind=EntryKind.FLOCKOFF, cause="flockoff", body=flockoff_body(self.now))
            )
        if entries and self._diary.works and self._diary.write(entries):
            self._recorded = self.now
            for intent in intents:
                self._spool.done(intent)

    def _words(self) -> dict[str, object]:
        return {"who": self.now.who, "why": self.now.why} if self.now else {}


def _intent_entry(intent: Intent, now: float) -> Entry:
    body: dict[str, object] = {"kind": intent.kind.value, "who": intent.who, "why": intent.why, "for_s": intent.for_s}
    if intent.about:
        body["about"] = dict(intent.about)
    return Entry(at_s=now, kind=EntryKind.INTENT, cause=intent.ident, body=body)
