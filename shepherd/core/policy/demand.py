"""The policy that looks at what idle local jobs ask for.

What they ask for and no local host has free comes home at once. What nobody has wanted for `quiet_s`, and what local
work did not need at its peak within that time, is lent.
"""

from collections import Counter
from collections.abc import Iterable

from shepherd.core.demand.fit import fits
from shepherd.core.demand.pack import pack
from shepherd.core.policy.merit import homecoming_order, lending_order
from shepherd.model.demand import Demand, DemandGroup, Gives
from shepherd.model.host import HostName, HostState
from shepherd.model.past import Past
from shepherd.model.settings import Settings
from shepherd.model.view import HostView, PoolView, Want


def want(view: PoolView, past: Past, settings: Settings) -> Want:
    """What comes home and what may be lent."""
    if view.demand is None:
        return Want(why="the local queue is not known", past=past)
    asked, unfit = _sifted(view.demand, view)
    here = Counter(host.gives for host in view.hosts.values() if _serves(host))
    packed = pack(asked, here)
    jobs = f"{view.idle_jobs} idle local jobs"
    home = _home(packed.left, view)
    if home:
        waiting = sum(group.jobs for group in packed.left)
        why = f"{jobs}, {waiting} of them find no local host"
        return Want(reclaim=len(home), home=home, why=why, past=past, unfit=unfit)
    out = _out(packed.used, view, settings)
    share = int(settings.policy.lend_share * sum(1 for host in view.hosts.values() if host.cpus))
    budget = max(1, share)
    return Want(
        lend=min(len(out), budget),
        out=out,
        stays="local work may want it soon",
        at_once=budget,
        why=f"{jobs}, all served by local hosts" if view.idle_jobs else "no idle local jobs",
        past=past,
        unfit=unfit,
    )


def _sifted(demand: Demand, view: PoolView) -> tuple[list[DemandGroup], tuple[DemandGroup, ...]]:
    """Groups that fit some host, and those that fit none."""
    kinds = {host.gives for host in view.hosts.values()}
    asked: list[DemandGroup] = []
    unfit: list[DemandGroup] = []
    for group in demand.groups:
        (asked if any(fits(group.asks, gives) for gives in kinds) else unfit).append(group)
    return asked, tuple(unfit)


def _serves(host: HostView) -> bool:
    """It takes local jobs, or will without our doing."""
    return host.state in {HostState.LOCAL, HostState.LEAVING}


def _home(left: Iterable[DemandGroup], view: PoolView) -> tuple[HostName, ...]:
    """Lent hosts that take what is left over, those first that lose the least guest work."""
    lent = homecoming_order(view)
    packed = pack(left, Counter(host.gives for host in lent))
    taken: list[HostName] = []
    for host in lent:
        if packed.used[host.gives] > 0:
            packed.used[host.gives] -= 1
            taken.append(host.host)
    return tuple(taken)


def _out(used: Counter[Gives], view: PoolView, settings: Settings) -> tuple[HostName, ...]:
    """Idle hosts that no idle job is packed onto, and that have been quiet for long enough."""
    out: list[HostName] = []
    spare = Counter(used)
    for host in lending_order(view):
        if spare[host.gives] > 0:
            spare[host.gives] -= 1
        elif view.at_s - host.idle_since_s >= settings.policy.quiet_s or host.pinned:
            out.append(host.host)
    return tuple(out)
