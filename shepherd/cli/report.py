"""`shepherd report`: what a month gave to whom, what local work waited for it, and what went wrong."""

import argparse
import json
import sys
from collections.abc import Mapping

from shepherd.cli.where import ledger_directory, trace_directory
from shepherd.core.harvest.month import month_name, month_of
from shepherd.errors import UsageError
from shepherd.model.harvest import Period
from shepherd.model.report import Report
from shepherd.views.report.tables import ABOUT, csv_of
from shepherd.views.report.text import report_json, report_text

HOUR_S = 3600.0
HOURS_A_DAY = 24
FORMATS = ("text", "html", "csv", "json")
DESCRIPTION = """What a month gave to whom, what local work waited for it, and what went wrong, from the ledger; whose
jobs ran, from the trace store. Names guests, never persons. Months and days are UTC. A time without records is said to
be one, and is in no sum."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    short = "what a month gave to whom, and what it cost"
    parser = subparsers.add_parser("report", help=short, description=DESCRIPTION)
    parser.add_argument("--month", default="", metavar="YYYY-MM", help="default: the last one that is over")
    parser.add_argument("--format", choices=FORMATS, default="", help="default: text; html is one file")
    tables = ", ".join(ABOUT)
    of_table = f"of CSV that is printed, which table: {tables}; default: guests"
    parser.add_argument("--table", choices=list(ABOUT), default="", metavar="TABLE", help=of_table)
    of_output = "write report-MONTH files there (of CSV all tables), and print their names"
    parser.add_argument("--output", default=None, metavar="DIRECTORY", help=of_output)
    parser.add_argument("--json", action="store_true", help="the same as --format json; `schema` is its version")


def run(args: argparse.Namespace) -> int:
    """Print or write. Raises BadInput, LedgerUnavailable, Unavailable."""
    import pathlib

    from shepherd.edges.clock import SystemClock
    from shepherd.edges.report_files import check_directory, write_files

    form = form_of(args)
    directory = pathlib.Path(args.output) if args.output is not None else None
    now_s = SystemClock().wall_s()
    month, span = span_of(args.month, now_s)
    check_directory(directory)
    report = made(args, month, span, now_s)
    if directory is None:
        sys.stdout.write(printed(report, form, args.table or "guests"))
        return 0
    for path in write_files(directory, files(report, form)):
        print(path)
    return 0


def form_of(args: argparse.Namespace) -> str:
    """Which format. Raises UsageError for options that contradict each other."""
    if args.json and args.format not in {"", "json"}:
        raise UsageError(f"--json and --format {args.format}: say one of them")
    form = "json" if args.json else args.format or "text"
    if args.table and (form != "csv" or args.output is not None):
        raise UsageError("--table chooses what --format csv prints: it goes without --output, which has all tables")
    return str(form)


def span_of(text: str, now_s: float) -> tuple[str, Period]:
    """The month, cut at now. Raises UsageError if it is none, or has not begun."""
    try:
        month = text or month_name(month_of(month_name(now_s)).from_s - 1)
        whole = month_of(month)
    except ValueError as exc:
        raise UsageError(f"--month: {exc}") from exc
    if whole.from_s >= now_s:
        raise UsageError(f"--month {month} has not begun: there is nothing to report yet")
    return month, Period(from_s=whole.from_s, to_s=min(whole.to_s, now_s))


def made(args: argparse.Namespace, month: str, span: Period, now_s: float) -> Report:
    """Fold the month's records, once. Raises UsageError, LedgerUnavailable."""
    from shepherd.cli.harvested import harvest_of
    from shepherd.core.harvest.coarser import coarser

    harvest = harvest_of(ledger_directory(args.settings), trace_directory(args.settings), span, HOUR_S)
    return Report(
        month=month,
        made_at_s=now_s,
        is_over=month_of(month).to_s <= now_s,
        harvest=harvest,
        days=tuple(coarser(harvest.series, HOURS_A_DAY)),
    )


def printed(report: Report, form: str, table: str) -> str:
    """For standard output."""
    match form:
        case "text":
            return report_text(report)
        case "csv":
            return csv_of(report, table)
        case "html":
            from shepherd.views.report.page import report_page

            return report_page(report)
    return json.dumps(report_json(report), indent=1, allow_nan=False) + "\n"


def files(report: Report, form: str) -> Mapping[str, str]:
    """For a directory: texts by file name."""
    stem = f"report-{report.month}"
    if form == "csv":
        return {f"{stem}-{table}.csv": csv_of(report, table) for table in ABOUT}
    return {f"{stem}.{'txt' if form == 'text' else form}": printed(report, form, "")}
