"""The daemon's own way of the same questions: `python -m shepherd.lab.bench_look ROUNDS HOSTS [threshold|asking]`
prints one JSON object. `threshold`: no schedd is asked what idle jobs ask for; `asking`: they are at every look.

Observer, decision and the view for `shepherd -s` are the daemon's own, and its records say which hosts are lent;
nothing is acted on. Memory is the whole process tree's: each process at
its peak, what they share counted once.
"""

import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shepherd.core.policy.decide import decide
from shepherd.core.present import present
from shepherd.core.records import memory_from, switch_from
from shepherd.edges.clock import SystemClock
from shepherd.edges.htcondor.demand import AGAIN_S, Schedds
from shepherd.edges.htcondor.pool import CondorPool
from shepherd.edges.htcondor.process import WorkerProcess
from shepherd.edges.ledger import SqliteLedger
from shepherd.lab import bench_demand
from shepherd.lab.bench_hosts import lent_records
from shepherd.lab.bench_pool import FLOCK, HOME
from shepherd.lab.bench_process import cpu_s
from shepherd.lab.bench_settings import bench_settings
from shepherd.model.host import HostName, HostPair
from shepherd.model.observation import Snapshot
from shepherd.model.orders import SwitchRecord
from shepherd.model.settings import Settings
from shepherd.programs.observe import Observer
from shepherd.programs.wiring import ASKERS, at_once

BESIDE = 2
"""Looks before and after those that are counted."""


def main() -> None:
    """Look and decide; a first round that only starts the workers is not counted."""
    settings = bench_settings()
    workers = [WorkerProcess(collector=at, name=at) for at in (HOME, HOME, FLOCK, "")]
    pool = CondorPool(
        home=workers[0],
        beside=workers[1],
        flock=workers[2],
        schedds=settings.home.schedds,
        identities=settings.home.schedd_identities,
        within_s=settings.timers.query_s,
        queues=_queues(workers[3], sys.argv[3] if len(sys.argv) > 3 else ""),
    )
    observer = Observer(pool, SystemClock(), settings, at_once(ThreadPoolExecutor(ASKERS)))
    records = lent_records(int(sys.argv[2]), settings.flock.image)
    with tempfile.TemporaryDirectory(prefix="shepherd-bench-") as place:
        ledger = SqliteLedger(Path(place), switch_from=switch_from, memory_from=memory_from)
        daemon = Daemon(observer=observer, pool=pool, settings=settings, records=records, ledger=ledger)
        daemon.round()
        rounds, before_s = int(sys.argv[1]), _tree_cpu_s(workers)
        took = [daemon.round() for _ in range(rounds)]
        each_s = (_tree_cpu_s(workers) - before_s) / rounds
        print(json.dumps({"cpu_s": each_s, "looks": rounds + BESIDE, **_figures(took, daemon.seen(), workers)}))
        ledger.close()
    pool.close()


def _queues(worker: WorkerProcess, kind: str) -> Schedds | None:
    match kind:
        case bench_demand.THRESHOLD:
            return None
        case bench_demand.ASKING:
            return Schedds(worker, steady_s=itertools.count(0.0, 2 * AGAIN_S).__next__)
        case _:
            return Schedds(worker)


@dataclass(frozen=True, kw_only=True)
class Took:
    """One look. Seconds."""

    observe_s: float
    decide_s: float
    show_s: float


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """What a daemon does at each look, but for acting."""

    observer: Observer
    pool: CondorPool
    settings: Settings
    records: Mapping[HostName, SwitchRecord]
    ledger: SqliteLedger

    def look(self) -> Snapshot:
        """As the daemon looks: the lent hosts are expected to be missing at home."""
        out = [HostPair(host=record.host, flock_name=record.flock_name) for record in self.records.values()]
        return self.observer.full(len(self.records), out)

    def body(self, snapshot: Snapshot, sentence: str) -> Mapping[str, Any]:
        """What `shepherd -s` would show."""
        about = {"instance": "bench", "pid": os.getpid(), "version": "bench", "sentence": sentence}
        about["cycle_at_s"] = snapshot.at_s
        return present(snapshot, self.records, {}, None, self.settings, about=about, problems=[])

    def round(self) -> Took:
        """Look, decide, show."""
        began = time.monotonic()
        snapshot = self.look()
        self.pool.published()
        seen = time.monotonic()
        verdict = decide(snapshot, self.records, {}, None, self.settings, time.time(), is_cycle=True)
        decided = time.monotonic()
        self.ledger.publish_present(self.body(snapshot, verdict.sentence))
        return Took(observe_s=seen - began, decide_s=decided - seen, show_s=time.monotonic() - decided)

    def seen(self) -> dict[str, object]:
        """What a last look found, for whoever judges whether the right thing was measured."""
        last = self.look()
        demand = last.queue.demand if last.queue else None
        states = Counter(host["state"] for host in self.body(last, "")["hosts"])
        return {
            "hosts_seen": len(last.hosts),
            "states": dict(states),
            "idle_jobs": last.queue.idle_jobs if last.queue else None,
            "told_jobs": sum(group.jobs for group in demand.groups) if demand else 0,
            "problems": [reading.problem for reading in last.readings.values() if reading.problem],
        }


def _figures(took: list[Took], seen: dict[str, object], workers: list[WorkerProcess]) -> dict[str, object]:
    pids = [os.getpid(), *(worker.pid for worker in workers if worker.pid is not None)]
    return {
        **seen,
        "observe_s": statistics.median(one.observe_s for one in took),
        "decide_s": statistics.median(one.decide_s for one in took),
        "observe_and_decide_s": statistics.median(one.observe_s + one.decide_s for one in took),
        "show_s": statistics.median(one.show_s for one in took),
        "peak_mib": round(sum(_peak_mib(pid) for pid in pids) - sum(_counted_twice_mib(pid) for pid in pids), 1),
        "peaks_mib": [round(_peak_mib(pid), 1) for pid in pids],
    }


def _tree_cpu_s(workers: list[WorkerProcess]) -> float:
    pids = [os.getpid(), *(worker.pid for worker in workers if worker.pid is not None)]
    return sum(cpu_s(pid) for pid in pids)


def _peak_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def _counted_twice_mib(pid: int) -> float:
    """Pages that other processes have, too (libraries), less this process's share of them: proc_pid_smaps(5)."""
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    kib = {words[0]: int(words[1]) for words in lines}
    return (kib["Rss:"] - kib["Pss:"]) / 1024


if __name__ == "__main__":
    main()
