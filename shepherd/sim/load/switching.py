"""Hosts in a switch: the daemon's own moves (`core/switch`), taken when a host's facts change or a deadline comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import assert_never

from shepherd.core.switch.grant import granted, remembered
from shepherd.core.switch.move import RESEND_S, Advance, Do, Over, Wait, after, go_home, next_move
from shepherd.model.host import HostName
from shepherd.model.lease import lease_name
from shepherd.model.orders import HOMEWARD, HostMemory, Order, Outcome, Result, Stage, Step, StepKind, SwitchRecord
from shepherd.model.settings import Settings
from shepherd.sim.load.agenda import Agenda
from shepherd.sim.load.keepers import Keepers
from shepherd.sim.load.machine import Machine
from shepherd.sim.load.seen import Seen

SLACK_S = 0.01
"""After a deadline, so that it has passed."""


class Switching:
    """Records of all leases that are out, and their next steps."""

    def __init__(
        self,
        agenda: Agenda,
        settings: Settings,
        seen: Seen,
        keepers: Keepers,
        machines: Mapping[HostName, Machine],
        on_grant: Callable[[SwitchRecord], None],
    ) -> None:
        """`on_grant` is told of each record when its lease has just been granted."""
        self.records: dict[HostName, SwitchRecord] = {}
        self.memories: dict[HostName, HostMemory] = {}
        self.lends = 0
        self.reclaims = 0
        self.failed_lends = 0
        self.reclaims_took_s: list[float] = []
        """From the order to a host that is home."""
        self.stopped = False
        """The shepherd is dead: nothing is followed."""
        self._agenda = agenda
        self._settings = settings
        self._seen = seen
        self._keepers = keepers
        self._machines = machines
        self._on_grant = on_grant
        self._busy: set[HostName] = set()
        self._wakes: dict[HostName, float] = {}
        self._ordered_s: dict[HostName, float] = {}
        self._given = 0

    def lend(self, order: Order) -> None:
        """Grant a lease."""
        if order.host in self.records:
            return
        now = self._agenda.now_s
        lease = lease_name(order.host, now, f"{self._given:08x}")
        record = granted(order, self._seen.facts[order.host], lease, self._settings.flock.image, now)
        if record is not None:
            self._given += 1
            self._do(Do(kind=StepKind.GRANT, record=record))
            self._on_grant(record)

    def reclaim(self, order: Order) -> None:
        """Take a host home; nothing if it is on its way already."""
        record = self.records.get(order.host)
        if record is not None and record.stage not in HOMEWARD:
            self._ordered_s[order.host] = self._agenda.now_s
            self.reclaims += record.stage is Stage.LENT
            self._do(go_home(record, order.why, self._agenda.now_s, reason=order.reason))

    def noticed(self, machine: Machine) -> None:
        """Its ads changed. One in the middle of a switch is looked at soon, a lent one at the next full look."""
        record = self.records.get(machine.host)
        if record is not None and record.stage is not Stage.LENT:
            self._wake(machine.host, machine.dice.uniform(0.0, self._settings.timers.switch_poll_s))

    def follow(self, hosts: Iterable[HostName]) -> None:
        """After a full look, which has found something new of these."""
        for host in sorted(hosts):
            if host in self.records:
                self._follow(host)

    def _wake(self, host: HostName, seconds: float) -> None:
        when_s = self._agenda.now_s + seconds
        if self._wakes.get(host, float("inf")) > when_s:
            self._wakes[host] = when_s
            self._agenda.at(when_s, self._awake, (host, when_s))

    def _awake(self, about: tuple[HostName, float]) -> None:
        host, when_s = about
        if self._wakes.get(host) == when_s:
            del self._wakes[host]
            self._follow(host)

    def _follow(self, host: HostName) -> None:
        record = self.records.get(host)
        if record is None or host in self._busy or self.stopped:
            return
        now, timers = self._agenda.now_s, self._settings.timers
        facts = self._seen.one(self._machines[host], now)
        move = next_move(facts, record, now, timers)
        match move:
            case Do():
                self._do(move)
            case Advance():
                self.records[host] = move.record
                self.lends += move.record.stage is Stage.LENT
                self._follow(host)
            case Over():
                self._over(record)
            case Wait():
                self._wait(record, now)
            case _:
                assert_never(move)

    def _wait(self, record: SwitchRecord, now: float) -> None:
        """Look again when its deadline has passed; a lent host has none."""
        deadline_s = self._deadline_s(record)
        if deadline_s is not None:
            left_s = record.stage_at_s + deadline_s - now
            self._wake(record.host, left_s + SLACK_S if left_s > 0 else RESEND_S)

    def _deadline_s(self, record: SwitchRecord) -> float | None:
        timers = self._settings.timers
        match record.stage:
            case Stage.LENT:
                return None
            case Stage.GRANTED:
                return timers.arm_deadline_s
            case Stage.DRAIN_ORDERED:
                return timers.drain_deadline_s
            case Stage.GO_GIVEN | Stage.RESTART_ORDERED:
                return timers.start_deadline_s
            case Stage.REVOKED | Stage.OFF_ORDERED | Stage.FAST_ORDERED:
                return timers.graceful_s
        assert_never(record.stage)

    def _do(self, do: Do) -> None:
        record = do.record
        step = Step(kind=do.kind, host=record.host, lease=record.lease, cause=record.why)
        self.records[record.host] = record
        self._busy.add(record.host)
        self._agenda.after(self._keepers.takes(self._machines[record.host], do.kind), self._carry_out, step)

    def _carry_out(self, step: Step) -> None:
        if self._seen.silent_since_s is not None:
            self._finished(step, Result.FAILED, "no collector answers")
            return
        machine = self._machines[step.host]
        refused = self._keepers.carry_out(machine, step.kind, step.lease) if machine.alive else "no daemon answers"
        result = Result.REFUSED if refused and machine.alive else Result.FAILED if refused else Result.DONE
        self._finished(step, result, refused)

    def _finished(self, step: Step, result: Result, detail: str) -> None:
        self._busy.discard(step.host)
        record = self.records.get(step.host)
        if record is None or record.lease != step.lease:
            return
        outcome = Outcome(step=step, result=result, detail=detail, took_s=0.0)
        changed = after(record, outcome, self._agenda.now_s)
        if isinstance(changed, Do):
            self._do(changed)
            return
        self.records[step.host] = changed
        self._wake(step.host, max(SLACK_S, changed.retry_at_s - self._agenda.now_s))

    def _over(self, record: SwitchRecord) -> None:
        now, host = self._agenda.now_s, record.host
        del self.records[host]
        self._wakes.pop(host, None)
        self.failed_lends += record.failed
        if (ordered_s := self._ordered_s.pop(host, None)) is not None:
            self.reclaims_took_s.append(now - ordered_s)
        old = self.memories.get(host, HostMemory())
        self.memories[host] = remembered(old, record, now, self._settings.policy.cooling_s)
