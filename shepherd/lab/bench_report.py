"""How long a month takes to fold: `python -m shepherd.lab.bench_report HOSTS DAYS` prints one JSON object."""

import json
import pathlib
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any

from shepherd.cli.harvested import harvest_of
from shepherd.lab.bench_process import run_bench
from shepherd.lab.bench_record import HOSTS
from shepherd.lab.bench_report_days import BEGIN_S, DAY_S, write_days
from shepherd.model.harvest import Period

DAYS, MONTH_DAYS = 1, 31
LIMIT_S = 120.0
HOUR_S = 3600.0

Figures = Mapping[str, Any]


def measure() -> Figures:
    """In a process of its own."""
    found: Figures = run_bench("bench_report", str(HOSTS), str(DAYS), timeout_s=300)
    print(
        f"report: a month of {found['hosts']} hosts with {found['jobs'] * MONTH_DAYS // DAYS:,} guests' jobs is folded"
        f" in {found['month_s']:.0f} s, with {found['peak_mb']} MB",
        flush=True,
    )
    return found


def missed(found: Figures) -> list[str]:
    """Each missed goal in one line."""
    goals = {
        f"a month's report takes {found['month_s']:.0f} s, goal {LIMIT_S:g}": found["month_s"] > LIMIT_S,
        "no guest had anything in the month that was folded": not found["guest_core_h"],
    }
    return [goal for goal, is_missed in goals.items() if is_missed]


def main() -> None:
    """Measure in processor time: what else the machine does is not meant."""
    hosts, days = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="shepherd-bench-") as place:
        ledger, trace = pathlib.Path(place, "ledger"), pathlib.Path(place, "trace")
        write_days(ledger, trace, hosts, days)
        size_mb = round(sum(path.stat().st_size for path in pathlib.Path(place).rglob("*.sqlite")) / 1e6)
        began = time.process_time()
        found = harvest_of(ledger, trace, Period(from_s=BEGIN_S, to_s=BEGIN_S + days * DAY_S), HOUR_S)
        took_s = time.process_time() - began
    told = {"hosts": hosts, "days": days, "size_mb": size_mb, "day_s": took_s / days}
    told |= {"month_s": took_s / days * MONTH_DAYS, "lends": found.lent_count, "known_h": found.known_s / HOUR_S}
    told |= {"jobs": sum(one.jobs for one in found.guests)}
    told |= {"guest_core_h": sum(one.core_h for one in found.guests if one.guest)}
    told |= {"peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
