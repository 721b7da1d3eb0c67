"""Which hosts: gates that every policy passes through (reserve, budget, idleness), then an order of merit."""

import dataclasses
from collections.abc import Iterable, Sequence

from shepherd.core.policy.merit import homecoming_order, lending_order
from shepherd.model.host import Herd, HostName, HostState
from shepherd.model.orders import Order, Refusal
from shepherd.model.settings import PolicySettings
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
    lent, kept = let_go(view, able, _room(view, want, settings), settings)
    blocked = [refusal(h, h.blocked) for h in view.hosts.values() if h.state is HostState.LOCAL and h.blocked]
    orders = tuple(Order(host=host.host, herd=Herd.FLOCK, why=want.why) for host in lent)
    return Choice(orders=orders, refusals=(*blocked, *want.stay, *kept))


def let_go(
    view: PoolView, hosts: Iterable[HostView], room: int, settings: PolicySettings
) -> tuple[list[HostView], list[Refusal]]:
    """At most `room` of these, in their order, that leave the reserves untouched, and why not the others."""
    lent: list[HostView] = []
    kept: list[Refusal] = []
    local, idle = view.local_cpus, sum(1 for h in view.hosts.values() if h.idle)
    for host in hosts:
        if reason := _gate(host, local, idle, room - len(lent), view, settings):
            kept.append(refusal(host, reason))
            continue
        lent.append(host)
        local, idle = local - host.cpus, idle - 1
    return lent, kept


def _room(view: PoolView, want: Want, settings: PolicySettings) -> int:
    going = sum(1 for h in view.hosts.values() if h.state in GOING_OUT)
    return min(want.lend, max(0, max(settings.arming_at_once, want.at_once) - going))


def _gate(
    host: HostView, local_cpus: int, idle_hosts: int, room: int, view: PoolView, settings: PolicySettings
) -> str:
    """Why this host stays, or the empty string."""
    if local_cpus - host.cpus < settings.reserve * view.usable_cpus:
        return f"the reserve of {settings.reserve:.0%} needs it"
    if idle_hosts - 1 < settings.idle_reserve:
        return f"{settings.idle_reserve} idle hosts are kept ready"
    if room <= 0:
        return "enough hosts go out this cycle"
    return ""


def choose_reclaims(
    view: PoolView, count: int, why: str, home: Sequence[HostName] | None = None
) -> tuple[Order, ...]:
    """`count` reclaims, by least guest work lost, or of the `home` that a policy chose."""
    names = [host.host for host in homecoming_order(view)] if home is None else home
    return tuple(Order(host=name, herd=Herd.LOCAL, why=why) for name in names[:count])


def reserve_shortfall(view: PoolView, settings: PolicySettings) -> int:
    """Hosts that must come home so that the local share is `reserve` again."""
    missing = settings.reserve * view.usable_cpus - view.local_cpus
    leaving = sum(h.cpus for h in view.hosts.values() if h.state is HostState.LEAVING)
    return _hosts_for(missing - leaving, [h for h in view.hosts.values() if h.is_out])


def _hosts_for(cpus: float, out: Sequence[HostView]) -> int:
    count = 0
    for host in sorted(out, key=lambda h: h.cpus):
        if cpus <= 0:
            break
        cpus, count = cpus - host.cpus, count + 1
    return count


def refusal(host: HostView, why: str) -> Refusal:
    """Why a host that might be lent stays."""
    return Refusal(host=host.host, herd=Herd.FLOCK, why=why)
