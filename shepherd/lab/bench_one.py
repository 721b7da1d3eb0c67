"""One measurement in a pool of its own: `python -m shepherd.lab.bench_one WHAT HOSTS SLOTS SHAPE`; prints JSON.

WHAT is `look` (the cycle beside its floor), `load` (the keepers' polling), `queue` (the cycle with many jobs) or
`demand` (what both daemons pay for it).
"""

import json
import sys
import time
from typing import Any

from shepherd.edges.htcondor import pages
from shepherd.edges.htcondor.process import WorkerProcess
from shepherd.lab import bench_demand
from shepherd.lab.bench_pool import HOME, BenchPool, enter
from shepherd.lab.bench_process import collector_pid, run_bench, schedd_pid, submit, with_children_s
from shepherd.lab.bench_settings import bench_settings
from shepherd.lab.progress import Progress
from shepherd.lab.rootfs import provide_trees
from shepherd.model.lease import SignedPage

ROUNDS, PAIRS = 3, 3
MANY_ROUNDS = 30
"""Of looks whose processor time is compared: the kernel counts it in hundredths of a second."""
LOAD_S = 20.0
JOBS = 50_000
PAGES = 16
PAGE_BYTES = 40_000
"""About 100 leases."""

Figures = dict[str, Any]


def main() -> None:
    """Measure in namespaces of our own."""
    enter(__spec__.name, sys.argv[1:])
    what, hosts, slots, shape = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    pool = BenchPool(provide_trees(Progress(out=None)).root, ["COLLECTOR", "SCHEDD"])
    pool.start()
    run_bench("bench_fill", str(hosts), str(slots), shape)
    _publish()
    match what:
        case "look":
            found = _look(hosts)
        case "load":
            found = _load(hosts)
        case "demand":
            found = dict(bench_demand.loads(hosts))
        case _:
            found = _queue(hosts)
    print(json.dumps({"what": what, "hosts": hosts, "slots": hosts * slots, "shape": shape, **found}))


def _publish() -> None:
    body = {"pool": "bench", "pages": PAGES, "serial": 1, "why": "x" * PAGE_BYTES}
    payloads = [json.dumps({**body, "page": page}).encode() for page in range(PAGES)]
    ads = [pages.to_ad(SignedPage(payload=payload, key_id="bench", signature=b"bench")) for payload in payloads]
    worker = WorkerProcess(collector=HOME)
    worker.ask("publish", {"ads": ads}, within_s=60.0)
    worker.close()


def _look(hosts: int) -> Figures:
    """Floor and look take turns, so that a busy minute of the machine meets both."""
    floors, looks = [], []
    for _ in range(PAIRS):
        floor = run_bench("bench_floor", str(ROUNDS))
        floors += floor["took_s"]
        looks.append(run_bench("bench_look", str(ROUNDS), str(hosts)))
    floor_s = sorted(floors)[len(floors) // 2]
    look = sorted(looks, key=lambda figures: float(figures["observe_and_decide_s"]))[PAIRS // 2]
    return {"floor_s": floor_s, "floor_cpu_s": floor["cpu_s"], "ratio": look["observe_and_decide_s"] / floor_s, **look}


def _load(hosts: int) -> Figures:
    pid = collector_pid()
    before_s, began = with_children_s(pid), time.monotonic()
    load = run_bench("bench_load", str(hosts), str(LOAD_S))
    busy = (with_children_s(pid) - before_s) / (time.monotonic() - began)
    return {"collector_cpu_percent": 100 * busy, **load}


def _queue(hosts: int) -> Figures:
    look = ("bench_look", str(MANY_ROUNDS), str(hosts))
    few = _quietest(look)
    submit(f"executable=/bin/sleep\\narguments=1000\\nrequirements=false\\nqueue {JOBS}\\n")
    end_s = time.monotonic() + 120
    while ((many := run_bench(*look))["idle_jobs"] or 0) < JOBS and time.monotonic() < end_s:
        time.sleep(2)
    many = _quietest(look)
    names = ("observe_and_decide_s", "cpu_s", "peak_mib", "idle_jobs")
    counted = {f"{which}_{name}": found[name] for which, found in (("few", few), ("many", many)) for name in names}
    return {"jobs": JOBS, **counted, **_shapes()}


def _shapes() -> Figures:
    """What the schedd pays for telling what all these jobs ask for, the processes that it forks included."""
    settings, worker = bench_settings().home, WorkerProcess(collector=HOME)
    args = {"schedds": settings.schedds, "identities": settings.schedd_identities}
    said: Any = worker.ask("queue", args, within_s=60.0)
    ((_, _, address, version),) = said[3]
    pid, took_s = schedd_pid(), []
    before_s = with_children_s(pid)
    for _ in range(ROUNDS):
        began = time.monotonic()
        found: Any = worker.ask("shapes", {"address": address, "version": version}, within_s=60.0)
        took_s.append(time.monotonic() - began)
    time.sleep(2)  # its children are counted when they are reaped
    cpu_each_s = (with_children_s(pid) - before_s) / ROUNDS
    worker.close()
    jobs = sum(row[4] for row in found[0])
    return {"shapes_s": sorted(took_s)[ROUNDS // 2], "shapes_schedd_cpu_s": cpu_each_s, "shapes_jobs": jobs}


def _quietest(look: tuple[str, ...]) -> Figures:
    """The look that took least: what else the machine did meanwhile only adds."""
    return min((run_bench(*look) for _ in range(PAIRS)), key=lambda figures: float(figures["cpu_s"]))


if __name__ == "__main__":
    main()
