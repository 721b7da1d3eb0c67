"""One decision: pure, replayable, the same for the daemon, `plan` and the simulator."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping

from shepherd.core.policy import demand, threshold
from shepherd.core.policy.choose import choose_lends, choose_reclaims, reserve_shortfall
from shepherd.core.policy.merit import homecoming_order
from shepherd.core.policy.view import view_of
from shepherd.model.flockoff import FlockOff
from shepherd.model.host import LENT, Herd, HostName, HostState
from shepherd.model.observation import Snapshot
from shepherd.model.orders import HostMemory, Order, Reason, Refusal, SwitchRecord, Verdict
from shepherd.model.past import NOTHING_PAST, Given, Past
from shepherd.model.settings import PolicyKind, Settings
from shepherd.model.view import NO_BARS, Bars, PoolView, Want

Policy = Callable[[PoolView, Past, Settings], Want]
"""The interface of all policies: a judged pool and a past in; moves, the reason, and the next past out."""

POLICIES: Mapping[PolicyKind, Policy] = {PolicyKind.THRESHOLD: threshold.want, PolicyKind.DEMAND: demand.want}


def decide(
    snapshot: Snapshot,
    switches: Mapping[HostName, SwitchRecord],
    memories: Mapping[HostName, HostMemory],
    flockoff: FlockOff | None,
    settings: Settings,
    now: float,
    *,
    is_cycle: bool,
    may_lend: bool = True,
    bars: Bars = NO_BARS,
    past: Past = NOTHING_PAST,
) -> Verdict:
    """Orders, refusals, the sentence for this instant, and the past for the next.

    Only a slow cycle (`is_cycle`) lends, or reclaims by a budget. `may_lend` is false while nothing can be recorded;
    reclaims are always possible. `bars`: what people keep from being lent. A lent host that is banned, or whose image
    is, or whose maintenance is near, goes home whatever else is decided.
    """
    view = view_of(snapshot, switches, memories, settings, now, bars)
    want = POLICIES[settings.policy.kind](view, past, settings)
    verdict = _decided(view, want, flockoff, settings, is_cycle=is_cycle, may_lend=may_lend)
    past = _remembering(want.past, verdict, now)
    could_lend = is_cycle and may_lend and not view.blind
    verdict = dataclasses.replace(verdict, past=past, unfit=want.unfit, stuck=want.stuck, could_lend=could_lend)
    return _with_recalled(view, verdict)


def _remembering(past: Past, verdict: Verdict, now: float) -> Past:
    """With the lends of this verdict, without those that are too old to count or of a clock that was ahead."""
    lent = sum(1 for order in verdict.orders if order.herd is Herd.FLOCK)
    lends = tuple(one for one in past.lends if 0 <= now - one.at_s < demand.BUDGET_S)
    return dataclasses.replace(past, lends=(*lends, Given(at_s=now, hosts=lent)) if lent else lends)


def _decided(
    view: PoolView, want: Want, flockoff: FlockOff | None, settings: Settings, *, is_cycle: bool, may_lend: bool
) -> Verdict:
    if flockoff is not None:
        why = f"flocking is off: {flockoff.why or 'no reason given'} ({flockoff.who})"
        return _reclaim(view, dict.fromkeys(_all_out(view), Reason.FLOCKOFF), why)
    may_reclaim = is_cycle or want.home is not None or not settings.policy.reclaim_per_cycle
    home = choose_reclaims(view, want) if may_reclaim else ()
    short = reserve_shortfall(view, settings.policy, home)
    if home or short:
        reserve = f"the local herd is below its reserve of {settings.policy.reserve:.0%}"
        why = " and ".join([*[want.why][: len(home)], *[reserve][: len(short)]])
        return _reclaim(view, dict.fromkeys(home, Reason.LOCAL_WORK) | dict.fromkeys(short, Reason.RESERVE), why)
    if not is_cycle or not (want.lend or want.out is not None):
        return _nothing(view, want.why)
    if not may_lend:
        return _nothing(view, f"{want.why}, but nothing is lent that cannot be recorded")
    if view.blind:
        return _nothing(view, f"{want.why}, but nothing is lent blind ({view.blind})")
    return _lend(view, want, settings)


def _with_recalled(view: PoolView, verdict: Verdict) -> Verdict:
    home = {order.host for order in verdict.orders if order.herd is Herd.LOCAL}
    recalled = [host for host in view.hosts.values() if host.recalled and host.is_out and host.host not in home]
    if not recalled:
        return verdict
    orders = tuple(Order(host=one.host, herd=Herd.LOCAL, why=one.recalled, reason=one.recall) for one in recalled)
    reasons = ", ".join(sorted({host.recalled for host in recalled}))
    sentence = f"{verdict.sentence} Besides, {len(orders)} go home: {reasons}."
    return dataclasses.replace(verdict, orders=(*orders, *verdict.orders), sentence=sentence)


def _all_out(view: PoolView) -> tuple[HostName, ...]:
    return tuple(host.host for host in homecoming_order(view))


def _reclaim(view: PoolView, home: Mapping[HostName, Reason], why: str) -> Verdict:
    orders = tuple(Order(host=name, herd=Herd.LOCAL, why=why, reason=reason) for name, reason in home.items())
    return Verdict(orders=orders, refusals=(), sentence=_sentence(view, why, f"{len(orders)} go home"))


def _lend(view: PoolView, want: Want, settings: Settings) -> Verdict:
    choice = choose_lends(view, want, settings.policy)
    moved = f"{len(choice.orders)} are lent" if choice.orders else "nobody moves"
    sentence = _sentence(view, want.why, moved + _stay(choice.refusals))
    return Verdict(orders=choice.orders, refusals=choice.refusals, sentence=sentence)


def _stay(refusals: tuple[Refusal, ...]) -> str:
    """How many stay although they might go, and the commonest reason."""
    if not refusals:
        return ""
    [(why, count)] = Counter(refusal.why for refusal in refusals).most_common(1)
    others = f", {len(refusals) - count} for other reasons" if len(refusals) > count else ""
    return f", {count} stay ({why}){others}"


def _nothing(view: PoolView, why: str) -> Verdict:
    return Verdict(orders=(), refusals=(), sentence=_sentence(view, why, "nobody moves"))


def _sentence(view: PoolView, why: str, what: str) -> str:
    local = sum(1 for h in view.hosts.values() if h.state is HostState.LOCAL)
    lent = sum(1 for h in view.hosts.values() if h.state in LENT)
    return f"{why}: {what}; {local} hosts local, {lent} lent, {len(view.hosts) - local - lent} neither."
