"""Simulated outcomes as a table and as JSON."""

import itertools
from collections.abc import Mapping, Sequence

from shepherd.model.one_line import one_line
from shepherd.model.simulated import Compared, Contender

SCHEMA = 1
HEADINGS = (
    "workload", "policy", "of oracle", "guest core-h", "lost", "wait mean", "p95", "p99", "p95 added", "switches",
    "into reserve",
)  # fmt: skip


def table(rows: Sequence[Compared]) -> str:
    """A line each; seconds, and switches per host and day."""
    lines = [HEADINGS, *(_line(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    text = [_padded(HEADINGS, widths)]
    for before, line in itertools.pairwise(lines):
        text += [""] if before[0] != line[0] else []
        text.append(_padded(line, widths))
    return "\n".join(text) + "\n"


def _padded(line: Sequence[str], widths: Sequence[int]) -> str:
    """Words to the left, numbers to the right."""
    words = [cell.ljust(width) for cell, width in zip(line[:2], widths, strict=False)]
    numbers = [cell.rjust(width) for cell, width in zip(line[2:], widths[2:], strict=True)]
    return "  ".join([*words, *numbers]).rstrip()


def _line(row: Compared) -> tuple[str, ...]:
    outcome, waits = row.outcome, row.outcome.waits
    harvest = "-" if row.harvest_of_oracle is None else f"{row.harvest_of_oracle:.1%}"
    return (
        one_line(outcome.workload),
        outcome.contender.value,
        harvest,
        f"{outcome.kept_core_s / 3600.0:.0f}",
        f"{outcome.guest_work_lost:.1%}",
        f"{waits.mean_s:.1f}",
        f"{waits.p95_s:.1f}",
        f"{waits.p99_s:.1f}",
        "-" if outcome.contender is Contender.NEVER else f"{row.added_p95_s:+.1f}",
        f"{outcome.switches_per_host_day:.2f}",
        str(outcome.reserve_violations),
    )


def as_json(rows: Sequence[Compared], missed: Sequence[str], about: Mapping[str, object]) -> Mapping[str, object]:
    """For machines; `schema` is its version."""
    return {"schema": SCHEMA, **about, "rows": [_row(row) for row in rows], "missed": list(missed)}


def _row(row: Compared) -> Mapping[str, object]:
    outcome, waits, never = row.outcome, row.outcome.waits, row.never
    return {
        "workload": outcome.workload,
        "policy": outcome.contender.value,
        "seed": outcome.seed,
        "hosts": outcome.hosts,
        "days": outcome.days,
        "harvest_of_oracle": row.harvest_of_oracle,
        "guest_core_hours": outcome.kept_core_s / 3600.0,
        "guest_work_lost": outcome.guest_work_lost,
        "local_jobs": outcome.jobs,
        "local_jobs_unfit": outcome.unfit_jobs,
        "local_jobs_unstarted": outcome.unstarted,
        "local_jobs_evicted": outcome.evicted_local,
        "local_wait_mean_s": waits.mean_s,
        "local_wait_p50_s": waits.p50_s,
        "local_wait_p95_s": waits.p95_s,
        "local_wait_p99_s": waits.p99_s,
        "local_wait_longest_s": waits.longest_s,
        "added_wait_mean_s": waits.mean_s - never.mean_s,
        "added_wait_p50_s": waits.p50_s - never.p50_s,
        "added_wait_p95_s": row.added_p95_s,
        "added_wait_p99_s": waits.p99_s - never.p99_s,
        "allowed_added_wait_p95_s": row.allowed_s,
        "lends": outcome.lends,
        "reclaims": outcome.reclaims,
        "failed_lends": outcome.failed_lends,
        "switches_per_host_day": outcome.switches_per_host_day,
        "switches_of_threshold": row.switches_of_threshold,
        "reserve_violations": outcome.reserve_violations,
        "reclaim_p95_s": outcome.reclaim_p95_s,
        "job_events": outcome.events,
        "processor_s": outcome.took_s,
    }
