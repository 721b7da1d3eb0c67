"""Which hosts: gates that every policy passes through (reserve, budget, idleness), then an order of merit."""

import dataclasses
from collections.abc import Sequence

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
    able = _able(view, want)
    room = _room(view, want, settings)
    orders: list[Order] = []
    refusals = [_refuse(h, h.blocked) for h in view.hosts.values() if h.state is HostState.LOCAL and h.blocked]
    refusals += _kept(view, want)
    local, idle = view.local_cpus, sum(1 for h in view.hosts.values() if h.idle)
    for host in able:
        if reason := _gate(host, local, idle, room - len(orders), view, settings):
            refusals.append(_refuse(host, reason))
            continue
        orders.append(Order(host=host.host, herd=Herd.FLOCK, why=want.why))
        local, idle = local - host.cpus, idle - 1
    return Choice(orders=tuple(orders), refusals=tuple(refusals))


def _able(view: PoolView, want: Want) -> list[HostView]:
    if want.out is not None:
        return [view.hosts[name] for name in want.out if not view.hosts[name].blocked]
    return lending_order(view)


def _kept(view: PoolView, want: Want) -> list[Refusal]:
    """Hosts that could be lent and that the policy keeps."""
    if want.out is None:
        return []
    out = set(want.out)
    return [_refuse(host, want.stays) for host in view.hosts.values() if not host.blocked and host.host not in out]


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


def _refuse(host: HostView, why: str) -> Refusal:
    return Refusal(host=host.host, herd=Herd.FLOCK, why=why)
