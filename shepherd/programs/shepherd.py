"""The daemon's loop: observe, record, decide, record, act, record.

`tick` does what is due and says when it wants to be called again; it never sleeps and never waits for
an act. Whatever dies, the next tick of the next process goes on from facts and records.
"""

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from shepherd.core.latch import leaks_in
from shepherd.core.monitoring.heartbeat import heartbeat
from shepherd.core.policy.decide import decide
from shepherd.core.present import barred_in, present
from shepherd.core.recorded.verdicts import could_lend_at_s, verdict_body
from shepherd.core.records import past_body, past_from
from shepherd.core.switch.homecoming import awaited, late
from shepherd.core.switch.leftovers import leftovers
from shepherd.core.switch.move import RESEND_S
from shepherd.core.switch.state import state_of
from shepherd.errors import LedgerUnavailable
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import Herd, HostName, HostPair, HostState
from shepherd.model.observation import Snapshot
from shepherd.model.orders import Stage, SwitchRecord, Verdict
from shepherd.model.past import NOTHING_PAST, Past
from shepherd.model.settings import LeakStops, Settings
from shepherd.model.sight import Sight, Troubles
from shepherd.model.view import Bars
from shepherd.ports import Clock, Ledger, Log, Watchdog
from shepherd.programs.along import Companion, Troubled
from shepherd.programs.diary import Diary
from shepherd.programs.intents import Intents
from shepherd.programs.latch import Latch
from shepherd.programs.observe import Observer
from shepherd.programs.quarantines import Quarantines
from shepherd.programs.roster import Roster
from shepherd.programs.silencer import Silencer
from shepherd.programs.snapshots import Snapshots
from shepherd.programs.stops import Stops
from shepherd.programs.switches import Switches
from shepherd.programs.trace.gathering import Gathering

NO_REGULAR = frozenset({Stage.RESTART_ORDERED, Stage.LENT, Stage.REVOKED, Stage.OFF_ORDERED, Stage.FAST_ORDERED})
"""Stages in which the regular startd's ad is expected to be missing."""

MAX_PAUSE_S = 1.0
"""The flockoff file is looked at this often at least."""

SOON_S = 0.2
"""So often it is seen whether the claims and addresses of somebody who has just been banned are known."""

MAX_ROUNDS = 3


@dataclasses.dataclass(kw_only=True)
class Due:
    """When each part of the loop is next due, on the steady clock. All at once at the start."""

    look_s: float = 0.0
    cycle_s: float = 0.0
    renew_s: float = 0.0
    poll_s: float = 0.0
    sweep_s: float = 0.0


class Shepherd:
    """One shepherd of one pool. Single-threaded; acts run beside it in the hands."""

    def __init__(
        self,
        *,
        settings: Settings,
        observer: Observer,
        switches: Switches,
        silencer: Silencer,
        latch: Latch,
        stops: Stops,
        quarantines: Quarantines,
        ledger: Ledger,
        diary: Diary,
        clock: Clock,
        watchdog: Watchdog,
        log: Log,
        about: Mapping[str, object],
        intents: Intents,
        gathering: Gathering,
        companions: Sequence[Companion] = (),
        measure: Callable[[Sight], None] | None = None,
    ) -> None:
        """`intents`: the spool of latch, stops and quarantines. `measure` is handed what is known after each look, and
        does not wait."""
        self.switches = switches
        self.sentence = "not decided yet"
        self._settings = settings
        self._observer = observer
        self._silencer = silencer
        self._latch = latch
        self._stops = stops
        self._quarantines = quarantines
        self._ledger = ledger
        self._diary = diary
        self._clock = clock
        self._watchdog = watchdog
        self._log = log
        self._about = about
        self._intents = intents
        self._gathering = gathering
        self._companions = companions
        self._measure = measure
        self._due = Due()
        self._snapshot: Snapshot | None = None
        self._cycle_at_s = self._could_lend_at_s = 0.0
        self._awaited: Mapping[HostName, float] = {}
        self._past = NOTHING_PAST
        self._verdict: Verdict | None = None
        self._record = Snapshots(settings, ledger, diary)
        self._roster = Roster(settings.hosts, ledger, diary, log)
        self._go_on()

    def _go_on(self) -> None:
        """After a restart: show the last decision, and hold the next cycle a period after it, so that
        restarts lend no faster. A clock that was set back, or no record, means a cycle at once."""
        with contextlib.suppress(LedgerUnavailable):
            self._past = self._remembered()
            if (last := self._ledger.last(EntryKind.VERDICT.value)) is None:
                return
            self.sentence = str(last.body.get("sentence", self.sentence))
            self._cycle_at_s = last.at_s
            self._could_lend_at_s = could_lend_at_s(last.body, last.at_s)
            left_s = last.at_s + self._settings.timers.cycle_s - self._clock.wall_s()
            if 0 < left_s <= self._settings.timers.cycle_s:
                self._due.cycle_s = self._clock.steady_s() + left_s

    def _remembered(self) -> Past:
        """What the policy remembered; nothing if a shepherd of another version wrote it otherwise. Raises
        LedgerUnavailable."""
        last = self._ledger.last(EntryKind.PAST.value)
        try:
            return past_from(last.body if last else {})
        except ValueError as exc:
            self._log("what the policy remembered cannot be read", problem=str(exc))
            return NOTHING_PAST

    def tick(self) -> float:
        """Do what is due. Returns the seconds until something is due again.

        Raises AnotherShepherd; everything else that goes wrong outside is a value in here.
        """
        self._intents.read()
        switched = self._latch.look() | self._look_at_stops()
        self.switches.flockoff = self._latch.now is not None
        if self._is_due("renew_s", self._settings.timers.renew_s, at_once=switched):
            self._renew()
        if self._is_due("look_s", self._settings.timers.look_s, at_once=switched):
            self._look()
        elif self._moving() and self._is_due("poll_s", self._settings.timers.switch_poll_s):
            self._snapshot = self._observer.some(self._moving())
        self._move()
        if self._snapshot is not None:
            self._silencer.follow(self._snapshot, self.switches.records, is_alone=self.switches.is_alone)
            if self.switches.is_alone:
                self._gathering.follow(self._snapshot)
        for companion in self._companions:
            companion.tick()
        return self._pause_s()

    def _look_at_stops(self) -> bool:
        """True if bans or quarantines have just changed: the next pages carry them, and the revocations that go with
        them."""
        changed = [self._stops.look(), self._quarantines.look(self._snapshot.hosts if self._snapshot else {})]
        pages, bans = self.switches.pages, self._stops.bans
        pages.beside = dataclasses.replace(pages.beside, bans=bans, quarantines=self._quarantines.all)
        self.switches.quarantine(self._quarantines.standing)
        return any(changed)

    def _bars(self) -> Bars:
        """What people keep from being lent."""
        return dataclasses.replace(self._quarantines.bars, bans=self._stops.bans)

    def _is_due(self, part: str, period_s: float, *, at_once: bool = False) -> bool:
        now = self._clock.steady_s()
        if now < getattr(self._due, part) and not at_once:
            return False
        setattr(self._due, part, now + period_s)
        return True

    def _look(self) -> None:
        """Look at everything, decide, say what is."""
        began_s = self._clock.steady_s()
        lent = sum(1 for record in self.switches.records.values() if record.stage in NO_REGULAR)
        snapshot = self._observer.full(lent, _pairs(self.switches.records.values()))
        self._snapshot = snapshot
        self._diary.probe()
        if self._settings.policy.leak_stops is LeakStops.EVERYWHERE:
            self._latch.leaked(leaks_in(snapshot))
            self.switches.flockoff = self._latch.now is not None
        is_cycle = self._is_due("cycle_s", self._settings.timers.cycle_s)
        self._decide(snapshot, is_cycle=is_cycle)
        self._roster.look(snapshot, self.switches.records)
        problems = self._show(snapshot)
        if self._measure is not None:
            self._measure(self._sight(snapshot, problems, self._clock.steady_s() - began_s, is_cycle=is_cycle))
        if is_cycle:
            self._log("cycle", sentence=self.sentence)
        self._watchdog.cycle_finished(self.sentence)

    def _decide(self, snapshot: Snapshot, *, is_cycle: bool) -> None:
        now = self._clock.wall_s()
        verdict = decide(
            snapshot,
            self.switches.records,
            self.switches.memories,
            self._latch.now,
            self._settings,
            now,
            is_cycle=is_cycle,
            may_lend=self._diary.works,
            bars=self._bars(),
            past=self._past,
        )
        before, self._past, self._verdict = self._past, verdict.past, verdict
        if verdict.could_lend:
            self._could_lend_at_s = now
        if is_cycle or verdict.orders:
            self._cycle_at_s, self.sentence = now, verdict.sentence
            body = verdict_body(verdict, is_cycle=is_cycle, could_lend_at_s=self._could_lend_at_s)
            said = Entry(at_s=now, kind=EntryKind.VERDICT, cause="cycle", body=body)
            after = [said, self._observed(snapshot, now), _past_entry(verdict, now)]
            self._record.decided(snapshot, before, now, after)
        else:
            self._record.seen(snapshot, before, now)
        self._order(verdict, snapshot)

    def _order(self, verdict: Verdict, snapshot: Snapshot) -> None:
        for order in verdict.orders:
            match order.herd:
                case Herd.LOCAL:
                    self.switches.reclaim(order)
                case Herd.FLOCK:
                    self.switches.lend(order, snapshot.hosts[order.host])

    def _renew(self) -> None:
        self.switches.renew()
        if self.switches.page_problem:
            self._due.renew_s = self._clock.steady_s() + RESEND_S

    def _move(self) -> None:
        """Take every step that the facts allow. A step taken by page may allow the next one at once."""
        facts = self._snapshot.hosts if self._snapshot else {}
        self.switches.advance(facts)
        if self._is_due("sweep_s", RESEND_S):
            self.switches.sweep(leftovers(facts, self.switches.records))
        for _ in range(MAX_ROUNDS):
            if not self.switches.wants_publication():
                break
            self.switches.publish()
            self.switches.advance(facts)

    def _moving(self) -> list[HostPair]:
        return _pairs(record for record in self.switches.records.values() if record.stage is not Stage.LENT)

    def _pause_s(self) -> float:
        due = self._due
        next_s = min(due.look_s, due.renew_s, due.poll_s if self._moving() else due.look_s)
        return min(max(next_s - self._clock.steady_s(), 0.0), SOON_S if self._stops.chase.soon else MAX_PAUSE_S)

    def _observed(self, snapshot: Snapshot, now: float) -> Entry:
        """The digest of a snapshot: how many hosts in which state, and what was wrong with the sources."""
        counts = Counter(state.value for state in self._states(snapshot, now))
        problems = {r.source.value: r.problem for r in snapshot.readings.values() if r.problem}
        idle = snapshot.queue.idle_jobs if snapshot.queue else None
        body = {"states": dict(counts), "idle_jobs": idle, "problems": problems}
        return Entry(at_s=now, kind=EntryKind.OBSERVED, cause="cycle", body=body)

    def _states(self, snapshot: Snapshot, now: float) -> list[HostState]:
        """Of every host that is seen or in a switch."""
        records, timers = self.switches.records, self._settings.timers
        hosts = {*snapshot.hosts, *records, *self._roster.unheard}
        return [state_of(snapshot.hosts.get(host), records.get(host), now, timers)[0] for host in hosts]

    def _show(self, snapshot: Snapshot) -> list[str]:
        """Publish what `shepherd -s` shows; the problems in it. Failing to is one of its own, never of the hosts."""
        about = {**self._about, "sentence": self.sentence, "cycle_at_s": self._cycle_at_s}
        self._awaited = awaited(snapshot, self.switches.records, self._awaited, self._settings.timers)
        problems = self._problems(snapshot)
        body = present(
            snapshot,
            self.switches.records,
            self.switches.memories,
            self._latch.now,
            self._settings,
            about=about,
            problems=problems,
            bars=self._bars(),
            verdict=self._verdict,
            unheard=self._roster.unheard,
        )
        self._beat(snapshot, problems, body)
        try:
            self._ledger.publish_present(body)
        except LedgerUnavailable as exc:
            self._log("the present cannot be shown", problem=str(exc))
        return problems

    def _sight(self, snapshot: Snapshot, problems: Sequence[str], took_s: float, *, is_cycle: bool) -> Sight:
        """What is known now, as values that do not change any more."""
        troubles = Troubles(
            problems=len(problems) + len(snapshot.naming_problems),
            gap_from_s=self._diary.gap_from_s,
            icinga_up=self._silencer.is_heard,
            silences_owed=self._silencer.owed,
            awaited=self._awaited,
        )
        return Sight(
            at_s=self._clock.wall_s(),
            took_s=took_s,
            is_cycle=is_cycle,
            cycle_at_s=self._could_lend_at_s,
            snapshot=snapshot,
            switches=dict(self.switches.records),
            memories=dict(self.switches.memories),
            bars=self._bars(),
            quarantines=len(self._quarantines.standing),
            unheard=self._roster.unheard,
            flockoff=self._latch.now,
            verdict=self._verdict,
            is_alone=self.switches.is_alone,
            pages_at_s=self.switches.pages_at_s,
            traced=self._gathering.traced(),
            troubles=troubles,
            settings=self._settings,
        )

    def _problems(self, snapshot: Snapshot) -> list[str]:
        overdue = late(self._awaited, snapshot.at_s, self._settings.timers)
        rivals = self.switches.pages.rivals.problem
        demand = snapshot.queue.demand if snapshot.queue else None
        unread = f"what idle jobs ask for is not known: {demand.problem}" if demand and demand.problem else ""
        told = (self._diary.problem, self.switches.page_problem, rivals, overdue, self._silencer.problem, unread)
        parts: Sequence[Troubled] = (self._gathering, self._stops, self._quarantines, *self._companions)
        return [problem for problem in (*told, *(part.problem for part in parts)) if problem]

    def _beat(self, snapshot: Snapshot, problems: Sequence[str], body: Mapping[str, object]) -> None:
        """A look is over: the shepherd lives."""
        if self._silencer.wants_beat():
            now = self._clock.wall_s()
            blind = [f"{r.source.value}: {r.problem}" for r in snapshot.readings.values() if r.problem]
            states = self._states(snapshot, now)
            age_s = now - (self._cycle_at_s or now)
            troubles = [*problems, *blind]
            barred = barred_in(body)
            self._silencer.beat(heartbeat(states, snapshot.queue, age_s, troubles, self._settings, barred))


def _pairs(records: Iterable[SwitchRecord]) -> list[HostPair]:
    return [HostPair(host=record.host, flock_name=record.flock_name) for record in records]


def _past_entry(verdict: Verdict, now: float) -> Entry:
    return Entry(at_s=now, kind=EntryKind.PAST, cause="cycle", body=past_body(verdict.past))
