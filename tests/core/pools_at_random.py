"""Pools, queues and pasts for property tests of decisions: anything that a snapshot can say, and histories of it."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from shepherd.model.demand import Demand, DemandGroup, Gives, Resources
from shepherd.model.host import HostName
from shepherd.model.observation import HostFacts, KeeperPhase, Snapshot
from shepherd.model.orders import Stage, SwitchRecord
from shepherd.model.past import Fewest, Given, Past, Waiting
from shepherd.model.settings import PolicyKind, PolicySettings
from tests.build import NOW, facts, flock_startd, idle_host, keeper, record, regular, snapshot

SHAPES = (
    Resources(cpus=4, memory_mib=8192, disk_kib=1_000_000),
    Resources(cpus=16, memory_mib=65536, disk_kib=9_000_000),
    Resources(cpus=64, memory_mib=131072, disk_kib=9_000_000, gpus=2),
)
"""Of hosts."""

ASKS = (
    Resources(cpus=1, memory_mib=1024, disk_kib=1000),
    Resources(cpus=1, memory_mib=30000, disk_kib=1000),
    Resources(cpus=3, memory_mib=4000, disk_kib=500_000),
    Resources(cpus=16, memory_mib=60000, disk_kib=1000),
    Resources(cpus=2, memory_mib=2000, disk_kib=1000, gpus=1),
    Resources(cpus=65, memory_mib=1024, disk_kib=1000),
)
"""Of jobs; nothing takes the last."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """What `decide` is given."""

    hosts: tuple[HostFacts, ...]
    records: Mapping[HostName, SwitchRecord]
    groups: tuple[DemandGroup, ...]
    past: Past

    def snapshot(self, groups: tuple[DemandGroup, ...] | None = None) -> Snapshot:
        """With these idle jobs instead."""
        groups = self.groups if groups is None else groups
        seen = snapshot(*self.hosts, idle_jobs=sum(group.jobs for group in groups))
        assert seen.queue is not None
        return dataclasses.replace(seen, queue=dataclasses.replace(seen.queue, demand=Demand(groups=groups, at_s=NOW)))


def policies() -> st.SearchStrategy[PolicySettings]:
    """Of the kind `demand`, with any settings that the rules let through."""
    return st.builds(
        PolicySettings,
        kind=st.just(PolicyKind.DEMAND),
        reserve=st.sampled_from((0.0, 0.1, 0.25, 0.5, 1.0)),
        idle_reserve=st.integers(0, 3),
        lend_share=st.sampled_from((0.01, 0.1, 0.5, 1.0)),
        wait_target_s=st.sampled_from((0.0, 120.0, 600.0)),
        quiet_s=st.sampled_from((0.0, 60.0, 300.0)),
        arming_at_once=st.integers(1, 12),
    )


def any_groups(most: int = 40) -> st.SearchStrategy[tuple[DemandGroup, ...]]:
    """Each shape once at most."""
    group = st.builds(DemandGroup, asks=st.sampled_from(ASKS), jobs=st.integers(1, most), soon=st.integers(0, 3))
    return st.lists(group, max_size=len(ASKS), unique_by=lambda one: one.asks).map(tuple)


def pasts() -> st.SearchStrategy[Past]:
    """Whatever may have been remembered."""
    kinds = st.lists(st.sampled_from(SHAPES).map(lambda one: one._replace(disk_kib=0)), max_size=3, unique=True)
    ages = st.floats(0.0, 2000.0, allow_nan=False).map(lambda age: NOW - age)
    counts = st.integers(0, 40)
    fewest = st.builds(Fewest, from_s=ages, now=counts, before=st.none() | counts)
    waiting = st.builds(
        Waiting, asks=st.sampled_from(ASKS), jobs=counts, fewest=fewest, due=fewest, stuck=counts,
        passed=kinds.map(lambda some: tuple(sorted(some))), proven_s=ages,
    )  # fmt: skip
    lends = st.lists(st.builds(Given, at_s=ages, hosts=st.integers(1, 9)), max_size=3)
    several = st.lists(waiting, max_size=4, unique_by=lambda one: one.asks)
    return st.builds(Past, lends=lends.map(tuple), waiting=several.map(tuple))


@st.composite
def worlds(draw: st.DrawFn, shapes: tuple[Resources, ...] = SHAPES, most_hosts: int = 12) -> World:
    """Hosts in all states, idle jobs, and a past."""
    count = draw(st.integers(1, most_hosts))
    hosts: list[HostFacts] = []
    records: dict[HostName, SwitchRecord] = {}
    for number in range(count):
        name, whole = f"p{200 + number}", draw(st.sampled_from(shapes))
        what = draw(st.sampled_from(("idle", "idle", "busy", "lent", "lent", "leaving", "arming", "held", "silent")))
        seen, kept = _host(draw, name, whole, what)
        hosts.append(seen)
        records |= {kept.host: kept} if kept else {}
    return World(hosts=tuple(hosts), records=records, groups=draw(any_groups()), past=draw(pasts()))


def _host(draw: st.DrawFn, name: str, whole: Resources, what: str) -> tuple[HostFacts, SwitchRecord | None]:
    gives = Gives(whole, whole, whole)
    sizes: dict[str, Any] = whole._asdict()
    age_s = draw(st.sampled_from((5.0, 100.0, 400.0, 5000.0)))
    match what:
        case "idle":
            seen = idle_host(name)
            return dataclasses.replace(seen, regular=regular(idle_since_s=NOW - age_s, **sizes)), None
        case "busy":
            used = draw(st.integers(1, whole.cpus))
            free = whole._replace(cpus=whole.cpus - used, memory_mib=whole.memory_mib // 2)
            return facts(name, regular=regular(busy=used, idle_since_s=None, free=free, **sizes), keeper=keeper()), None
        case "held":
            return facts(name, regular=regular(drain="disk swap", **sizes), keeper=keeper()), None
        case "silent":
            return facts(name), None
        case "arming":
            kept = record(name, Stage.GRANTED, gives=gives, cpus=whole.cpus)
            return facts(name, regular=regular(**sizes), keeper=keeper()), kept
        case _:
            stage = Stage.LENT if what == "lent" else Stage.OFF_ORDERED
            kept = record(name, stage, gives=gives, cpus=whole.cpus, stage_at_s=NOW - age_s)
            busy = draw(st.integers(0, 2))
            guests = ("alice@uni",) if busy else ()
            work: dict[str, Any] = {"claimed_cpus": busy, "working_since_s": NOW - age_s, "guests": guests}
            flock = dataclasses.replace(flock_startd(busy=busy), **work)
            return facts(name, flock=flock, keeper=keeper(KeeperPhase.FLOCKING, lease=kept.lease)), kept
