"""The order in which hosts are lent and reclaimed."""

from shepherd.model.host import HostState
from shepherd.model.view import HostView, PoolView


def homecoming_order(view: PoolView) -> list[HostView]:
    """All that are out: those not yet serving first, then least guest work lost, then the latest lent."""
    out = [host for host in view.hosts.values() if host.is_out]
    return sorted(
        out,
        key=lambda h: (h.pinned, h.state is HostState.FLOCK, h.guest_slots > 0, h.guest_work_s, -h.since_s, h.host),
    )


def lending_order(view: PoolView) -> list[HostView]:
    """All that could be lent: pinned ones first, then idle longest."""
    able = [host for host in view.hosts.values() if not host.blocked]
    return sorted(able, key=lambda h: (not h.pinned, h.idle_since_s, h.host))
