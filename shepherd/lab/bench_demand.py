"""What it costs collector and schedd that the policy `demand` is told what idle jobs ask for.

Looks that ask the schedd every time, as when the number of idle jobs changes at each, beside looks of `threshold`,
which ask only the collector: in turns, in the same pool. What both daemons use by themselves meanwhile is taken off.
"""

import time
from collections.abc import Mapping
from typing import Any

from shepherd.errors import Unavailable
from shepherd.lab.bench_process import collector_pid, run_bench, schedd_pid, submit, with_children_s

HOSTS = 1_000
JOBS, SHAPES = 5_000, 20
ROUNDS, TURNS = 30, 3
"""Of looks whose processor time is compared: the kernel counts it in hundredths of a second."""
QUIET_S = 10.0
SETTLE_S = 2.0
"""Children are counted when they are reaped."""
WITHIN_S = 120.0
RATIO = 2.0
"""A look that asks the schedd, too, may take this many times as much of both daemons as one that does not."""
THRESHOLD, ASKING = "threshold", "asking"

Figures = Mapping[str, Any]
Cpu = tuple[float, float]
"""Seconds of the collector and of the schedd."""


def loads(hosts: int) -> Figures:
    """Within a pool that is filled in."""
    for number in range(SHAPES):
        never = "executable=/bin/sleep\\narguments=1000\\nrequirements=false\\nrequest_disk=1024\\n"
        submit(f"{never}request_memory={128 * (number + 1)}\\nqueue {JOBS // SHAPES}\\n")
    _until_told(hosts)
    quiet = _quiet_each_s()
    turns = [{kind: _look(kind, hosts, quiet) for kind in (THRESHOLD, ASKING)} for _ in range(TURNS)]
    plain, asking = (min((turn[kind] for turn in turns), key=_both_s) for kind in (THRESHOLD, ASKING))
    told = {f"{kind}_{name}": found[name] for kind, found in (("plain", plain), ("asking", asking)) for name in found}
    return {"jobs": JOBS, "shapes": SHAPES, **told, "ratio": _both_s(asking) / _both_s(plain)}


def _until_told(hosts: int) -> None:
    end_s = time.monotonic() + WITHIN_S
    while run_bench("bench_look", "1", str(hosts), ASKING)["told_jobs"] < JOBS:
        if time.monotonic() > end_s:
            raise Unavailable(f"the schedd does not tell of {JOBS} jobs within {WITHIN_S:.0f} s")
        time.sleep(2)


def _quiet_each_s() -> Cpu:
    """What both use in a second in which nobody looks."""
    time.sleep(SETTLE_S)
    before = _cpu()
    time.sleep(QUIET_S)
    return _times(_used(before), 1 / QUIET_S)


def _look(kind: str, hosts: int, quiet: Cpu) -> Figures:
    before, began = _cpu(), time.monotonic()
    found = run_bench("bench_look", str(ROUNDS), str(hosts), kind)
    time.sleep(SETTLE_S)
    used, own = _used(before), _times(quiet, time.monotonic() - began)
    each = _times((used[0] - own[0], used[1] - own[1]), 1 / found["looks"])
    return {"collector_cpu_s": each[0], "schedd_cpu_s": each[1], "told_jobs": found["told_jobs"]}


def _both_s(found: Figures) -> float:
    return float(found["collector_cpu_s"] + found["schedd_cpu_s"])


def _cpu() -> Cpu:
    return with_children_s(collector_pid()), with_children_s(schedd_pid())


def _used(before: Cpu) -> Cpu:
    now = _cpu()
    return now[0] - before[0], now[1] - before[1]


def _times(cpu: Cpu, factor: float) -> Cpu:
    return cpu[0] * factor, cpu[1] * factor


def said(found: Figures) -> str:
    """In one line."""
    return (
        f"a look at {found['hosts']} hosts takes {found['plain_collector_cpu_s']:.3f} s of the collector's processor;"
        f" one that asks what {found['jobs']} jobs of {found['shapes']} shapes ask for takes"
        f" {found['asking_collector_cpu_s']:.3f} s and {found['asking_schedd_cpu_s']:.3f} s of the schedd's:"
        f" {found['ratio']:.2f} times as much of both"
    )


def missed(found: Figures) -> list[str]:
    """Each missed goal in one line."""
    goals = {
        f"a look that asks the schedd takes {found['ratio']:.2f} times as much of the daemons, goal {RATIO:g}": (
            found["ratio"] > RATIO
        ),
        f"of {found['jobs']} jobs the schedd told {found['asking_told_jobs']}": (
            found["asking_told_jobs"] < found["jobs"]
        ),
        "looks of `threshold` asked the schedd: that is no floor": found["plain_told_jobs"] > 0,
        "looks took nothing of the collector: they were not measured": found["plain_collector_cpu_s"] <= 0,
        "asking took nothing of the schedd: it was not measured": found["asking_schedd_cpu_s"] <= 0,
    }
    return [goal for goal, is_missed in goals.items() if is_missed]
