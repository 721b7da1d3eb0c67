"""What holds of every decision whatever people have said: pins, hours of maintenance, bans, quarantines, a flockoff."""

import dataclasses
import random

from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.policy.decide import decide
from shepherd.core.policy.view import view_of
from shepherd.model.demand import Demand, DemandGroup, Gives, Resources
from shepherd.model.flockoff import FlockOff
from shepherd.model.host import LENT, Herd, HostName, HostState
from shepherd.model.observation import HostFacts, Snapshot
from shepherd.model.orders import HOMEWARD, HostMemory, Verdict
from shepherd.model.settings import HostSettings, PolicyKind, PolicySettings, Settings
from shepherd.model.stop import Ban, BanKind
from shepherd.model.view import Bars, PoolView
from tests.build import IMAGE, NOW
from tests.build import settings as site
from tests.core.pools_at_random import World, any_groups, policies, worlds

KINDS = st.sampled_from(PolicyKind)
ALWAYS = "Mon-Sun 00:00-00:00"
OFF = FlockOff(since_s=NOW, who="admin", why="storage", until_s=None, from_file=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class People:
    """What they have said, and what the queue tells beside shapes."""

    hosts: HostSettings
    bars: Bars
    memories: dict[HostName, HostMemory]
    soon: int
    unasked: bool


NAMES = [HostName(f"p{200 + number}") for number in range(12)]
SOME = st.lists(st.sampled_from(NAMES), max_size=3, unique=True).map(tuple)


@st.composite
def people(draw: st.DrawFn) -> People:
    """Any of it at once, contradictions and all."""
    windows = draw(st.lists(st.sampled_from([f"{ALWAYS} p20?", f"{ALWAYS} p201,P205", f"{ALWAYS} *"]), max_size=1))
    hosts = HostSettings(exclude=draw(SOME), always_lend=draw(SOME), maintenance=tuple(windows))
    kinds = st.sampled_from([(BanKind.HOST, NAMES[2]), (BanKind.IMAGE, IMAGE), (BanKind.USER, "eve@uni")])
    bans = [
        Ban(kind=kind, value=value, at_s=NOW, until_s=None, who="admin", why="harm")
        for kind, value in draw(st.lists(kinds, max_size=2))
    ]
    quarantined = draw(SOME)
    why = dict.fromkeys(quarantined, "quarantined by admin: harm")
    bars = Bars(bans=tuple(bans), why=why, held=frozenset(quarantined[:1]))
    cooling = st.builds(HostMemory, failures=st.just(1), not_before_s=st.sampled_from((NOW - 1, NOW + 60, NOW + 1e7)))
    memories = {host: draw(cooling) for host in draw(SOME)}
    soon = draw(st.sampled_from((0, 3, 10**9)))
    return People(hosts=hosts, bars=bars, memories=memories, soon=soon, unasked=draw(st.booleans()))


AMOUNTS = st.builds(Resources, st.integers(0, 64), *[st.integers(0, 1 << 20)] * 2, st.integers(0, 4))
SLOTS = st.none() | st.builds(Resources, cpus=st.integers(1, 4), memory_mib=st.integers(0, 8192))


@st.composite
def odd_worlds(draw: st.DrawFn) -> World:
    """Also with static slots, hosts that do not tell what they have, and leftovers that do not add up."""
    world = draw(worlds())
    odd = draw(st.lists(st.tuples(SLOTS, AMOUNTS), min_size=len(world.hosts), max_size=len(world.hosts)))
    return dataclasses.replace(world, hosts=tuple(map(_odder, world.hosts, odd)))


def _odder(host: HostFacts, odd: tuple[Resources | None, Resources]) -> HostFacts:
    regular, (slot, left) = host.regular, odd
    if regular is None or slot is None:
        return host
    free = left if regular.claimed_slots else None
    return dataclasses.replace(host, regular=dataclasses.replace(regular, largest=slot, free=free))


def seen_by(world: World, said: People, groups: tuple[DemandGroup, ...] | None = None) -> Snapshot:
    groups = world.groups if groups is None else groups
    seen = world.snapshot(groups)
    assert seen.queue is not None
    told = Demand(groups=groups, at_s=NOW, soon=said.soon, unasked=("b",) if said.unasked else ())
    more = 7 if said.unasked else 0
    queue = dataclasses.replace(seen.queue, demand=told, idle_jobs=seen.queue.idle_jobs + more)
    return dataclasses.replace(seen, queue=queue)


def settings_of(policy: PolicySettings, said: People) -> Settings:
    return site(policy, hosts=said.hosts)


def verdict(world, policy, said, groups=None, *, off=None, is_cycle=True) -> Verdict:
    return decide(
        seen_by(world, said, groups), world.records, said.memories, off, settings_of(policy, said), NOW,
        is_cycle=is_cycle, bars=said.bars, past=world.past,
    )  # fmt: skip


def judged(world: World, policy: PolicySettings, said: People) -> PoolView:
    return view_of(seen_by(world, said), world.records, said.memories, settings_of(policy, said), NOW, said.bars)


def moved(found: Verdict, herd: Herd) -> list[HostName]:
    return [order.host for order in found.orders if order.herd is herd]


@given(odd_worlds(), policies(), KINDS, people())
def test_nobody_is_lent_whom_people_keep(world, policy, kind, said):
    """A pin, a ban and a maintenance were each kept, and together the last one won."""
    found = verdict(world, dataclasses.replace(policy, kind=kind), said)
    for host in moved(found, Herd.FLOCK):
        assert host not in {name.casefold() for name in said.hosts.exclude}
        assert host not in said.bars.why
        assert not any(ban.value in {host, IMAGE} for ban in said.bars.bans)
        assert not NOW < said.memories.get(host, HostMemory()).not_before_s < NOW + 1e6
        assert not any(text.endswith("*") or host in text.casefold() for text in said.hosts.maintenance)
        assert not any(text.endswith("p20?") and host < "p210" for text in said.hosts.maintenance)
    assert len(found.orders) == len({order.host for order in found.orders}), "one order a host"


@given(odd_worlds(), policies(), KINDS, people())
def test_whoever_must_be_home_is_called_at_any_look_and_once(world, policy, kind, said):
    """A host under maintenance was called home at the next cycle, when somebody already stood before it."""
    policy = dataclasses.replace(policy, kind=kind)
    view = judged(world, policy, said)
    must = {name for name, host in view.hosts.items() if host.recalled and host.is_out}
    for is_cycle in (True, False):
        home = moved(verdict(world, policy, said, is_cycle=is_cycle), Herd.LOCAL)
        assert must <= set(home)
        assert len(home) == len(set(home))
    excluded = {name for name in world.records if name in said.hosts.exclude}
    assert {name for name in excluded if world.records[name].stage not in HOMEWARD} <= must


@given(odd_worlds(), policies(), KINDS, people())
def test_a_flockoff_calls_all_home_whatever_else_is_said(world, policy, kind, said):
    """Hosts of `always_lend` stayed out: always was taken at its word."""
    found = verdict(world, dataclasses.replace(policy, kind=kind), said, off=OFF, is_cycle=False)
    out = {name for name, record in world.records.items() if record.stage not in HOMEWARD}
    assert set(moved(found, Herd.LOCAL)) == out
    assert moved(found, Herd.FLOCK) == []


@given(odd_worlds(), policies(), people())
def test_the_reserve_holds_against_pins_too(world, policy, said):
    """6: three hosts were to be lent always, of four; the office's jobs waited for the one that was left."""
    view = judged(world, policy, said)
    lent = moved(verdict(world, policy, said), Herd.FLOCK)
    left = view.local_cpus - sum(view.hosts[host].cpus for host in lent)
    assert not lent or left >= policy.reserve * view.usable_cpus
    assert not lent or sum(host.idle for host in view.hosts.values()) - len(lent) >= policy.idle_reserve


@given(odd_worlds(), policies(), people(), any_groups())
def test_more_local_demand_never_lends_more_whatever_is_said(world, policy, said, more):
    """A campaign that was laid over static slots let a pinned host go that a smaller one had kept."""
    jobs = {group.asks: group for group in world.groups}
    for group in more:
        before = jobs.get(group.asks, DemandGroup(asks=group.asks, jobs=0))
        jobs[group.asks] = dataclasses.replace(before, jobs=before.jobs + group.jobs, soon=before.soon + group.soon)
    less, greater = verdict(world, policy, said), verdict(world, policy, said, tuple(jobs.values()))
    assert len(moved(greater, Herd.FLOCK)) <= len(moved(less, Herd.FLOCK))


@given(odd_worlds(), policies(), KINDS, people(), st.randoms(use_true_random=False))
def test_no_order_of_anything_matters_whatever_is_said(world, policy, kind, said, rnd: random.Random):
    """Two shepherds that took over from each other moved hosts to and fro, because their settings listed them
    otherwise."""
    policy = dataclasses.replace(policy, kind=kind)
    hosts, groups = list(world.hosts), list(world.groups)
    pins = dataclasses.replace(
        said.hosts, exclude=tuple(reversed(said.hosts.exclude)), always_lend=tuple(reversed(said.hosts.always_lend))
    )
    rnd.shuffle(hosts)
    rnd.shuffle(groups)
    shuffled = dataclasses.replace(world, hosts=tuple(hosts), groups=tuple(groups))
    assert verdict(shuffled, policy, dataclasses.replace(said, hosts=pins)) == verdict(world, policy, said)


@given(odd_worlds(), policies(), KINDS, people())
def test_only_what_is_out_comes_home_and_only_what_is_local_goes_out(world, policy, kind, said):
    """A host that somebody had drained was ordered home each look, and the record was full of it."""
    policy = dataclasses.replace(policy, kind=kind)
    view, found = judged(world, policy, said), verdict(world, policy, said)
    assert all(view.hosts[host].is_out for host in moved(found, Herd.LOCAL))
    assert all(view.hosts[host].state is HostState.LOCAL for host in moved(found, Herd.FLOCK))
    gone = {name for name, host in view.hosts.items() if host.state in LENT}
    assert gone.isdisjoint(moved(found, Herd.FLOCK))
    assert all(isinstance(host.gives, Gives) for host in view.hosts.values())
