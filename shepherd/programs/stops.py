"""Keeping the bans: folding verbs in, recording every change, and ending the claims of whom they hit."""

from collections.abc import Callable, Sequence

from shepherd.core.records import bans_body, bans_from
from shepherd.core.stop.bans import Bans, fold, people, to_vacate, with_seen, without_room
from shepherd.errors import ShepherdError
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.guest import Claim
from shepherd.model.intents import Intent, IntentKind
from shepherd.model.stop import FlockAd
from shepherd.ports import Clock, Ledger, Log, Spool
from shepherd.ports_stop import FlockLook, GuestDomains, Vacates
from shepherd.programs.diary import Diary
from shepherd.programs.errand import Background, Errand

OURS = frozenset({IntentKind.BAN, IntentKind.UNBAN})
CHASE_S = 5.0
"""Claims are looked for this often while a ban stands that hits jobs: a schedd that was matched before its hosts heard
of the ban claims once more."""
BRISK_S, BRISK_FOR_S = 2.0, 60.0
"""And this often for so long after a change: hosts read their pages only every few seconds."""

WhyNot = Callable[[Intent], str | None]
"""Why an intent is not carried out, whoever left it being who it is; None: it is."""
Found = tuple[Sequence[Claim], Sequence[FlockAd]]


class Chase:
    """The claims of whom the bans hit, found and ended beside the loop."""

    def __init__(
        self, *, pool: FlockLook, hands: Vacates, background: Background, diary: Diary, clock: Clock, log: Log
    ) -> None:
        self.pool, self.hands = pool, hands
        self._diary, self._clock, self._log = diary, clock, log
        self._look: Errand[Found] = Errand(background)
        self._vacation: Errand[str] = Errand(background)
        self._asked_s: float | None = None
        self._brisk_until_s = 0.0
        self.problem = ""

    def hurry(self) -> None:
        """The bans have just changed."""
        self._asked_s, self._brisk_until_s = None, self._clock.steady_s() + BRISK_FOR_S

    @property
    def soon(self) -> bool:
        """A look that follows a change is under way: what it finds is to be had at once."""
        return self._look.busy and self._clock.steady_s() < self._brisk_until_s

    def tick(self, bans: Bans) -> Sequence[FlockAd]:
        """Begin what is due, take what is back: the ads that were seen, if any were."""
        if isinstance(said := self._vacation.take(), str | ShepherdError):
            self._ended(str(said))
        found = self._look.take()
        if isinstance(found, ShepherdError):
            self.problem = f"jobs of the banned cannot be looked for: {found}"
        elif found is not None:
            self.problem = ""
            self._end(to_vacate(found[0], bans))
        self.begin(bans)
        return found[1] if isinstance(found, tuple) else ()

    def begin(self, bans: Bans) -> None:
        """Ask the pool, if that is due."""
        now = self._clock.steady_s()
        every_s = BRISK_S if now < self._brisk_until_s else CHASE_S
        due = self._asked_s is None or now - self._asked_s >= every_s
        if people(bans) and due and self._look.start(lambda: (self.pool.claims(), self.pool.flock_ads())):
            self._asked_s = now

    def _end(self, claims: Sequence[Claim]) -> None:
        """Recorded before it is ordered; ordered all the same when nothing can be recorded, because it is a stop."""
        slots = [claim.slot for claim in claims]
        if slots and not self._vacation.busy:
            self._write(EntryKind.STEP, {"kind": "vacate", "slots": slots})
            self._log("ending claims of the banned", slots=len(slots))
            self._vacation.start(lambda: self.hands.vacate(slots))

    def _ended(self, problem: str) -> None:
        if problem:
            self.problem = f"not all claims of the banned were ended: {problem}"
        self._write(EntryKind.OUTCOME, {"kind": "vacate", "result": "failed" if problem else "done", "detail": problem})

    def _write(self, kind: EntryKind, body: dict[str, object]) -> None:
        self._diary.write([Entry(at_s=self._clock.wall_s(), kind=kind, cause="bans", body=body)])


class Stops:
    """The present bans. A ban is obeyed at once even when nothing can be recorded, and recorded as soon as it can; an
    unban waits until it can."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        diary: Diary,
        spool: Spool,
        clock: Clock,
        log: Log,
        chase: Chase,
        domains: GuestDomains,
        why_not: WhyNot = lambda _: None,
    ) -> None:
        last = ledger.last(EntryKind.BANS.value)
        self.bans: Bans = bans_from(last.body) if last else ()
        self.chase = chase
        self._recorded = self.bans
        self._diary, self._spool, self._clock, self._log = diary, spool, clock, log
        self._domains, self._why_not = domains, why_not
        self._refused: set[str] = set()
        self._no_room = ""
        if people(self.bans):
            chase.hurry()

    def adopt(self, *, pool: FlockLook, hands: Vacates, domains: GuestDomains, why_not: WhyNot) -> None:
        """Go on with other settings. A ban that could not be recorded yet stays."""
        self._domains, self._why_not = domains, why_not
        self.chase.pool, self.chase.hands = pool, hands

    @property
    def problem(self) -> str:
        """What goes wrong with stopping somebody; empty if nothing does."""
        unrecorded = "bans stand that are not on record" if self.bans != self._recorded else ""
        return "; ".join(filter(None, (unrecorded, self._no_room, self.chase.problem)))

    def look(self) -> bool:
        """Look at intents, clock and flock pool; True if the bans have just changed, and pages must say so."""
        before, now = self.bans, self._clock.wall_s()
        waiting = [intent for intent in self._spool.waiting() if intent.kind in OURS]
        intents = [intent for intent in waiting if self._obeys(intent)]
        ads = self.chase.tick(self.bans)
        domains = self._domains() if intents or ads else {}
        wanted = with_seen(fold(before, intents, now), ads, domains)
        if self._record(wanted, self._with_room(wanted, intents, waiting)):
            self.bans = wanted
        else:
            only_bans = [intent for intent in intents if intent.kind is IntentKind.BAN]
            self.bans = with_seen(fold(before, only_bans, now), ads, domains)
        if self.bans == before:
            return False
        self._log("bans", standing=len(self.bans))
        self.chase.hurry()
        self.chase.begin(self.bans)
        return True

    def _with_room(self, wanted: Bans, intents: Sequence[Intent], waiting: Sequence[Intent]) -> Sequence[Intent]:
        """All but orders for which there is no room: those wait in the spool until there is."""
        left_out = without_room(wanted, intents, self._clock.wall_s())
        whom = ", ".join(f"{intent.about['kind']} {intent.about['value']}" for intent in left_out)
        self._no_room = f"no more bans fit on the pages, end some: {whom[:200]}" if left_out else ""
        return [intent for intent in waiting if intent not in left_out]

    def _obeys(self, intent: Intent) -> bool:
        why = self._why_not(intent)
        if why is not None and intent.ident not in self._refused:
            self._refused.add(intent.ident)
            self._log("an order is refused", kind=intent.kind.value, why=why)
        return why is None

    def _record(self, wanted: Bans, waiting: Sequence[Intent]) -> bool:
        """Whether all is on record. An intent leaves the spool only then; until then it is folded in again."""
        now = self._clock.wall_s()
        entries = [self._intent_entry(intent, now) for intent in waiting]
        if wanted != self._recorded:
            entries.append(Entry(at_s=now, kind=EntryKind.BANS, cause="bans", body=bans_body(wanted)))
        if not entries:
            return True
        if not (self._diary.works and self._diary.write(entries)):
            return False
        self._recorded = wanted
        for intent in waiting:
            self._spool.done(intent)
            self._refused.discard(intent.ident)
        return True

    def _intent_entry(self, intent: Intent, now: float) -> Entry:
        body = {
            "kind": intent.kind.value, "who": intent.who, "why": intent.why, "for_s": intent.for_s,
            "about": dict(intent.about), "refused": self._why_not(intent),
        }  # fmt: skip
        return Entry(at_s=now, kind=EntryKind.INTENT, cause=intent.ident, body=body)
