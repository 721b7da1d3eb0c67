"""The state of one host in the words of the state table, with the reason for it."""

from typing import assert_never

from shepherd.core.switch import belief
from shepherd.model.host import HostState
from shepherd.model.observation import HostFacts, KeeperReport, RegularMaster
from shepherd.model.orders import Stage, SwitchRecord
from shepherd.model.settings import TimerSettings


def state_of(
    facts: HostFacts | None, record: SwitchRecord | None, now: float, timers: TimerSettings
) -> tuple[HostState, str]:
    """State and reason. A host with a lease out is judged by its record, any other by its ads alone."""
    if record is not None:
        return _switching(facts, record, now, timers)
    if facts is None:
        return HostState.UNKNOWN, "nothing is heard of it"
    return _resting(facts, now, timers)


def _switching(
    facts: HostFacts | None, record: SwitchRecord, now: float, timers: TimerSettings
) -> tuple[HostState, str]:
    match record.stage:
        case Stage.GRANTED:
            return HostState.ARMING, record.why
        case Stage.DRAIN_ORDERED | Stage.GO_GIVEN | Stage.RESTART_ORDERED:
            return HostState.DRAINED, record.why
        case Stage.LENT:
            return _lent(facts, record, now, timers)
        case Stage.REVOKED | Stage.OFF_ORDERED | Stage.FAST_ORDERED:
            return HostState.LEAVING, record.why
    assert_never(record.stage)


def _lent(
    facts: HostFacts | None, record: SwitchRecord, now: float, timers: TimerSettings
) -> tuple[HostState, str]:
    keeper = belief.fresh_keeper(facts, now, timers) if facts else None
    flock = facts.flock if facts else None
    if flock and belief.is_fresh(flock.heard_at_s, now, timers):
        return HostState.FLOCK, record.why
    if belief.has_container(keeper, record.lease):
        return HostState.FLOCK, f"{record.why}; its flocking startd is not in the flock pool"
    return HostState.UNKNOWN, "lent, but neither its keeper nor its flocking startd is heard"


def _resting(facts: HostFacts, now: float, timers: TimerSettings) -> tuple[HostState, str]:
    keeper = belief.fresh_keeper(facts, now, timers)
    regular = belief.fresh_regular(facts, now, timers)
    if keeper is not None and keeper.phase not in belief.AT_HOME:
        return HostState.UNKNOWN, f"its keeper has a container under a lease that is not ours ({keeper.lease})"
    if regular is not None and belief.is_humans(regular):
        return HostState.HELD, f"drained by somebody: {regular.drain_reason or 'no reason given'}"
    if regular is not None and belief.is_ours(regular):
        return HostState.DRAINED, "an old drain of ours, being cancelled"
    if regular is not None:
        return HostState.LOCAL, ""
    return _no_startd(facts, facts.master, keeper, now, timers)


def _no_startd(
    facts: HostFacts,
    master: RegularMaster | None,
    keeper: KeeperReport | None,
    now: float,
    timers: TimerSettings,
) -> tuple[HostState, str]:
    if facts.regular is not None:
        return HostState.UNKNOWN, f"its startd was last heard {now - facts.regular.heard_at_s:.0f} s ago"
    if master is not None and belief.is_fresh(master.heard_at_s, now, timers):
        if belief.is_off(master, now):
            return HostState.HELD, "its startd was turned off (condor_off)"
        return HostState.UNKNOWN, "its master is there but no startd"
    if keeper is not None:
        return HostState.UNKNOWN, "only its keeper is heard" + (f": {keeper.problem}" if keeper.problem else "")
    return HostState.UNKNOWN, "nothing is heard of it"
