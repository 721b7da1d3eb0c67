"""What one decision takes beside its floor: `python -m shepherd.lab.bench_decide HOSTS SHAPES` prints one JSON object.

Hosts of many sizes, half of them partly used, a quarter lent; idle jobs of as many shapes as there may be, and more
than the pool can take: nothing is ever served early. The floor makes one value of each host and sorts them by name,
which any decision must.
"""

import dataclasses
import gc
import json
import random
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from shepherd.core.policy.decide import decide
from shepherd.lab.bench_hosts import NONCE, flock_name, host_names, lease_of, lent_records
from shepherd.lab.bench_process import run_bench
from shepherd.lab.bench_settings import bench_settings
from shepherd.model.demand import Demand, DemandGroup, Gives, Resources
from shepherd.model.host import HostName, HostPair, HostState
from shepherd.model.observation import (
    FlockStartd,
    HostFacts,
    KeeperPhase,
    KeeperReport,
    LockHolder,
    Queue,
    Reading,
    RegularStartd,
    Snapshot,
    Source,
)
from shepherd.model.orders import SwitchRecord
from shepherd.model.view import HostView

ROUNDS = 7
SIZES = ((1_000, 100), (10_000, 1_000))
LIMIT_S = 0.1
RATIO = 20.0
GROWTH = 1.5
"""Ten times the hosts and shapes may take this much more than ten times as long."""
CPUS, MIB_A_CPU = (8, 16, 32, 64, 128), (2048, 4096, 8192)
ASKED_CPUS = (1, 1, 1, 2, 4, 8, 16, 64)

Figures = Mapping[str, Any]


def measure() -> list[Figures]:
    """Each size in a process of its own."""
    found = []
    for hosts, shapes in SIZES:
        found.append(run_bench("bench_decide", str(hosts), str(shapes), timeout_s=300))
        print(
            f"a decision about {hosts} hosts and jobs of {shapes} shapes takes {found[-1]['decide_s'] * 1e3:.0f} ms,"
            f" its floor {found[-1]['floor_s'] * 1e3:.0f} ms",
            flush=True,
        )
    return found


def missed(found: list[Figures]) -> list[str]:
    """Each missed goal in one line; seconds first."""
    small, large = found[0], found[-1]
    times = large["hosts"] / small["hosts"]
    goals = {
        f"a decision takes {large['decide_s']:.3f} s, goal {LIMIT_S:g}": large["decide_s"] > LIMIT_S,
        f"a decision takes {large['ratio']:.1f} times its floor, goal {RATIO:g}": large["ratio"] > RATIO,
        f"{times:g} times the hosts take {large['decide_s'] / small['decide_s']:.0f} times as long to decide": (
            large["decide_s"] > GROWTH * times * small["decide_s"]
        ),
        f"of {large['hosts']} hosts {large['moved']} move: that is not the burst that was meant": large["moved"] == 0,
    }
    return [goal for goal, is_missed in goals.items() if is_missed]


def main() -> None:
    """Measure in processor time: what else the machine does is not meant."""
    hosts, shapes = int(sys.argv[1]), int(sys.argv[2])
    settings, now = bench_settings(), time.time()
    records = _records(hosts, settings.flock.image)
    snapshot = _snapshot(hosts, shapes, records, now)
    past = decide(snapshot, records, {}, None, settings, now, is_cycle=True).past
    gc.collect()
    gc.freeze()
    found = decide(snapshot, records, {}, None, settings, now, is_cycle=True, past=past)
    decide_s = _least_s(lambda: decide(snapshot, records, {}, None, settings, now, is_cycle=True, past=past))
    floor_s = _least_s(lambda: _floor(snapshot))
    figures = {"decide_s": decide_s, "floor_s": floor_s, "ratio": decide_s / floor_s, "moved": len(found.orders)}
    print(json.dumps({"hosts": hosts, "shapes": shapes, **figures}))


def _least_s(act: Callable[[], object]) -> float:
    def once() -> float:
        began = time.process_time()
        act()
        return time.process_time() - began

    return min(once() for _ in range(ROUNDS))


def _floor(snapshot: Snapshot) -> object:
    return sorted(
        HostView(
            host=name, state=HostState.LOCAL, why="", cpus=1, idle=True, idle_since_s=0.0, blocked="", since_s=0.0,
            is_out=False,
        )
        for name in snapshot.hosts
    )  # fmt: skip


def _records(hosts: int, image: str) -> dict[HostName, SwitchRecord]:
    rnd = random.Random(hosts)
    return {
        name: dataclasses.replace(record, gives=Gives(*[_size(rnd)] * 3))
        for name, record in lent_records(hosts, image).items()
    }


def _size(rnd: random.Random) -> Resources:
    cpus = rnd.choice(CPUS)
    return Resources(cpus, cpus * rnd.choice(MIB_A_CPU), cpus * rnd.randrange(9 << 20, 10 << 20))


def _snapshot(hosts: int, shapes: int, records: Mapping[HostName, SwitchRecord], now: float) -> Snapshot:
    rnd = random.Random(shapes)
    groups = tuple(
        DemandGroup(
            asks=Resources(rnd.choice(ASKED_CPUS), rnd.randrange(500, 60_000), rnd.randrange(1_000, 50_000_000)),
            jobs=rnd.randrange(1, 200),
        )
        for _ in range(shapes)
    )
    seen = {name: _host(rnd, name, now, is_lent=name in records) for name in host_names(hosts)}
    jobs = sum(group.jobs for group in groups)
    queue = Queue(idle_jobs=jobs, running_jobs=0, schedds=("cm",), demand=Demand(groups=groups, at_s=now))
    readings = {source: Reading(source=source, at_s=now) for source in Source}
    return Snapshot(at_s=now, hosts=seen, queue=queue, readings=readings)


def _host(rnd: random.Random, name: HostName, now: float, *, is_lent: bool) -> HostFacts:
    pair = HostPair(host=name, flock_name=flock_name(name))
    keeper = KeeperReport(
        nonce=NONCE, phase=KeeperPhase.FLOCKING if is_lent else KeeperPhase.IDLE,
        lock=LockHolder.FLOCK if is_lent else LockHolder.REGULAR, lease=lease_of(name) if is_lent else None,
        container="c" if is_lent else None, image=None, problem=None, sent_at_s=now, heard_at_s=now,
    )  # fmt: skip
    if is_lent:
        since_s = now - rnd.randrange(10_000)
        flock = FlockStartd(
            claimed_slots=1, started_at_s=now - 4000, heard_at_s=now, claimed_cpus=4, working_since_s=since_s
        )
        return HostFacts(pair=pair, flock=flock, keeper=keeper)
    return HostFacts(pair=pair, regular=_startd(rnd, now), keeper=keeper)


def _startd(rnd: random.Random, now: float) -> RegularStartd:
    whole = _size(rnd)
    used = rnd.randrange(1, whole.cpus) if rnd.random() < 0.5 else 0
    memory_mib, disk_kib = used * rnd.randrange(1000, 2000), used * rnd.randrange(9 << 20)
    free = Resources(whole.cpus - used, whole.memory_mib - memory_mib, whole.disk_kib - disk_kib)
    return RegularStartd(
        cpus=whole.cpus, memory_mib=whole.memory_mib, disk_kib=whole.disk_kib, gpus=0, claimed_slots=used,
        draining=False, drained=False, drain_reason="", started_at_s=now - 9000, heard_at_s=now,
        idle_since_s=None if used else now - rnd.randrange(5000), free=free if used else None,
    )  # fmt: skip


if __name__ == "__main__":
    main()
