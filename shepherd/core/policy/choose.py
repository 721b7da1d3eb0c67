"""Which hosts: gates that every policy passes through (reserve, budget, idleness), then an order of merit."""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import assert_never

from shepherd.core.policy.merit import homecoming_order, lending_order
from shepherd.model.host import Herd, HostName, HostState
from shepherd.model.orders import Order, Refusal
from shepherd.model.settings import PolicyKind, PolicySettings
from shepherd.model.view import HostView, PoolView, Want

GOING_OUT = frozenset({HostState.ARMING, HostState.DRAINED})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice:
    """Orders, and the hosts that were wanted but not taken."""

    orders: tuple[Order, ...]
    refusals: tuple[Refusal, ...]


def choose_lends(view: PoolView, want: Want, settings: PolicySettings) -> Choice:
    """At most `want.lend` lends, the best first, never into the reserve."""
    able = lending_order(view) if want.out is None else [view.hosts[name] for name in want.out]
    room, enough = _room(view, want, settings)
    lent, kept = let_go(view, able, room, settings, enough)
    blocked = [refusal(h, h.blocked) for h in view.hosts.values() if h.state is HostState.LOCAL and h.blocked]
    orders = tuple(Order(host=host.host, herd=Herd.FLOCK, why=want.why) for host in lent)
    return Choice(orders=orders, refusals=(*blocked, *want.stay, *kept))


def let_go(
    view: PoolView, hosts: Iterable[HostView], room: int, settings: PolicySettings, enough: str = ""
) -> tuple[list[HostView], list[Refusal]]:
    """At most `room` of these, in their order, that leave the reserves untouched, and why not the others. `enough`:
    why there is no more room."""
    lent: list[HostView] = []
    kept: list[Refusal] = []
    local, idle = view.local_cpus, sum(1 for h in view.hosts.values() if h.idle)
    for host in hosts:
        reason = _gate(host, local, idle, view, settings)
        if reason or len(lent) >= room:
            kept.append(refusal(host, reason or enough))
            continue
        lent.append(host)
        local, idle = local - host.cpus, idle - 1
    return lent, kept


def _room(view: PoolView, want: Want, settings: PolicySettings) -> tuple[int, str]:
    """How many may go, and why no more."""
    going = sum(1 for h in view.hosts.values() if h.state in GOING_OUT)
    at_once = max(settings.arming_at_once, want.at_once)
    room = max(0, at_once - going)
    if room < want.lend:
        return room, f"no more than {at_once} hosts go out at one time"
    return want.lend, want.enough


def _gate(host: HostView, local_cpus: int, idle_hosts: int, view: PoolView, settings: PolicySettings) -> str:
    """Why this host stays, or the empty string."""
    if local_cpus - host.cpus < settings.reserve * view.usable_cpus:
        return f"the reserve of {settings.reserve:.0%} needs it"
    if idle_hosts - 1 < settings.idle_reserve:
        return f"{settings.idle_reserve} idle hosts are kept ready"
    return ""


def choose_reclaims(view: PoolView, want: Want) -> tuple[HostName, ...]:
    """`want.reclaim` hosts, those that lose the least guest work first unless the policy chose them itself."""
    names = [host.host for host in homecoming_order(view)] if want.home is None else want.home
    return tuple(names[: want.reclaim])


def lend_budget(settings: PolicySettings, usable_hosts: int) -> int:
    """Hosts that may be lent in one cycle; by `demand` in one window of its budget."""
    match settings.kind:
        case PolicyKind.THRESHOLD:
            return settings.lend_per_cycle
        case PolicyKind.DEMAND:
            return max(1, math.floor(settings.lend_share * usable_hosts))
    assert_never(settings.kind)


def reserve_shortfall(view: PoolView, settings: PolicySettings, home: Sequence[HostName]) -> list[HostName]:
    """Hosts that must come home besides `home`, so that the local share is `reserve` again. None while nobody knows
    which hosts are local: absence is not evidence (invariant 7)."""
    if not view.is_local_known:
        return []
    coming = {*home, *(host.host for host in view.hosts.values() if host.state is HostState.LEAVING)}
    missing = settings.reserve * view.usable_cpus - view.local_cpus - sum(view.hosts[name].cpus for name in coming)
    more: list[HostName] = []
    for host in homecoming_order(view) if missing > 0 else ():
        if missing <= 0:
            break
        if host.host not in coming:
            more.append(host.host)
            missing -= host.cpus
    return more


def refusal(host: HostView, why: str) -> Refusal:
    """Why a host that might be lent stays."""
    return Refusal(host=host.host, herd=Herd.FLOCK, why=why)
