"""What is kept of a day, and what keeping it takes: `python -m shepherd.lab.bench_record HOSTS` prints one JSON object.

A quarter of the hosts is lent. Every minute one of fifteen hosts has another number of jobs, as with eight two-hour
jobs on each, and every cycle each host that is not lent stays for one of three reasons.
"""

import dataclasses
import gc
import itertools
import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from shepherd.core.recorded.snapshots import body_of, known
from shepherd.core.recorded.verdicts import verdict_body
from shepherd.lab.bench_hosts import NONCE, flock_name, host_names, lease_of, lent_names
from shepherd.lab.bench_process import run_bench
from shepherd.lab.bench_settings import bench_settings
from shepherd.model.chain import canonical
from shepherd.model.demand import Demand, DemandGroup, Resources
from shepherd.model.host import Herd, HostName, HostPair
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
from shepherd.model.orders import Refusal, Verdict
from shepherd.model.past import NOTHING_PAST

HOSTS = 3_000
MINUTES, CYCLES = 1_440, 288
"""Of a day."""
SAMPLE = 20
"""Minutes that are measured."""
CPUS, MEMORY_MIB = 32, 131_072
EACH = 15
REASONS = ("it works for local jobs", "the reserve of 25% needs it", "the budget of 10% in 300 s is spent")
DAY_MB = 40.0
LIMIT_S = 0.15

Figures = Mapping[str, Any]


def measure() -> Figures:
    """In a process of its own."""
    found: Figures = run_bench("bench_record", str(HOSTS), timeout_s=300)
    print(
        f"a day of {found['hosts']} hosts is {found['day_mb']:.1f} MB on record; a snapshot takes"
        f" {found['snapshot_s'] * 1e3:.0f} ms",
        flush=True,
    )
    return found


def missed(found: Figures) -> list[str]:
    """Each missed goal in one line."""
    goals = {
        f"a day on record has {found['day_mb']:.1f} MB, goal {DAY_MB:g}": found["day_mb"] > DAY_MB,
        f"a snapshot takes {found['snapshot_s']:.3f} s, goal {LIMIT_S:g}": found["snapshot_s"] > LIMIT_S,
        "no change was recorded: that is not the day that was meant": found["minute_bytes"] < found["hosts"],
    }
    return [goal for goal, is_missed in goals.items() if is_missed]


def main() -> None:
    """Measure in processor time: what else the machine does is not meant."""
    hosts, timers, now = int(sys.argv[1]), bench_settings().timers, time.time()
    seen = [snapshot_of(hosts, minute, now) for minute in range(SAMPLE)]
    gc.collect()
    gc.freeze()
    began = time.process_time()
    told = [known(one, NOTHING_PAST, timers, str) for one in seen]
    changes = [body_of(before, after) for before, after in itertools.pairwise(told)]
    snapshot_s = (time.process_time() - began) / SAMPLE
    whole, minute = len(canonical(body_of(None, told[0]))), sum(map(_size, changes)) / len(changes)
    verdict = len(canonical(verdict_body(verdict_of(hosts), is_cycle=True, could_lend_at_s=0.0)))
    day_mb = (whole + MINUTES * minute + CYCLES * verdict) / 1e6
    sizes = {"whole_bytes": whole, "minute_bytes": round(minute), "verdict_bytes": verdict, "day_mb": round(day_mb, 1)}
    print(json.dumps({"hosts": hosts, **sizes, "snapshot_s": snapshot_s}))


def _size(body: Mapping[str, object]) -> int:
    return len(canonical(body))


def snapshot_of(hosts: int, minute: int, now: float) -> Snapshot:
    """A pool at one minute of the day."""
    lent = frozenset(lent_names(hosts))
    facts = {
        name: _facts(name, (number + minute) // EACH, now, is_lent=name in lent)
        for number, name in enumerate(host_names(hosts))
    }
    groups = tuple(DemandGroup(asks=Resources(8 - cpus, 2048, 1024, 0), jobs=minute + cpus) for cpus in range(8))
    return Snapshot(
        at_s=now,
        hosts=facts,
        queue=Queue(idle_jobs=minute, running_jobs=9, schedds=("cm",), demand=Demand(groups=groups, at_s=now)),
        readings={source: Reading(source=source, at_s=now) for source in Source},
    )


def _facts(name: HostName, changes: int, now: float, *, is_lent: bool) -> HostFacts:
    pair, jobs = HostPair(host=name, flock_name=flock_name(name)), changes % 8 + 1
    keeper = KeeperReport(
        nonce=NONCE, phase=KeeperPhase.IDLE, lock=LockHolder.REGULAR, lease=None, container=None, image=None,
        problem=None, sent_at_s=now, heard_at_s=now,
    )  # fmt: skip
    if is_lent:
        keeper = dataclasses.replace(keeper, phase=KeeperPhase.FLOCKING, lease=lease_of(name))
        flock = FlockStartd(
            claimed_slots=jobs, started_at_s=now, heard_at_s=now, claimed_cpus=4 * jobs,
            working_since_s=1_772_323_200.25 + changes, guests=("u@campus",),
        )  # fmt: skip
        return HostFacts(pair=pair, flock=flock, keeper=keeper)
    regular = RegularStartd(
        cpus=CPUS, memory_mib=MEMORY_MIB, gpus=0, claimed_slots=jobs, draining=False, drained=False, drain_reason="",
        started_at_s=1.0, heard_at_s=now, disk_kib=1 << 30,
        free=Resources(CPUS - 4 * jobs, MEMORY_MIB - 4096 * jobs, 1 << 29, 0),
    )  # fmt: skip
    return HostFacts(pair=pair, regular=regular, keeper=keeper)


def verdict_of(hosts: int) -> Verdict:
    """A cycle that moves nobody."""
    lent = frozenset(lent_names(hosts))
    stay: Sequence[HostName] = [name for name in host_names(hosts) if name not in lent]
    refusals = (Refusal(host=name, herd=Herd.FLOCK, why=REASONS[at % len(REASONS)]) for at, name in enumerate(stay))
    return Verdict(orders=(), refusals=tuple(refusals), sentence="nobody moves")


if __name__ == "__main__":
    main()
