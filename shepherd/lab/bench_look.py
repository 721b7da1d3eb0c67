"""The daemon's own way of the same questions: `python -m shepherd.lab.bench_look ROUNDS` prints one JSON object.

Observer and decision are the daemon's own; nothing is acted on. Memory is the whole process tree's: each process at
its peak, what they share counted once.
"""

import json
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shepherd.core.policy.decide import decide
from shepherd.edges.clock import SystemClock
from shepherd.edges.htcondor.pool import CondorPool
from shepherd.edges.htcondor.process import WorkerProcess
from shepherd.lab.bench_pool import FLOCK, HOME
from shepherd.lab.bench_settings import bench_settings
from shepherd.model.observation import Snapshot
from shepherd.model.settings import Settings
from shepherd.programs.observe import Observer
from shepherd.programs.wiring import ASKERS, at_once


def main() -> None:
    """Look and decide; a first round that only starts the workers is not counted."""
    settings = bench_settings()
    workers = [WorkerProcess(collector=at, name=at) for at in (HOME, HOME, FLOCK)]
    pool = CondorPool(
        home=workers[0],
        beside=workers[1],
        flock=workers[2],
        schedds=settings.home.schedds,
        identities=settings.home.schedd_identities,
        within_s=settings.timers.query_s,
    )
    observer = Observer(pool, SystemClock(), settings, at_once(ThreadPoolExecutor(ASKERS)))
    _round(observer, pool, settings)
    rounds, before_s = int(sys.argv[1]), _tree_cpu_s(workers)
    took = [_round(observer, pool, settings) for _ in range(rounds)]
    each_s = (_tree_cpu_s(workers) - before_s) / rounds
    print(json.dumps({"cpu_s": each_s, **_figures(took, observer.full(0), workers)}))
    pool.close()


def _round(observer: Observer, pool: CondorPool, settings: Settings) -> tuple[float, float]:
    began = time.monotonic()
    snapshot = observer.full(0)
    pool.published()
    seen = time.monotonic()
    decide(snapshot, {}, {}, None, settings, time.time(), is_cycle=True)
    return seen - began, time.monotonic() - seen


def _figures(took: list[tuple[float, float]], last: Snapshot, workers: list[WorkerProcess]) -> dict[str, object]:
    pids = [os.getpid(), *(worker.pid for worker in workers if worker.pid is not None)]
    return {
        "observe_s": statistics.median(seen for seen, _ in took),
        "decide_s": statistics.median(decided for _, decided in took),
        "observe_and_decide_s": statistics.median(seen + decided for seen, decided in took),
        "hosts": len(last.hosts),
        "idle_jobs": last.queue.idle_jobs if last.queue else None,
        "problems": [reading.problem for reading in last.readings.values() if reading.problem],
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


def cpu_s(pid: int) -> float:
    """Seconds of processor that a process has used itself."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
