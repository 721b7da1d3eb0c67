"""The tables of a report: one list of columns for CSV, for the page and for the documentation."""

import csv
import dataclasses
import datetime
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from shepherd.model.harvest import Blank, Bucket, GuestShare, Incident, Lend
from shepherd.model.one_line import one_line
from shepherd.model.report import Report

T = TypeVar("T")
Cell = str | float | int | None
FORMULA = ("=", "+", "-", "@")
"""A spreadsheet would carry out text that begins so."""


@dataclasses.dataclass(frozen=True)
class Column(Generic[T]):
    """One column. `about` is its documentation."""

    name: str
    about: str
    cell: Callable[[T], Cell]


GUESTS: tuple[Column[GuestShare], ...] = (
    Column("guest", "its name, as in `shepherd guest`; empty: not known whose", lambda g: g.guest),
    Column("core_hours", "core-hours that its jobs had claimed", lambda g: g.core_h),
    Column("shared_core_hours", "of these, an estimate: on hosts with several guests", lambda g: g.shared_core_h),
    Column("claimed_core_hours", "of these, the guest's by its schedd's word alone", lambda g: g.claimed_core_h),
    Column("jobs", "jobs that began in the month", lambda g: g.jobs),
    Column("job_hours", "jobs times hours, as hosts recorded them", lambda g: g.job_h),
)
BUCKETS: tuple[Column[Bucket], ...] = (
    Column("from", "begin, UTC", lambda b: iso(b.from_s)),
    Column("to", "end, UTC", lambda b: iso(b.to_s)),
    Column("recorded_hours", "for how long there are records; sums and means are of that", lambda b: b.known_s / 3600),
    Column("local_hosts", "hosts whose regular startd took work, mean", lambda b: b.local_hosts),
    Column("lent_hosts", "hosts that served guests, mean", lambda b: b.lent_hosts),
    Column("moving_hosts", "hosts on their way, mean", lambda b: b.moving_hosts),
    Column("other_hosts", "hosts that were held, silent or not understood, mean", lambda b: b.other_hosts),
    Column("local_core_hours", "core-hours of local hosts", lambda b: b.local_core_h),
    Column("local_used_core_hours", "of these, claimed by local jobs", lambda b: b.local_used_core_h),
    Column("lent_core_hours", "core-hours of hosts that served guests", lambda b: b.lent_core_h),
    Column("lent_used_core_hours", "of these, claimed by guests' jobs", lambda b: b.lent_used_core_h),
    Column("moving_core_hours", "core-hours of hosts on their way", lambda b: b.moving_core_h),
    Column("idle_jobs", "idle local jobs, mean; empty: not known", lambda b: b.idle_jobs),
    Column("running_jobs", "running local jobs, mean; empty: not known", lambda b: b.running_jobs),
    Column("waited_jobs", "idle local jobs that no free local host had room for, mean", lambda b: b.waited_jobs),
    Column("blocked_jobs", "of these, jobs that a host which was out would have taken, mean", lambda b: b.blocked_jobs),
)
GUEST_DAYS: tuple[Column[tuple[Bucket, str, float]], ...] = (
    Column("day", "the day, UTC", lambda row: iso(row[0].from_s)[:10]),
    Column("guest", "as in `guests`", lambda row: row[1]),
    Column("core_hours", "core-hours that its jobs had claimed on that day", lambda row: row[2]),
)
LENDS: tuple[Column[Lend], ...] = (
    Column("host", "the regular startd's machine", lambda one: one.host),
    Column("lease", "the lend's name in every record", lambda one: one.lease),
    Column("cpus", "cores of the host", lambda one: one.cpus),
    Column("ordered", "when it was ordered, UTC", lambda one: iso(one.granted_at_s)),
    Column("served", "when its flocking startd was seen, UTC; empty: never", lambda one: iso(one.lent_at_s)),
    Column("called", "when it was ordered home, UTC; empty: not on record", lambda one: iso(one.called_at_s)),
    Column("home", "when it was local again, UTC; empty: not on record", lambda one: iso(one.home_at_s)),
    Column("lapsed", "instead: when its lease had lapsed and nothing proved it, UTC", lambda one: iso(one.lapsed_at_s)),
    Column("lend_seconds", "from the order to the flocking startd", lambda one: one.lend_s),
    Column("reclaim_seconds", "from the order home to the regular startd", lambda one: one.reclaim_s),
    Column("failed", "1: it went wrong before, or soon after, it served", lambda one: int(one.failed)),
)
INCIDENTS: tuple[Column[Incident], ...] = (
    Column("kind", "what it was", lambda one: one.kind.value),
    Column("from", "begin, UTC", lambda one: iso(one.from_s)),
    Column("to", "end, UTC; empty: not over", lambda one: iso(one.to_s)),
    Column("host", "which host; empty: none, or all", lambda one: one.host),
    Column("lease", "which lend", lambda one: one.lease),
    Column("words", "what is on record of it; nobody is named", lambda one: one.words),
)
BLANKS: tuple[Column[Blank], ...] = (
    Column("from", "begin, UTC", lambda one: iso(one.from_s)),
    Column("to", "end, UTC", lambda one: iso(one.to_s)),
    Column("why", "why there is no record", lambda one: one.why),
)
MONTH: tuple[Column[Report], ...] = (
    Column("month", "the month, UTC", lambda r: r.month),
    Column("asked_hours", "hours of it, up to now", lambda r: r.harvest.asked.lasts_s / 3600),
    Column("recorded_hours", "for how long of these there are records", lambda r: r.harvest.known_s / 3600),
    Column("hosts", "hosts, mean", lambda r: r.harvest.hosts),
    Column("local_core_hours", "core-hours of local hosts", lambda r: r.harvest.local_core_h),
    Column("local_used_core_hours", "of these, claimed by local jobs", lambda r: r.harvest.local_used_core_h),
    Column("lent_core_hours", "core-hours of hosts that served guests", lambda r: r.harvest.lent_core_h),
    Column("lent_used_core_hours", "of these, claimed by guests' jobs", lambda r: r.harvest.lent_used_core_h),
    Column("moving_core_hours", "core-hours of hosts on their way", lambda r: r.harvest.moving_core_h),
    Column("lends", "lends that were ordered", lambda r: r.harvest.lent_count),
    Column("reclaims", "hosts that were ordered home", lambda r: r.harvest.reclaimed_count),
    Column("lend_p50_seconds", "half of the lends took no longer", lambda r: r.harvest.lend_times.p50_s),
    Column("lend_p95_seconds", "19 of 20", lambda r: r.harvest.lend_times.p95_s),
    Column("lend_p99_seconds", "99 of 100", lambda r: r.harvest.lend_times.p99_s),
    Column("lend_longest_seconds", "the slowest", lambda r: r.harvest.lend_times.longest_s),
    Column("reclaim_p50_seconds", "half of the reclaims took no longer", lambda r: r.harvest.reclaim_times.p50_s),
    Column("reclaim_p95_seconds", "19 of 20", lambda r: r.harvest.reclaim_times.p95_s),
    Column("reclaim_p99_seconds", "99 of 100", lambda r: r.harvest.reclaim_times.p99_s),
    Column("reclaim_longest_seconds", "the slowest", lambda r: r.harvest.reclaim_times.longest_s),
    Column("idle_job_hours", "idle local jobs times hours", lambda r: r.harvest.waited.idle_job_h),
    Column("waited_job_hours", "of these, with room on no free local host", lambda r: r.harvest.waited.waited_job_h),
    Column("blocked_job_hours", "of these, that a host which was out would have taken",
           lambda r: r.harvest.waited.blocked_job_h),
    Column("blocked_core_hours", "the same in core-hours", lambda r: r.harvest.waited.blocked_core_h),
    Column("blocked_longest_seconds", "the longest time without a break in which there was such a job",
           lambda r: r.harvest.waited.blocked_longest_s),
    Column("incidents", "incidents of all kinds", lambda r: len(r.harvest.incidents)),
)  # fmt: skip

ABOUT: Mapping[str, tuple[str, Sequence[Column[Any]]]] = {
    "month": ("the whole month in one row", MONTH),
    "guests": ("a row for each guest that had something", GUESTS),
    "days": ("a row a day", BUCKETS),
    "hours": ("a row an hour", BUCKETS),
    "guest-days": ("a row for each day and guest", GUEST_DAYS),
    "lends": ("a row for each lend", LENDS),
    "incidents": ("a row for each incident", INCIDENTS),
    "blanks": ("a row for each time without records", BLANKS),
}
"""Each table: what it is, and its columns."""


def csv_of(report: Report, table: str) -> str:
    """One table as CSV (RFC 4180), its first line the names of its columns. `table`: a key of ABOUT."""
    harvest = report.harvest
    match table:
        case "month":
            return _csv(MONTH, [report])
        case "guests":
            return _csv(GUESTS, harvest.guests)
        case "days":
            return _csv(BUCKETS, report.days)
        case "hours":
            return _csv(BUCKETS, harvest.series)
        case "guest-days":
            days = report.days
            return _csv(GUEST_DAYS, ((day, guest, core_h) for day in days for guest, core_h in day.guest_core_h))
        case "lends":
            return _csv(LENDS, harvest.lends)
        case "incidents":
            return _csv(INCIDENTS, harvest.incidents)
        case _:
            return _csv(BLANKS, harvest.blanks)


def iso(at_s: float | None) -> str:
    """`2026-03-01T14:02:10Z`; empty without a time."""
    if at_s is None:
        return ""
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _csv(columns: Sequence[Column[T]], rows: Iterable[T]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    writer.writerows([_plain(column.cell(row)) for column in columns] for row in rows)
    return text.getvalue()


def _plain(cell: Cell) -> object:
    match cell:
        case float():
            return round(cell, 6)
        case str():
            text = one_line(cell)
            return f"'{text}" if text.startswith(FORMULA) else text
    return cell
