"""Why a host was in its herd at a recorded moment."""

from collections.abc import Iterable, Sequence

from shepherd.core.policy.view import view_of
from shepherd.model.demand import NOTHING
from shepherd.model.host import Herd, HostName
from shepherd.model.moment import Moment, Said
from shepherd.model.settings import Settings
from shepherd.model.story import HostStory, LendStory, Named
from shepherd.model.view import PoolView


def host_story(
    moment: Moment,
    host: HostName,
    settings: Settings,
    said: Iterable[Said],
    lends: Sequence[LendStory],
) -> HostStory | None:
    """One host at a moment; None if nothing was known of it. `said`: the decisions until then, the newest first."""
    seen = view_at(moment, settings).hosts.get(host)
    if seen is None:
        return None
    last, named = _last_and_named(said, host)
    facts = moment.snapshot.hosts.get(host)
    regular = facts.regular if facts else None
    gives = regular.gives if regular else seen.gives
    return HostStory(
        host=host,
        at_s=moment.at_s,
        state=seen.state,
        why=seen.why,
        blocked=seen.blocked if not seen.why else "",
        gives=gives.whole,
        free=gives.free if regular else NOTHING,
        idle_since_s=regular.idle_since_s if regular else None,
        last=last,
        named=named,
        lends=tuple(lends),
    )


def words_for(said: Said, host: HostName) -> str:
    """What a decision said of a host; empty if nothing."""
    for order in said.orders:
        if order.host == host:
            return f"{'lend' if order.herd is Herd.FLOCK else 'reclaim'} ordered: {order.why}"
    return next((f"stays: {one.why}" for one in said.refusals if one.host == host), "")


def _last_and_named(said: Iterable[Said], host: HostName) -> tuple[Said | None, Named | None]:
    last: Said | None = None
    for one in said:
        last = last or one
        if words := words_for(one, host):
            return last, Named(said=one, words=words)
    return last, None


def view_at(moment: Moment, settings: Settings) -> PoolView:
    """The pool as the policy saw it."""
    return view_of(moment.snapshot, moment.switches, moment.memories, settings, moment.at_s, moment.bars)
