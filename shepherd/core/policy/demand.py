"""The policy that looks at what idle local jobs ask for.

What they ask for and no local host has free comes home at once. What they do not ask for, and nobody has used for
`quiet_s`, is lent.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from shepherd.core.demand.fit import best_of, kind_of, times
from shepherd.core.demand.homecoming import brought_home
from shepherd.core.demand.pack import Row, Seats, laid, seats_of
from shepherd.core.demand.waiting import Request, looked, requests
from shepherd.core.policy.choose import lend_budget, let_go, refusal
from shepherd.core.policy.merit import homecoming_order, lending_order
from shepherd.core.policy.view import OUT
from shepherd.model.demand import DemandGroup, Resources
from shepherd.model.host import HostName, HostState
from shepherd.model.orders import Refusal
from shepherd.model.past import Past, Waiting
from shepherd.model.settings import PolicySettings, Settings, TimerSettings
from shepherd.model.view import HostView, PoolView, Want

BUDGET_S = 300.0
"""`lend_share` is of this time, however often is decided."""
NEGOTIATION_S = 60.0
"""From an idle slot to a job on it: NEGOTIATOR_INTERVAL, HTCondor's default."""
BACK_S = 15.0
"""From the container's end to the regular startd in the collector."""

Known = Mapping[Resources, Waiting]


def want(view: PoolView, past: Past, settings: Settings) -> Want:
    """What comes home and what may be lent."""
    if view.demand is None:
        return Want(why="the local queue is not known", past=past)
    asked, unfit = _sifted(view.demand.groups, view)
    known = {one.asks: one for one in past.waiting}
    patience_s = _patience_s(settings)
    long_free = _long_free(view, settings.policy)
    seen = looked(
        asked, known, long_free, view.at_s,
        stuck_s=settings.policy.stuck_s, patience_s=patience_s,
    )  # fmt: skip
    after = Past(lends=past.lends, waiting=tuple(seen[asks] for asks in sorted(seen)))
    stuck = tuple(DemandGroup(asks=one.asks, jobs=min(one.stuck, one.jobs)) for one in after.waiting if one.stuck)
    due = requests(asked, known, seen if patience_s > 0 else None)
    left, rows = _served(due, view)
    home = brought_home(left, [(host.host, host.gives) for host in homecoming_order(view)]) if left else ()
    why = _why(view, unfit, stuck, left)
    if home:
        return Want(reclaim=len(home), home=home, why=why, past=after, unfit=unfit, stuck=stuck)
    wanted = requests(asked, known)
    if view.demand.soon:
        wanted.append(Request(asks=Resources(cpus=1), jobs=view.demand.soon, passed=frozenset(long_free)))
    out, stay = _out(rows if wanted == due else _served(wanted, view)[1], view, settings.policy)
    budget = _budget(view, past, settings.policy)
    return Want(
        lend=min(budget, len(out)), enough=_spent(settings.policy), out=out, stay=stay,
        at_once=min(budget, 2 * _proven(view)), why=why, past=after, unfit=unfit, stuck=stuck,
    )  # fmt: skip


def _patience_s(settings: Settings) -> float:
    """How long jobs may wait for local hosts before others must be on their way."""
    return settings.policy.wait_target_s - way_home_s(settings.timers)


def way_home_s(timers: TimerSettings) -> float:
    """From a job in the queue to the job on a host that guests had, at most."""
    notice_s = timers.graceful_s + timers.fast_s + timers.kill_s
    return timers.look_s + notice_s + BACK_S + NEGOTIATION_S


def _sifted(
    groups: Sequence[DemandGroup], view: PoolView
) -> tuple[tuple[DemandGroup, ...], tuple[DemandGroup, ...]]:
    """Groups that fit some host, and those that fit none, the smallest first."""
    best = best_of({host.gives.largest for host in view.hosts.values()})
    asked: list[DemandGroup] = []
    unfit: list[DemandGroup] = []
    for group in sorted(groups, key=lambda group: group.asks):
        fits = any(times(group.asks, slot) for slot in best)
        (asked if fits else unfit).append(group)
    return tuple(asked), tuple(unfit)


def _long_free(view: PoolView, policy: PolicySettings) -> dict[Resources, Resources]:
    """Kinds of hosts that have stood free for `stuck_s`, with the roomiest of each."""
    roomiest: dict[Resources, Resources] = {}
    for host in view.hosts.values():
        if host.idle and 0 < host.idle_since_s <= view.at_s - policy.stuck_s:
            kind, slot = kind_of(host.gives.whole), host.gives.largest
            roomiest[kind] = max(slot, roomiest.get(kind, slot))
    return roomiest


def _served(wanted: Sequence[Request], view: PoolView) -> tuple[list[Request], list[Row]]:
    """What no local host takes, and how far the hosts without jobs are used: the others are filled up first."""
    partly: list[Seats] = []
    whole: list[Seats] = []
    for host in view.hosts.values():
        if _is_free(host):
            whole.append(_seats(host))
        elif host.state is HostState.LOCAL and host.gives.free.cpus > 0:
            partly.append(seats_of(host.gives, host.gives.free))
    rows = _rows(whole)
    return laid(laid(wanted, _rows(partly)), rows), rows


def _is_free(host: HostView) -> bool:
    """It has no job, or will be back without our doing."""
    return host.idle or host.state is HostState.LEAVING


def _rows(hosts: Iterable[Seats]) -> list[Row]:
    return [Row(seats, number) for seats, number in Counter(hosts).items()]


def _seats(host: HostView) -> Seats:
    """Of a host without jobs."""
    return seats_of(host.gives, host.gives.whole)


def _out(
    rows: Iterable[Row], view: PoolView, policy: PolicySettings
) -> tuple[tuple[HostName, ...], tuple[Refusal, ...]]:
    """Hosts that may be lent, best first, and why others that could be stay. `rows`: how far hosts without jobs are
    wanted."""
    able = lending_order(view)
    quiet_since_s = view.at_s - policy.quiet_s
    quiet = [host for host in able if host.pinned or host.idle_since_s <= quiet_since_s]
    may, stay = let_go(view, quiet, len(quiet), policy)
    stay += [refusal(h, _how_quiet(policy)) for h in able if not h.pinned and h.idle_since_s > quiet_since_s]
    kept = _kept(view, may, {Seats(row.key, row.seats, row.kind): row.used for row in rows if row.used})
    stay += [refusal(host, "idle local jobs want it") for host in may if host.host in kept]
    return tuple(host.host for host in may if host.host not in kept), tuple(stay)


def _how_quiet(policy: PolicySettings) -> str:
    return f"it has not been idle for {policy.quiet_s:.0f} s"


def _kept(view: PoolView, may: Sequence[HostView], used: dict[Seats, int]) -> set[HostName]:
    """The hosts that jobs wait for: of those that are alike first such as would stay anyway, then the last to go,
    pinned ones at the very last. A pinned one that is lent from under jobs would be called back at the next look."""
    if not used:
        return set()
    going = {host.host for host in may}
    stay = [host for host in view.hosts.values() if _is_free(host) and host.host not in going]
    kept = set()
    last_first = may[::-1]
    pinned, others = ([host for host in last_first if host.pinned is pin] for pin in (True, False))
    for host in [*stay, *others, *pinned]:
        seats = _seats(host)
        if used.get(seats, 0) > 0:
            used[seats] -= 1
            kept.add(host.host)
    return kept


def _budget(view: PoolView, past: Past, policy: PolicySettings) -> int:
    """Hosts that may still be lent now."""
    usable = sum(1 for host in view.hosts.values() if host.state is HostState.LOCAL or host.state in OUT)
    given = sum(one.hosts for one in past.lends if 0 <= view.at_s - one.at_s < BUDGET_S)
    return max(0, lend_budget(policy, usable) - given)


def _spent(policy: PolicySettings) -> str:
    return f"the budget of {policy.lend_share:.0%} in {BUDGET_S:.0f} s is spent"


def _proven(view: PoolView) -> int:
    """Hosts that serve with the present image: a bad one must not take a tenth of the pool down at once."""
    return sum(1 for host in view.hosts.values() if host.proven)


def _why(
    view: PoolView, unfit: Iterable[DemandGroup], stuck: Iterable[DemandGroup], left: Iterable[Request]
) -> str:
    """The clause that leads the sentence."""
    jobs = f"{view.idle_jobs} idle local jobs" if view.idle_jobs else "no idle local jobs"
    parts = [
        (sum(group.jobs for group in unfit), "fit no host"),
        (sum(group.jobs for group in stuck), "wait for something else than hosts"),
        (sum(request.jobs for request in left), "find no local host free"),
    ]
    said = [f"{count} {what}" for count, what in parts if count]
    return f"{jobs}, of which {', '.join(said)}" if said else jobs
