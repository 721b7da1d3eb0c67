"""`./run bench`: what a cycle costs beside its floor, and what the keepers' polling costs a collector.

Every line is measured in a pool of its own, one after the other. Seconds depend on the machine and on what else it
does; ratios are what counts.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shepherd.lab import (
    bench_decide,
    bench_demand,
    bench_process,
    bench_record,
    bench_report,
    bench_simulate,
    bench_trace,
    bench_walls,
    bench_web,
)
from shepherd.lab.bench_hosts import lent_names
from shepherd.lab.progress import Progress
from shepherd.lab.report_file import write_report
from shepherd.lab.rootfs import provide_trees
from shepherd.model.host import HostState

SLOTS = 10
SIZES = (100, 1_000, 10_000)
LOADS = (1_000, 10_000)
RATIO = 2.0
MEMORY_MIB = 300.0
GROWTH = 1.5
"""Ten times the hosts may take this much more than ten times as long."""
INDEPENDENCE = 1.25
"""A look beside 50 000 waiting jobs may take this much more processor than beside none."""
SCHEDD_S = 1.2
"""Processor that a schedd may pay for a question about 50 000 jobs: two of a hundred, at one a minute."""
STATUS_HOSTS = 3_000
STATUS_RATIO = 4.0
"""`shepherd -s` may take this many times as long as Python with the modules it needs of its own."""
STATUS_BARE_RATIO = 12.0
"""The same, of `python -c pass`."""
STATUS_S = 0.3
LIMIT_S = 1800
HEADINGS = " hosts   slots shape       floor  observe   decide  ratio     show processor/floor      peak"

Figures = Mapping[str, Any]


def run_bench(
    sizes: Sequence[int] = SIZES, report: Path | None = None, trace_records: int = bench_trace.RECORDS
) -> int:
    """Measure and print; 0 if every goal was met, else 1."""
    progress = Progress()
    provide_trees(progress)
    print(HEADINGS, flush=True)
    looks = [_look(size, "dynamic") for size in sizes] + [_look(max(sizes), "static")]
    loads = [_load(size) for size in LOADS if size <= max(sizes)]
    queue, parts = _queue(), _parts(trace_records)
    found = {name: measure() for name, (measure, _) in parts.items()}
    missed = missed_goals(looks, queue)
    missed += [goal for name, (_, missed_of) in parts.items() for goal in missed_of(found[name])]
    if report is not None:
        write_report(report, {"looks": looks, "loads": loads, "queue": queue, **found, "missed": missed})
    for goal in missed:
        print(f"missed: {goal}")
    print("every goal met" if not missed else f"{len(missed)} goals missed")
    return 1 if missed else 0


def _walls() -> Figures:
    found = bench_walls.measure()
    print(
        f"a guest's job beside the bare host: {found['calculation']:.2f} for calculation, {found['files']:.2f} for"
        f" files and processes; a container is armed after {found['container_start_s']:.1f} s",
        flush=True,
    )
    return found


def _measure(what: str, hosts: int, slots: int, shape: str) -> Figures:
    figures: Figures = bench_process.run_bench("bench_one", what, str(hosts), str(slots), shape, timeout_s=LIMIT_S)
    return figures


def _parts(trace_records: int) -> Mapping[str, tuple[Callable[[], Any], Callable[[Any], Sequence[str]]]]:
    """What else is measured, by its name in the report: how, and which of its goals are missed."""
    return {
        "demand": (_demand, bench_demand.missed),
        "status": (_status, slow_status),
        "walls": (_walls, bench_walls.slow),
        "trace": (lambda: bench_trace.measure(trace_records), bench_trace.missed),
        "decisions": (bench_decide.measure, bench_decide.missed),
        "record": (bench_record.measure, bench_record.missed),
        "simulated": (bench_simulate.measure, bench_simulate.missed),
        "report": (bench_report.measure, bench_report.missed),
        "web": (bench_web.measure, bench_web.missed),
    }


def _look(hosts: int, shape: str) -> Figures:
    found = _measure("look", hosts, SLOTS, shape)
    processor = f"{found['cpu_s']:.2f}/{found['floor_cpu_s']:.2f} s"
    print(
        f"{hosts:>6} {found['slots']:>7} {shape:<8} {found['floor_s']:>6.2f} s {found['observe_s']:>6.2f} s"
        f" {found['decide_s']:>6.2f} s {found['ratio']:>6.2f} {found['show_s']:>6.2f} s {processor:>15}"
        f" {found['peak_mib']:>5.0f} MiB",
        flush=True,
    )
    return found


def _load(hosts: int) -> Figures:
    found = _measure("load", hosts, 1, "dynamic")
    print(
        f"keepers of {hosts} hosts: {found['asks_s']:.0f} questions and {found['tells_s']:.0f} reports a second take"
        f" {found['collector_cpu_percent']:.0f} % of one processor from the collector;"
        f" an answer takes {found['answer_median_ms']:.1f} ms (worst {found['answer_worst_ms']:.0f} ms)",
        flush=True,
    )
    return found


def _queue() -> Figures:
    found = _measure("queue", 100, SLOTS, "dynamic")
    print(
        f"a look with {found['many_idle_jobs']} jobs waiting takes {found['many_cpu_s']:.3f} s of processor,"
        f" with {found['few_idle_jobs']} it takes {found['few_cpu_s']:.3f} s;"
        f" what they ask for is told within {found['shapes_s']:.2f} s, by {found['shapes_schedd_cpu_s']:.2f} s of the"
        " schedd's",
        flush=True,
    )
    return found


def _demand() -> Figures:
    found = _measure("demand", bench_demand.HOSTS, SLOTS, "dynamic")
    print(bench_demand.said(found), flush=True)
    return found


def _status() -> Figures:
    found: Figures = bench_process.run_bench("bench_status", str(STATUS_HOSTS), timeout_s=LIMIT_S)
    print(
        f"shepherd -s of {found['hosts']} hosts takes {found['status_s']:.2f} s into a pipe,"
        f" {found['terminal_s']:.2f} s on a terminal, {found['uncompiled_s']:.2f} s before it is compiled;"
        f" its floor {found['floor_s']:.2f} s,"
        f" `python -c pass` {found['bare_s']:.3f} s"
    )
    return found


def slow_status(status: Figures) -> list[str]:
    """Each missed goal of `shepherd -s` in one line."""
    takes_s = max(status["status_s"], status["terminal_s"])
    goals = (("its floor", status["floor_s"], STATUS_RATIO), ("`python -c pass`", status["bare_s"], STATUS_BARE_RATIO))
    missed = [
        f"shepherd -s takes {takes_s / floor_s:.1f} times {what}, goal {most:g}"
        for what, floor_s, most in goals
        if takes_s > most * floor_s
    ]
    return missed + ([f"shepherd -s takes {takes_s:.2f} s, goal {STATUS_S:g}"] if takes_s > STATUS_S else [])


def missed_goals(looks: Sequence[Figures], queue: Figures) -> list[str]:
    """Each missed goal in one line."""
    missed = []
    for found in looks:
        which = f"{found['hosts']} hosts, {found['slots']} {found['shape']} slots"
        if found["ratio"] > RATIO:
            missed.append(f"{which}: observe and decide take {found['ratio']:.2f} times the floor, goal {RATIO:g}")
        if found["peak_mib"] > MEMORY_MIB:
            missed.append(f"{which}: {found['peak_mib']:.0f} MiB at the peak, goal {MEMORY_MIB:g}")
        missed += [f"{which}: {what}" for what in _unlike_life(found)]
        if found["problems"]:
            missed.append(f"{which}: {found['problems'][0]}")
    missed += _bent(looks)
    if (seen := queue["many_idle_jobs"] or 0) < queue["jobs"]:
        missed.append(f"only {seen} of {queue['jobs']} waiting jobs were seen: the look beside them was not measured")
    if queue["many_cpu_s"] > INDEPENDENCE * queue["few_cpu_s"]:
        missed.append("a look's cost depends on how many jobs wait")
    if queue["shapes_jobs"] < queue["jobs"]:
        missed.append(f"of {queue['jobs']} jobs the schedd told what {queue['shapes_jobs']} ask for")
    if queue["shapes_schedd_cpu_s"] > SCHEDD_S:
        missed.append(f"a question costs the schedd {queue['shapes_schedd_cpu_s']:.1f} s, goal {SCHEDD_S:g}")
    return missed


def _unlike_life(found: Figures) -> list[str]:
    """Whether the pool that was measured is the one that was filled in."""
    hosts, lent, states = found["hosts"], len(lent_names(found["hosts"])), found["states"]
    wrong = [] if found["hosts_seen"] == hosts else [f"{found['hosts_seen']} hosts were seen, {hosts} are there"]
    expected = {HostState.FLOCK.value: lent, HostState.LOCAL.value: hosts - lent}
    if any(states.get(state, 0) != number for state, number in expected.items()):
        wrong.append(f"their states are {states}, not {expected}")
    return wrong


def _bent(looks: Sequence[Figures]) -> list[str]:
    """Growth from one size to the next that is more than linear."""
    grown = [found for found in looks if found["shape"] == "dynamic"]
    return [
        f"from {small['hosts']} to {big['hosts']} hosts the cycle takes {factor:.0f} times as long"
        for small, big in itertools.pairwise(grown)
        if (factor := big["observe_and_decide_s"] / small["observe_and_decide_s"])
        > GROWTH * big["hosts"] / small["hosts"]
    ]
