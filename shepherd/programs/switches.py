"""Every host with a lease out: recording each step before it is taken, its outcome after."""

from collections.abc import Callable, Mapping, Sequence

from shepherd.core.records import memory_body, outcome_body, step_body, switch_body
from shepherd.core.stop.quarantine import sentence
from shepherd.core.switch.grant import granted, remembered
from shepherd.core.switch.leases import leases_of
from shepherd.core.switch.move import Advance, Do, Next, Over, Wait, after, go_home, next_move
from shepherd.errors import PoolUnavailable
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import Herd, HostName, HostPair, LeaseId
from shepherd.model.lease import Lease
from shepherd.model.observation import HostFacts
from shepherd.model.orders import (
    HOMEWARD,
    HostMemory,
    Order,
    Outcome,
    Reason,
    Result,
    Stage,
    Step,
    StepKind,
    SwitchRecord,
)
from shepherd.model.settings import Settings
from shepherd.model.stop import Quarantine
from shepherd.ports import Clock, Ledger, Log
from shepherd.programs.diary import Diary
from shepherd.programs.hands import Hands
from shepherd.programs.pages import LeasePages

BY_PAGE = frozenset({StepKind.GRANT, StepKind.GO, StepKind.REVOKE, StepKind.FORGET})
"""Steps that are taken by publishing lease pages."""


KEEPERS_S = 45.0
"""By then a quarantined host's keeper has read its page, looked at the container and ended it."""


class Switches:
    """The hosts in a switch or lent, by record. Facts come in, steps go out."""

    def __init__(
        self,
        *,
        settings: Settings,
        ledger: Ledger,
        diary: Diary,
        hands: Hands,
        pages: LeasePages,
        clock: Clock,
        log: Log,
        new_lease: Callable[[HostName], LeaseId],
        hold: Callable[[SwitchRecord], str] = lambda _: "",
    ) -> None:
        """`hold` says why a lend's outage must not begin yet; it ends by itself."""
        self.records: dict[HostName, SwitchRecord] = dict(ledger.switches())
        self.memories: dict[HostName, HostMemory] = dict(ledger.memories())
        self._ended: dict[HostName, SwitchRecord] = {}
        """Switches that are over and not on record as such: the pages go on revoking these leases, so that
        a successor, to whom they are under way, does not sign them again."""
        self.settings = settings
        self.pages = pages
        self.pages.serial = max(pages.serial, serial_of(ledger))
        self.hands = hands
        self.flockoff = False
        self._quarantined: Mapping[HostName, Quarantine] = {}
        self._diary = diary
        self._clock = clock
        self._log = log
        self._new_lease = new_lease
        self._hold = hold
        self._unpublished: list[Step] = []
        self._facts: Mapping[HostName, HostFacts] = {}
        self._is_alone = False
        self._orphans: set[LeaseId] = set()
        self.page_problem = ""
        self.pages_at_s = 0.0
        """When pages were published last, epoch seconds; 0: not yet."""

    @property
    def is_alone(self) -> bool:
        """It was asked, and no other shepherd runs this pool."""
        return self._is_alone

    def adopt(self, settings: Settings, pages: LeasePages) -> None:
        """Go on with other settings. The serial goes on growing."""
        pages.follow(self.pages)
        self.settings, self.pages = settings, pages

    def lend(self, order: Order, facts: HostFacts) -> None:
        """Grant a lease: the first step outward."""
        if facts.regular is None or facts.keeper is None or order.host in self.records:
            return
        if not self._is_alone:
            self._log("not lent", host=order.host, why=self.page_problem)
            return
        now, lease = self._clock.wall_s(), self._new_lease(order.host)
        record = granted(order, facts, lease, self.settings.flock.image, now)
        if record is not None:
            self._do(Do(kind=StepKind.GRANT, record=record), order)

    def reclaim(self, order: Order) -> None:
        """Take a host home; nothing if it is on its way already."""
        record = self.records.get(order.host)
        if record is not None and record.stage not in HOMEWARD:
            self._do(go_home(record, order.why, self._clock.wall_s(), reason=order.reason), order)

    def quarantine(self, standing: Sequence[Quarantine]) -> None:
        """Take these hosts home. Their keepers end what runs there, once they have looked at it."""
        self._quarantined = {one.host: one for one in standing}
        for one in standing:
            self.reclaim(Order(host=one.host, herd=Herd.LOCAL, why=sentence(one), reason=Reason.QUARANTINE))

    def advance(self, facts: Mapping[HostName, HostFacts]) -> None:
        """Fold outcomes in, then take the next step of every host that is not busy."""
        self._facts = facts
        self._forget_ended()
        for outcome in self.hands.finished():
            self._finished(outcome)
        for host in sorted(self.records):
            if not self.hands.is_busy(host):
                self._follow(self.records[host], facts.get(host))

    def sweep(self, steps: Sequence[Step]) -> None:
        """Take steps that belong to no record: cancelling drains that a predecessor left, and nobody who lives."""
        for step in steps if self._is_alone else ():
            facts = self._facts.get(step.host)
            if facts is None or self.hands.is_busy(step.host):
                continue
            self._diary.write([self._entry(EntryKind.STEP, step, {"kind": step.kind.value})])
            self.hands.begin(step, facts.pair)

    def renew(self) -> None:
        """Sign and publish all pages anew, unless another shepherd does, or nobody answers. Raises AnotherShepherd."""
        known = self.pages.rivals.problem
        try:
            self.pages.check_alone()
            self._is_alone = True
            if self.pages.rivals.problem and not known:
                self._log("pages under an unknown key", problem=self.pages.rivals.problem)
            self._stand_by_revocations()
        except PoolUnavailable as exc:
            self.page_problem = str(exc)
            return
        self.publish()

    def _stand_by_revocations(self) -> None:
        """A predecessor may have revoked what it could not record; what its pages say is said, and is final."""
        for record in list(self.records.values()):
            if record.lease in self.pages.revoked and record.stage not in HOMEWARD:
                self._do(go_home(record, "it was revoked before a restart", self._clock.wall_s()))

    def publish(self) -> None:
        """Publish all pages now: renewals, and whatever steps wait for it."""
        steps, self._unpublished = self._unpublished, []
        began = self._clock.steady_s()
        try:
            if not self._is_alone:
                raise PoolUnavailable("whether another shepherd runs could not be asked yet")
            leases = leases_of({**self._ended, **self.records}, self._facts, self.settings.timers)
            self._note_orphans(leases)
            self._note_serial()
            self.pages.publish(leases, flockoff=self.flockoff)
            self.page_problem, self.pages_at_s = "", self._clock.wall_s()
        except PoolUnavailable as exc:
            self.page_problem = str(exc)
        took = self._clock.steady_s() - began
        result = Result.FAILED if self.page_problem else Result.DONE
        for step in steps:
            self._finished(Outcome(step=step, result=result, detail=self.page_problem, took_s=took))

    def _note_serial(self) -> None:
        """Serials that the clock alone would not give again are on record before they are used."""
        if (serial := self.pages.ahead()) is not None:
            body = {"serial": serial}
            self._diary.write([Entry(at_s=self._clock.wall_s(), kind=EntryKind.SERIAL, cause="pages", body=body)])

    def _note_orphans(self, leases: Sequence[Lease]) -> None:
        """Record the revocation of a lease that nobody remembers, once; it goes out in any case."""
        for lease in leases:
            if lease.host in self.records or lease.host in self._ended or lease.lease in self._orphans:
                continue
            step = Step(kind=StepKind.REVOKE, host=lease.host, lease=lease.lease, cause=lease.why)
            self._log("step", host=step.host, step=step.kind.value, lease=step.lease, why=step.cause)
            if self._diary.write([self._entry(EntryKind.STEP, step, step_body(step, Stage.REVOKED))]):
                self._orphans.add(lease.lease)

    def wants_publication(self) -> bool:
        """Whether a step waits for the pages."""
        return bool(self._unpublished)

    def _follow(self, record: SwitchRecord, facts: HostFacts | None) -> None:
        if any(step.host == record.host for step in self._unpublished):
            return
        hold = self._hold(record) if record.stage is Stage.GRANTED else ""
        move = next_move(facts, record, self._clock.wall_s(), self.settings.timers, hold)
        if not (isinstance(move, Do) and self._would_warn(move)):
            self._take(record, move)

    def _would_warn(self, move: Do) -> bool:
        """A quarantined container's HTCondor is not told to leave: it would take along what its keeper is to find. Only
        a keeper that does nothing is not waited for, unless the host is to do nothing anyway."""
        quarantine = self._quarantined.get(move.record.host)
        if quarantine is None or move.kind not in {StepKind.OFF_GRACEFUL, StepKind.OFF_FAST}:
            return False
        return quarantine.keep_host or self._clock.wall_s() - quarantine.at_s < KEEPERS_S

    def _take(self, record: SwitchRecord, move: Next) -> None:
        match move:
            case Do():
                self._do(move)
            case Advance():
                self._keep(move.record, "seen")
            case Over():
                self._over(record, move.why)
            case Wait():
                pass

    def _do(self, do: Do, order: Order | None = None) -> None:
        """Record, then act. Outward nothing is done that is not on record; homeward it is done anyway."""
        record = do.record
        step = Step(kind=do.kind, host=record.host, lease=record.lease, cause=record.why)
        if not self._diary.write(self._entries(record, step, order)) and record.stage not in HOMEWARD:
            return
        self.records[record.host] = record
        self._log("step", host=record.host, step=step.kind.value, lease=record.lease, why=record.why)
        if step.kind in BY_PAGE:
            self._unpublished.append(step)
        else:
            self.hands.begin(step, HostPair(host=record.host, flock_name=record.flock_name))

    def _entries(self, record: SwitchRecord, step: Step, order: Order | None) -> list[Entry]:
        entries = []
        if order is not None:
            entries.append(self._entry(EntryKind.ORDER, step, {"herd": order.herd.value, "why": order.why}))
        entries.append(self._entry(EntryKind.SWITCH, step, switch_body(record)))
        entries.append(self._entry(EntryKind.STEP, step, step_body(step, record.stage)))
        return entries

    def _finished(self, outcome: Outcome) -> None:
        step = outcome.step
        self._diary.write([self._entry(EntryKind.OUTCOME, step, outcome_body(outcome))])
        self._log("outcome", host=step.host, step=step.kind.value, result=outcome.result.value, detail=outcome.detail)
        record = self.records.get(step.host)
        if record is None or record.lease != step.lease:
            return
        changed = after(record, outcome, self._clock.wall_s())
        if isinstance(changed, Do):
            self._do(changed)
        else:
            self.records[step.host] = changed

    def _keep(self, record: SwitchRecord, how: str) -> None:
        step = Step(kind=StepKind.GRANT, host=record.host, lease=record.lease, cause=how)
        if self._diary.write([self._entry(EntryKind.SWITCH, step, switch_body(record))]):
            self.records[record.host] = record
            self._log("reached", host=record.host, stage=record.stage.value, lease=record.lease)

    def _over(self, record: SwitchRecord, why: str) -> None:
        """The host is home, recorded or not; only the lease stays on its page until that is on record."""
        step = Step(kind=StepKind.FORGET, host=record.host, lease=record.lease, cause=why)
        entries = [self._entry(EntryKind.SWITCH, step, {}), *self._remember(record, step)]
        if self._diary.write(entries, owed=True):
            self._unpublished.append(step)
        else:
            self._ended[record.host] = record
        del self.records[record.host]
        self._log("home", host=record.host, lease=record.lease, why=why)

    def _forget_ended(self) -> None:
        """Records are kept again, and the first of them were the ends of these switches."""
        if self._diary.works:
            for host, record in self._ended.items():
                step = Step(kind=StepKind.FORGET, host=host, lease=record.lease, cause="its end is on record")
                self._unpublished.append(step)
            self._ended = {}

    def _remember(self, record: SwitchRecord, step: Step) -> list[Entry]:
        """A failed lend lengthens the host's cooling; a good one ends it."""
        old = self.memories.get(record.host, HostMemory())
        new = remembered(old, record, self._clock.wall_s(), self.settings.policy.cooling_s)
        if new == old:
            return []
        self.memories[record.host] = new
        return [self._entry(EntryKind.MEMORY, step, memory_body(new))]

    def _entry(self, kind: EntryKind, step: Step, body: Mapping[str, object]) -> Entry:
        return Entry(at_s=self._clock.wall_s(), kind=kind, cause=step.lease, host=step.host, body=body)


def serial_of(ledger: Ledger) -> int:
    """The highest serial on record; 0 if the clock was never ahead."""
    last = ledger.last(EntryKind.SERIAL.value)
    serial = last.body.get("serial") if last else 0
    return serial if isinstance(serial, int) else 0
