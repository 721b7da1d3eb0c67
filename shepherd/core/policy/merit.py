"""The order in which hosts are lent and reclaimed.

Guests share what reclaims cost them: of hosts on which about as much work would be lost, those of the guest who has
most go first. Jobs that will soon have run as long as they may are left to end, as far as there are other hosts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from shepherd.model.host import HostState
from shepherd.model.observation import FlockStartd
from shepherd.model.view import HostView, PoolView

FREE = (False, False, 0, 0)
UNKNOWN_AGE_S = 86400.0
SOON_S = 600.0
"""Jobs that end within this time are nearly done."""


def homecoming_order(view: PoolView) -> list[HostView]:
    """All that are out: those not yet serving first, then without guests, then by the work lost (to a power of two),
    nearly done last; then of the guest who has most, then the latest lent."""
    out = [host for host in view.hosts.values() if host.is_out]
    share = _shares(out)

    def merit(host: HostView) -> tuple[bool, bool, tuple[bool, bool, int, int], float, str]:
        cost = _cost(host.flock, share, view.at_s) if host.flock else FREE
        return host.pinned, host.state is HostState.FLOCK, cost, -host.since_s, host.host

    return sorted(out, key=merit)


def _shares(out: Iterable[HostView]) -> Counter[str]:
    """Hosts by guest."""
    return Counter(guest for host in out if host.flock for guest in host.flock.guests)


def _cost(flock: FlockStartd, share: Mapping[str, int], now: float) -> tuple[bool, bool, int, int]:
    nearly_done = flock.ends_by_s is not None and now <= flock.ends_by_s <= now + SOON_S
    held = max((share[guest] for guest in flock.guests), default=0)
    return flock.claimed_slots > 0, nearly_done, int(work_s(flock, now)).bit_length(), -held


def work_s(flock: FlockStartd, now: float) -> float:
    """Core-seconds that guests' jobs have had; claims of unknown age count as a day old."""
    age_s = max(0.0, now - flock.working_since_s) if flock.working_since_s else UNKNOWN_AGE_S
    return age_s * max(flock.claimed_cpus, flock.claimed_slots)


def lending_order(view: PoolView) -> list[HostView]:
    """All that could be lent: pinned ones first, then idle longest."""
    able = [host for host in view.hosts.values() if not host.blocked]
    return sorted(able, key=lambda h: (not h.pinned, h.idle_since_s, h.host))
