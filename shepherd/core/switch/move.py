"""The next step of one host: the table of moves as a pure function.

Level-triggered: facts first, what was ordered second. What a step *did* is never assumed; a step is
repeated until the facts show it, gives up at its deadline, and giving up always means going home.
"""

import dataclasses
from typing import assert_never

from shepherd.core.switch import belief
from shepherd.model.host import HostPair
from shepherd.model.observation import HostFacts, KeeperPhase, KeeperReport, RegularStartd
from shepherd.model.orders import HOMEWARD, Outcome, Reason, Result, Stage, StepKind, SwitchRecord
from shepherd.model.settings import TimerSettings

RESEND_S = 5.0
"""An order whose effect is not seen is sent again after this. One restart back-off."""

EARLY_END_S = 60.0
"""A container that ends by itself within this time of serving counts as a failed lend."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Do:
    """Record `record`, then take the step."""

    kind: StepKind
    record: SwitchRecord


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wait:
    """Nothing to do yet."""

    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Advance:
    """The facts show the stage is reached: record it; no act."""

    record: SwitchRecord


@dataclasses.dataclass(frozen=True, kw_only=True)
class Over:
    """The host is home, or its lease has lapsed beyond any doubt."""

    why: str


Next = Do | Wait | Advance | Over


def next_move(
    facts: HostFacts | None, record: SwitchRecord, now: float, timers: TimerSettings, hold: str = ""
) -> Next:
    """What to do about a host with a lease out. Pure; see the state table of DESIGN.md. `hold` says why its outage must
    not begin yet; nothing homeward asks for it."""
    if facts is None:
        facts = HostFacts(pair=HostPair(host=record.host, flock_name=record.flock_name))
    if record.stage in HOMEWARD:
        return _homeward(facts, record, now, timers)
    if wish := _humans_wish(facts, now, timers):
        return go_home(record, wish, now, reason=Reason.PERSON)
    if trouble := _trouble(facts, record, now, timers):
        return go_home(record, trouble, now, failed=_is_failure(record, now))
    return _outward(facts, record, now, timers, hold)


def _outward(facts: HostFacts, record: SwitchRecord, now: float, timers: TimerSettings, hold: str) -> Next:
    match record.stage:
        case Stage.GRANTED:
            return _granted(facts, record, now, timers, hold)
        case Stage.DRAIN_ORDERED:
            return _drain_ordered(facts, record, now, timers)
        case Stage.GO_GIVEN:
            return _go_given(facts, record, now, timers)
        case Stage.RESTART_ORDERED:
            return _restart_ordered(facts, record, now, timers)
        case Stage.LENT | Stage.REVOKED | Stage.OFF_ORDERED | Stage.FAST_ORDERED:
            return Wait(why=record.stage.value)
    assert_never(record.stage)


def go_home(
    record: SwitchRecord, why: str, now: float, *, failed: bool = False, reason: Reason = Reason.FAULT
) -> Do:
    """Take the host home from whatever stage it is in; `failed` makes it cool before the next lend."""
    drained = record.stage in {Stage.DRAIN_ORDERED, Stage.GO_GIVEN, Stage.RESTART_ORDERED}
    revoked = _at(record, Stage.REVOKED, now)
    record = dataclasses.replace(revoked, why=why, undrain=drained, failed=failed, reason=reason, left_at_s=now)
    return Do(kind=StepKind.REVOKE, record=record)


def after(record: SwitchRecord, outcome: Outcome, now: float) -> SwitchRecord | Do:
    """What an outcome changes. A refusal of an outward step means home; a failure is tried again later."""
    kind, result = outcome.step.kind, outcome.result
    if result is Result.DONE:
        taken = record.drain_taken or kind is StepKind.DRAIN
        again_s = now + RESEND_S if record.stage is Stage.RESTART_ORDERED else 0.0
        return dataclasses.replace(record, tries=0, retry_at_s=again_s, drain_taken=taken)
    if kind in {StepKind.DRAIN, StepKind.GO, StepKind.GRANT} and record.stage not in HOMEWARD:
        why = f"{kind.value} {result.value}: {outcome.detail}"
        return go_home(record, why, now, failed=result is Result.FAILED)
    tries = record.tries + 1
    if kind is StepKind.OFF_GRACEFUL:
        record = dataclasses.replace(record, stage=Stage.REVOKED)
    return dataclasses.replace(record, tries=tries, retry_at_s=now + min(2.0 ** (tries - 1), 30.0))


def _granted(facts: HostFacts, record: SwitchRecord, now: float, timers: TimerSettings, hold: str) -> Next:
    regular = belief.fresh_regular(facts, now, timers)
    if regular is None:
        return _overdue(record, now, timers.arm_deadline_s, "its regular startd is not heard")
    if regular.claimed_slots:
        return go_home(record, "a local job came first", now, reason=Reason.LOCAL_WORK)
    keeper = _keeper_of(facts, record, now, timers)
    if keeper is not None and keeper.phase is KeeperPhase.ARMED:
        if hold:
            return Wait(why=hold)
        return Do(kind=StepKind.DRAIN, record=_at(record, Stage.DRAIN_ORDERED, now))
    return _overdue(record, now, timers.arm_deadline_s, "its keeper is not armed")


def _drain_ordered(facts: HostFacts, record: SwitchRecord, now: float, timers: TimerSettings) -> Next:
    """`go` in time only: no host may be without a startd for longer than both deadlines and the way home take."""
    late = _overdue(record, now, timers.drain_deadline_s, "its regular startd does not get drained")
    regular = facts.regular
    drained = regular is not None and regular.drained and belief.is_drained_for(regular, record.lease)
    if isinstance(late, Wait) and (drained or (record.drain_taken and _ended_by_itself(facts, record, now, timers))):
        return Do(kind=StepKind.GO, record=_at(record, Stage.GO_GIVEN, now))
    return late


def _ended_by_itself(facts: HostFacts, record: SwitchRecord, now: float, timers: TimerSettings) -> bool:
    """PID 1 has the lock already: `-restart-on-completion` acts at the startd's next update, maybe at once."""
    keeper = _keeper_of(facts, record, now, timers)
    return keeper is not None and keeper.phase in {KeeperPhase.HOLDING, KeeperPhase.FLOCKING}


def _go_given(facts: HostFacts, record: SwitchRecord, now: float, timers: TimerSettings) -> Next:
    """Only a startd that is drained for this lend is ended; one that has ended by itself needs no order.

    The time of `go` stays in the record: the start has one deadline, whatever the restart took.
    """
    ordered = dataclasses.replace(record, stage=Stage.RESTART_ORDERED, tries=0, retry_at_s=now + RESEND_S)
    if _ended_by_itself(facts, record, now, timers):
        return Advance(record=ordered)
    late = _overdue(record, now, timers.start_deadline_s, "its regular startd is not drained any more")
    drained = facts.regular is not None and belief.is_drained_for(facts.regular, record.lease)
    return Do(kind=StepKind.RESTART, record=ordered) if drained and isinstance(late, Wait) else late


def _restart_ordered(facts: HostFacts, record: SwitchRecord, now: float, timers: TimerSettings) -> Next:
    if facts.flock is not None and _serves(facts, record):
        return Advance(record=dataclasses.replace(_at(record, Stage.LENT, now), lent_at_s=now))
    still_there = facts.regular is not None and facts.regular.drained
    if still_there and now - record.stage_at_s >= RESEND_S * (record.tries + 1) and now >= record.retry_at_s:
        again = dataclasses.replace(record, tries=record.tries + 1)
        return Do(kind=StepKind.RESTART, record=again)
    return _overdue(record, now, timers.start_deadline_s, "its flocking startd does not appear")


def _serves(facts: HostFacts, record: SwitchRecord) -> bool:
    """The flocking startd is seen and the keeper agrees: the collector alone may hold a dead startd's ad."""
    keeper = facts.keeper
    if keeper is None or facts.flock is None:
        return False
    fresh = facts.flock.heard_at_s >= int(record.granted_at_s)
    return fresh and keeper.lease == record.lease and keeper.phase is KeeperPhase.FLOCKING


def _homeward(facts: HostFacts, record: SwitchRecord, now: float, timers: TimerSettings) -> Next:
    if now < record.retry_at_s:
        return Wait(why="the last try failed")
    regular = facts.regular
    if record.undrain and regular is not None and belief.is_drained_for(regular, record.lease):
        done = dataclasses.replace(record, retry_at_s=now + RESEND_S)
        return Do(kind=StepKind.UNDRAIN, record=done)
    if over := _home(facts, record, now, timers):
        return over
    return _rung(facts, record, now, timers)


def _rung(facts: HostFacts, record: SwitchRecord, now: float, timers: TimerSettings) -> Next:
    match record.stage:
        case Stage.REVOKED if _may_serve(facts, record, now, timers):
            return Do(kind=StepKind.OFF_GRACEFUL, record=_at(record, Stage.OFF_ORDERED, now))
        case Stage.OFF_ORDERED if now - record.stage_at_s >= timers.graceful_s:
            return Do(kind=StepKind.OFF_FAST, record=_at(record, Stage.FAST_ORDERED, now))
        case _:
            return Wait(why="leaving")


def _may_serve(facts: HostFacts, record: SwitchRecord, now: float, timers: TimerSettings) -> bool:
    """Whether a flocking master may be there to be told."""
    keeper = belief.fresh_keeper(facts, now, timers)
    if facts.flock is not None:
        return True
    return keeper is not None and keeper.phase is KeeperPhase.FLOCKING and keeper.lease == record.lease


def _home(facts: HostFacts, record: SwitchRecord, now: float, timers: TimerSettings) -> Over | None:
    keeper = belief.fresh_keeper(facts, now, timers)
    regular = belief.fresh_regular(facts, now, timers)
    gone = keeper is not None and not belief.has_container(keeper, record.lease)
    master_off = belief.is_off(facts.master, now)
    back = _is_back(regular, record)
    if gone and keeper is not None and keeper.heard_at_s >= int(record.stage_at_s) and (back or master_off):
        return Over(why="home")
    if gone and back and keeper is not None and keeper.phase in belief.AT_HOME and not record.undrain:
        return Over(why="home")
    ladder = timers.lease_s + timers.graceful_s + timers.fast_s + timers.kill_s
    if now - record.stage_at_s > ladder:
        return Over(why="its lease has lapsed; nothing proves that it is home")
    return None


def _is_back(regular: RegularStartd | None, record: SwitchRecord) -> bool:
    """Heard since, and not drained for this lend: such an ad may be all that is left of a startd that has ended."""
    if regular is None or regular.heard_at_s < record.granted_at_s:
        return False
    return not belief.is_drained_for(regular, record.lease)


def _humans_wish(facts: HostFacts, now: float, timers: TimerSettings) -> str:
    """A human's drain or condor_off always wins: the words for it, or the empty string."""
    regular = belief.fresh_regular(facts, now, timers)
    if regular is not None and belief.is_humans(regular):
        return f"somebody drains it: {regular.drain_reason or 'no reason given'}"
    if belief.is_off(facts.master, now):
        return "somebody turned its regular startd off"
    return ""


def _trouble(facts: HostFacts, record: SwitchRecord, now: float, timers: TimerSettings) -> str:
    """Why an outward move cannot go on, or the empty string."""
    keeper = belief.fresh_keeper(facts, now, timers)
    if keeper is None or keeper.heard_at_s < int(record.granted_at_s):
        return ""
    if keeper.nonce != record.nonce:
        return "the host was rebooted"
    if keeper.phase is KeeperPhase.FAILED:
        return f"its keeper cannot: {keeper.problem}"
    ended = keeper.lease != record.lease or keeper.phase in belief.AT_HOME
    if ended and record.stage is not Stage.GRANTED:
        return f"its container ended: {keeper.problem or 'no reason given'}"
    return ""


def _is_failure(record: SwitchRecord, now: float) -> bool:
    """A lend that breaks before or soon after it serves is a failure; a long one that ends is not."""
    return record.stage is not Stage.LENT or now - record.stage_at_s < EARLY_END_S


def _keeper_of(
    facts: HostFacts, record: SwitchRecord, now: float, timers: TimerSettings
) -> KeeperReport | None:
    keeper = belief.fresh_keeper(facts, now, timers)
    return keeper if keeper is not None and keeper.lease == record.lease else None


def _overdue(record: SwitchRecord, now: float, deadline_s: float, what: str) -> Do | Wait:
    if now - record.stage_at_s > deadline_s:
        return go_home(record, f"{what} within {deadline_s:.0f} s", now, failed=True)
    return Wait(why=what)


def _at(record: SwitchRecord, stage: Stage, now: float) -> SwitchRecord:
    return dataclasses.replace(record, stage=stage, stage_at_s=now, tries=0, retry_at_s=0.0)
