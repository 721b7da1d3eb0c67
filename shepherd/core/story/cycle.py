"""What a recorded decision was made from, and what came of it."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

from shepherd.core.demand.fit import times
from shepherd.core.replay.again import is_same, made_again
from shepherd.core.replay.local_work import queued_jobs, rooms_of
from shepherd.core.story.host import view_at
from shepherd.model.demand import Gives, Resources
from shepherd.model.moment import Moment, Said
from shepherd.model.settings import PolicySettings, Settings
from shepherd.model.story import CycleStory, Ordered, Waited
from shepherd.model.view import HostView, PoolView


def cycle_story(moment: Moment, said: Said, settings: Settings, ordered: Sequence[Ordered]) -> CycleStory:
    """One decision, and what it was made from."""
    view, queue = view_at(moment, settings), moment.snapshot.queue
    again = made_again(moment, settings)
    return CycleStory(
        said=said,
        states=dict(Counter(host.state for host in view.hosts.values())),
        idle_jobs=queue.idle_jobs if queue else None,
        running_jobs=queue.running_jobs if queue else None,
        waited=_waited(moment, view),
        problems=tuple(f"{of.value}: {one.problem}" for of, one in moment.snapshot.readings.items() if one.problem),
        settings=_unusual(settings.policy),
        again="" if is_same(said, again) else again.sentence,
        ordered=tuple(ordered),
    )


def _waited(moment: Moment, view: PoolView) -> tuple[Waited, ...]:
    """Hosts that give the same are judged once."""
    local = {host: one for host, one in moment.snapshot.hosts.items() if host not in moment.switches}
    free = Counter(rooms_of(local).values())
    out = Counter(_as_home(host) for name, host in view.hosts.items() if name in moment.switches)
    jobs = queued_jobs(moment.snapshot.queue)
    rows = (
        Waited(asks=asks, jobs=count, local_hosts=_with_room(asks, free), out_hosts=_with_room(asks, out))
        for asks, count in jobs.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.jobs * row.asks.cpus, row.asks)))


def _as_home(host: HostView) -> Gives:
    return host.gives._replace(free=host.gives.whole)


def _with_room(asks: Resources, hosts: Mapping[Gives, int]) -> int:
    return sum(n for gives, n in hosts.items() if times(asks, gives.free) and times(asks, gives.largest))


def _unusual(policy: PolicySettings) -> dict[str, object]:
    usual = PolicySettings()
    names = (field.name for field in dataclasses.fields(policy))
    return {name: getattr(policy, name) for name in names if getattr(policy, name) != getattr(usual, name)}
