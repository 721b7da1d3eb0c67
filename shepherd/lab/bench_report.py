"""How long a month takes to fold: `python -m shepherd.lab.bench_report HOSTS DAYS` prints one JSON object.

The days are those of `bench_record`, on disk as the daemon writes them, with lends and reclaims and guests' jobs.
"""

import itertools
import json
import pathlib
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from typing import Any

from shepherd.cli.harvested import harvest_of
from shepherd.core import records
from shepherd.core.recorded.snapshots import body_of, known
from shepherd.core.records import switch_body
from shepherd.edges.ledger import SqliteLedger
from shepherd.lab.bench_hosts import lent_names, lent_records
from shepherd.lab.bench_record import EACH, HOSTS, MINUTES, snapshot_of
from shepherd.lab.bench_settings import bench_settings
from shepherd.lab.command import must
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.harvest import Period
from shepherd.model.past import NOTHING_PAST

DAYS = 1
MONTH_DAYS = 31
BEGIN_S = 1_772_323_200.0
"""2026-03-01 00:00 UTC."""
PERIOD = 8 * EACH
"""Minutes after which the hosts are as they were."""
MOVES = 2_000
"""Lends of a day, and as many reclaims."""
LIMIT_S = 60.0

Figures = Mapping[str, Any]


def measured() -> Figures:
    """In a process of its own."""
    argv = (sys.executable, "-m", "shepherd.lab.bench_report", str(HOSTS), str(DAYS))
    found: Figures = json.loads(must(argv, timeout_s=300))
    print(
        f"report: a month of {found['hosts']} hosts is folded in {found['month_s']:.0f} s, with {found['peak_mb']} MB",
        flush=True,
    )
    return found


def missed(found: Figures) -> list[str]:
    """Each missed goal in one line."""
    goals = {
        f"a month's report takes {found['month_s']:.0f} s, goal {LIMIT_S:g}": found["month_s"] > LIMIT_S,
        "nothing was lent in the month that was folded": not found["lent_core_h"],
    }
    return [goal for goal, is_missed in goals.items() if is_missed]


def main() -> None:
    """Measure in processor time: what else the machine does is not meant."""
    hosts, days = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="shepherd-bench-") as place:
        directory = pathlib.Path(place, "ledger")
        size_mb = _write(directory, hosts, days)
        began = time.process_time()
        span = Period(from_s=BEGIN_S, to_s=BEGIN_S + days * MINUTES * 60)
        found = harvest_of(directory, pathlib.Path(place, "trace"), span, 3600.0)
        took_s = time.process_time() - began
    peak_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    told = {"hosts": hosts, "days": days, "ledger_mb": size_mb, "day_s": took_s / days, "peak_mb": peak_mb}
    sums = {"lent_core_h": found.lent_core_h, "lends": found.lent_count, "known_h": found.known_s / 3600}
    print(json.dumps({**told, **sums, "month_s": took_s / days * MONTH_DAYS}))


def _write(directory: pathlib.Path, hosts: int, days: int) -> int:
    """Says how large it is. MB."""
    ledger = SqliteLedger(directory, switch_from=records.switch_from, memory_from=records.memory_from)
    bodies = _bodies(hosts)
    for day in range(days):
        for hour in range(24):
            ledger.append(list(_hour(bodies, hosts, BEGIN_S + day * MINUTES * 60 + hour * 3600, is_first=hour == 0)))
    ledger.close()
    return round(sum(path.stat().st_size for path in directory.glob("*.sqlite")) / 1e6)


def _bodies(hosts: int) -> list[Mapping[str, object]]:
    """The whole, and what changes in each minute of a period."""
    timers, now = bench_settings().timers, time.time()
    told = [known(snapshot_of(hosts, minute, now), NOTHING_PAST, timers, str) for minute in range(PERIOD + 1)]
    return [body_of(None, told[0]), *(body_of(before, after) for before, after in itertools.pairwise(told))]


def _hour(
    bodies: list[Mapping[str, object]], hosts: int, from_s: float, *, is_first: bool
) -> Iterator[Entry]:
    """Each minute a look, and lends that begin or end."""
    lent = lent_records(hosts, bench_settings().flock.image)
    if is_first:
        yield Entry(at_s=from_s, kind=EntryKind.SNAPSHOT, cause="cycle", body=bodies[0])
    for minute in range(60):
        number = int((from_s - BEGIN_S) // 60) + minute
        at_s = from_s + 60 * minute + 1
        yield Entry(at_s=at_s, kind=EntryKind.SNAPSHOT, cause="cycle", body=bodies[1 + number % PERIOD])
        for host in itertools.islice(itertools.cycle(lent_names(hosts)), number, number + MOVES // MINUTES + 1):
            yield Entry(at_s=at_s + 1, kind=EntryKind.SWITCH, cause=f"{host}-{number}", host=host)
            body = switch_body(lent[host]) | {"stage_at_s": at_s + 9, "granted_at_s": at_s + 2}
            yield Entry(at_s=at_s + 9, kind=EntryKind.SWITCH, cause=f"{host}-{number}", host=host, body=body)


if __name__ == "__main__":
    main()
