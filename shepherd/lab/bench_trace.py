"""The trace store of 180 days and 1 000 hosts: how fast it takes records, what they weigh, how fast it answers.

`python -m shepherd.lab.bench_trace RECORDS DAYS` fills one, asks it, removes it, and prints JSON. Every record goes the
way that it goes in life: a segment that is added to the store, durably.
"""

import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shepherd.edges.trace_store.overdue import Retention
from shepherd.edges.trace_store.writer import TraceStore
from shepherd.lab.bench_process import run_bench
from shepherd.lab.bench_trace_ask import asked
from shepherd.lab.bench_trace_world import BEGIN_S, DAY_S, HOSTS, JOBS_A_HOST, World
from shepherd.lab.mark import marked
from shepherd.model.trace import Segment

FULL_RECORDS = 50_000_000
"""Of flows: begins and ends."""
RECORDS = FULL_RECORDS // 10
DAYS = 180
INGEST = 20_000.0
"""Records a second, at least."""
QUESTION_S = 1.0
BYTES = 150.0
"""A record, at most, with all indices."""
MEMORY_MIB = 300.0
ROUNDS = 25
TOGETHER = 100
"""Hosts' segments that are stored at once."""
LIMIT_S = 4 * 3600

Figures = Mapping[str, Any]


def main() -> None:
    """Fill, ask, tell."""
    records, days = int(sys.argv[1]), int(sys.argv[2])
    with marked() as mark:
        place = mark.directory("trace")
        place.mkdir(mode=0o700)
        print(json.dumps(figures_of(place, records, days)))


def figures_of(place: Path, flow_records: int, days: int) -> Figures:
    """All figures of a store of this size, made in `place`."""
    world = World(flow_records // days // 2)
    found = filled(place, world, days)
    used = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answers = asked(place, world.truth, ROUNDS)
    return {
        "days": days,
        "hosts": HOSTS,
        "jobs": days * HOSTS * JOBS_A_HOST,
        **found,
        "bytes": used,
        "bytes_a_record": used / found["records"],
        "fill_peak_mib": peak_mib,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **answers,
    }


class Timed:
    """Adds to a store, and counts what it took."""

    def __init__(self, store: TraceStore) -> None:
        self._store = store
        self.records = 0
        self.took_s = 0.0

    def add(self, segments: Sequence[Segment]) -> None:
        """Durably."""
        begun = time.monotonic()
        self._store.add_all(segments)
        self.took_s += time.monotonic() - begun
        self.records += sum(len(one.records) for one in segments)

    def upkeep(self) -> None:
        """What is done once a day, after midnight."""
        begun = time.monotonic()
        self._store.upkeep()
        self.took_s += time.monotonic() - begun


def filled(place: Path, world: World, days: int) -> Figures:
    """Every day of the world, added to a store; the seconds are those within the store."""
    now = [BEGIN_S]
    store = TraceStore(place, wall_s=lambda: now[0], retention=Retention(keep_days=3650, pseudonymise_days=3650))
    timed, slowest_s = Timed(store), 0.0
    for day in range(days):
        now[0] = BEGIN_S + day * DAY_S + 1
        before = timed.took_s
        store.note(world.notes(day))
        waiting: list[Segment] = []
        for segment in world.day(day):
            waiting.append(segment)
            if segment.source == "gateway" or len(waiting) >= TOGETHER:
                timed.add(waiting)
                waiting = []
        timed.upkeep()
        slowest_s = max(slowest_s, timed.took_s - before)
    store.close()
    rate = timed.records / timed.took_s
    return {"records": timed.records, "took_s": timed.took_s, "ingest": rate, "day_s": slowest_s}


def measure(records: int = RECORDS) -> Figures:
    """In a process of its own, for its memory is measured, too."""
    found: Figures = run_bench("bench_trace", str(records), str(DAYS), timeout_s=LIMIT_S)
    millions = found["records"] / 1e6
    print(
        f"trace store of {millions:.1f} million records, {found['days']} days, {found['hosts']} hosts:"
        f" {found['ingest']:.0f} records a second, {found['bytes_a_record']:.0f} bytes each,"
        f" {found['peak_mib']:.0f} MiB at the peak; {found['questions']} questions, {found['wrong']} wrong,"
        f" half within {found['p50_s']:.3f} s,"
        f" 95 % within {found['p95_s']:.3f} s, worst {found['worst_s']:.2f} s",
        flush=True,
    )
    return found


def missed(found: Figures) -> list[str]:
    """Each missed goal in one line."""
    told = []
    if found["ingest"] < INGEST:
        told.append(f"the trace store takes {found['ingest']:.0f} records a second, goal {INGEST:g}")
    if found["p95_s"] > QUESTION_S:
        told.append(f"the trace store answers 95 % within {found['p95_s']:.2f} s, goal {QUESTION_S:g}")
    if found["wrong"] or not found["questions"]:
        told.append(f"{found['wrong']} of {found['questions']} answers of the trace store are wrong")
    if found["bytes_a_record"] > BYTES:
        told.append(f"a trace record takes {found['bytes_a_record']:.0f} bytes, goal {BYTES:g}")
    if found["peak_mib"] > MEMORY_MIB:
        told.append(f"the trace store takes {found['peak_mib']:.0f} MiB, goal {MEMORY_MIB:g}")
    return told


if __name__ == "__main__":
    main()
