"""The order in which hosts are lent and reclaimed.

Guests share what reclaims cost them: of hosts on which about as much work would be lost, those of the guest who has
most go first. Jobs that will soon have run as long as they may, and have run for longer than they still will, are left
to end, as far as there are other hosts. What a container says of its guests counts as far as it can be.
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
        cost = _cost(host, host.flock, share, view.at_s) if host.flock else FREE
        return host.pinned, host.state is HostState.FLOCK, cost, -host.since_s, host.host

    return sorted(out, key=merit)


def _shares(out: Iterable[HostView]) -> Counter[str]:
    """Hosts by guest."""
    return Counter(guest for host in out if host.flock for guest in set(map(guest_of, host.flock.guests)))


def guest_of(user: str) -> str:
    """The pool that a user comes from: a guest with many users has no more rights than one with few."""
    return user.rpartition("@")[2]


def _cost(
    host: HostView, flock: FlockStartd, share: Mapping[str, int], now: float
) -> tuple[bool, bool, int, int]:
    age_s = _age_s(host, flock, now)
    nearly_done = flock.ends_by_s is not None and 0 <= flock.ends_by_s - now <= min(SOON_S, age_s)
    held = max((share[guest_of(user)] for user in flock.guests), default=0)
    cpus = min(max(flock.claimed_cpus, flock.claimed_slots), max(1, host.cpus))
    return flock.claimed_slots > 0, nearly_done, int(age_s * cpus).bit_length(), -held


def _age_s(host: HostView, flock: FlockStartd, now: float) -> float:
    """How long its guests' jobs have run; a day if that is not known. No longer than it is lent."""
    age_s = now - flock.working_since_s if flock.working_since_s else UNKNOWN_AGE_S
    return min(max(0.0, age_s), max(0.0, now - host.since_s))


def lending_order(view: PoolView) -> list[HostView]:
    """All that could be lent: pinned ones first, then idle longest."""
    able = [host for host in view.hosts.values() if not host.blocked]
    return sorted(able, key=lambda h: (not h.pinned, h.idle_since_s, h.host))
