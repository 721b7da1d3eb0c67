"""Keeping the quarantines: folding verbs in, recording every change, learning what keepers made of them."""

from collections.abc import Callable, Mapping, Sequence

from shepherd.core.stop import quarantine as core
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import HostName
from shepherd.model.intents import Intent, IntentKind
from shepherd.model.observation import HostFacts
from shepherd.model.stop import Quarantine
from shepherd.model.view import Bars
from shepherd.ports import Clock, Ledger, Log, Spool
from shepherd.programs.diary import Diary

OURS = frozenset({IntentKind.QUARANTINE, IntentKind.RELEASE})

WhyNot = Callable[[Intent], str | None]
"""Why an intent is not carried out, whoever left it being who it is; None: it is."""


class Quarantines:
    """The present ones, and those that were released of late. A quarantine is obeyed at once even when nothing can be
    recorded, and recorded as soon as it can; a release waits until it can."""

    def __init__(
        self, *, ledger: Ledger, diary: Diary, spool: Spool, clock: Clock, log: Log, why_not: WhyNot = lambda _: None
    ) -> None:
        last = ledger.last(EntryKind.QUARANTINES.value)
        self.all: tuple[Quarantine, ...] = core.from_body(last.body) if last else ()
        """As they travel on the pages."""
        self._carried_out = core.carried_out_from(last.body) if last else frozenset[str]()
        self._recorded = (self.all, self._carried_out)
        self._diary, self._spool, self._clock, self._log, self._why_not = diary, spool, clock, log, why_not
        self._refused: set[str] = set()
        self._no_room = ""

    def adopt(self, *, why_not: WhyNot = lambda _: None) -> None:
        """Go on with other settings. A quarantine that could not be recorded yet stays."""
        self._why_not = why_not

    @property
    def standing(self) -> tuple[Quarantine, ...]:
        """Those that are not released."""
        return tuple(filter(core.stands, self.all))

    @property
    def bars(self) -> Bars:
        """What they keep hosts from."""
        return core.bars_of(self.all)

    @property
    def problem(self) -> str:
        """What goes wrong with it; empty if nothing does."""
        unrecorded = "quarantines stand that are not on record" if self.all != self._recorded[0] else ""
        return "; ".join(filter(None, (unrecorded, self._no_room)))

    def look(self, hosts: Mapping[HostName, HostFacts]) -> bool:
        """Look at intents, clock and what keepers say; True if pages must say something else now."""
        before, now = self.all, self._clock.wall_s()
        waiting = [intent for intent in self._spool.waiting() if intent.kind in OURS]
        intents = [intent for intent in waiting if self._obeys(intent)]
        if not (waiting or before):
            return False
        self._carried_out = core.carried_out(before, self._carried_out, hosts)
        wanted = core.located(core.fold(before, intents, now), hosts)
        if self._record(wanted, self._with_room(wanted, intents, waiting)):
            self.all = wanted
        else:
            only = [intent for intent in intents if intent.kind is IntentKind.QUARANTINE]
            self.all = core.located(core.fold(before, only, now), hosts)
        if self.all == before:
            return False
        self._log("quarantines", standing=[one.ident for one in self.standing])
        return True

    def _with_room(
        self, wanted: tuple[Quarantine, ...], intents: Sequence[Intent], waiting: Sequence[Intent]
    ) -> Sequence[Intent]:
        """All but orders for which there is no room: those wait in the spool until there is."""
        left_out = core.without_room(wanted, intents)
        hosts = ", ".join(sorted(intent.about["host"] for intent in left_out))
        self._no_room = f"no more quarantines fit on the pages, release some: {hosts[:200]}" if left_out else ""
        return [intent for intent in waiting if intent not in left_out]

    def _obeys(self, intent: Intent) -> bool:
        why = self._why_not(intent)
        if why is not None and intent.ident not in self._refused:
            self._refused.add(intent.ident)
            self._log("an order is refused", kind=intent.kind.value, why=why)
        return why is None

    def _record(self, wanted: tuple[Quarantine, ...], waiting: Sequence[Intent]) -> bool:
        """Whether all is on record. An intent leaves the spool only then; until then it is folded in again."""
        now = self._clock.wall_s()
        entries = [self._intent_entry(intent, now) for intent in waiting]
        if (wanted, self._carried_out) != self._recorded:
            body = core.body(wanted, self._carried_out)
            entries.append(Entry(at_s=now, kind=EntryKind.QUARANTINES, cause="quarantines", body=body))
        if not entries:
            return True
        if not (self._diary.works and self._diary.write(entries)):
            return False
        self._recorded = (wanted, self._carried_out)
        for intent in waiting:
            self._spool.done(intent)
            self._refused.discard(intent.ident)
        return True

    def _intent_entry(self, intent: Intent, now: float) -> Entry:
        body = {
            "kind": intent.kind.value, "who": intent.who, "why": intent.why, "about": dict(intent.about),
            "refused": self._why_not(intent),
        }  # fmt: skip
        return Entry(at_s=now, kind=EntryKind.INTENT, cause=intent.ident, host=intent.about.get("host", ""), body=body)
