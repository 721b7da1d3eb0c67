"""`shepherd ledger verify|export`: is the record whole, and give it to others."""

import argparse
import dataclasses
import json
import pathlib
import re
from collections.abc import Iterator

from shepherd.cli.ledger_json import verify_json
from shepherd.cli.ledger_trace import exported_trace, noted_anchors, of_instance, verified_trace
from shepherd.cli.ledger_trace import verdict_lines as verdict_lines_of_trace
from shepherd.cli.where import ledger_directory, state_directory, trace_directory
from shepherd.core.heads import Anchor
from shepherd.core.ledger.verify import Fault, Verification, verify
from shepherd.edges.ledger_present import read_present
from shepherd.edges.ledger_read import damaged, partitions
from shepherd.errors import LedgerUnavailable, UsageError
from shepherd.model.chain import Head, Row
from shepherd.model.entry import EntryKind


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb and its acts."""
    parser = subparsers.add_parser("ledger", help="verify or export the record")
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    check = acts.add_parser(
        "verify",
        help="is the chain of records whole",
        description="Check every hash, every seam between days and every carried sum, of the ledger and of the trace "
        "store. Prints the heads: noting them down elsewhere makes any later change of what is before them evident, "
        "by --expect, or by --heads with a file of the logger that trace.logger names.",
    )
    check.add_argument("--expect", type=head_of, action="append", default=[], metavar="SEQ:HASH")
    check.add_argument(
        "--heads",
        type=pathlib.Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a file of the site's logger: every head in it must be on its chain",
    )
    check.add_argument("--json", action="store_true", help="for machines; `schema` is its version")
    export = acts.add_parser("export", help="print records as JSON lines, oldest first")
    export.add_argument("--trace", action="store_true", help="the trace store's rows instead; persons stay encrypted")
    export.add_argument("--since", type=day_of, default="0000-00-00", metavar="YYYY-MM-DD", help="first day, UTC")
    export.add_argument("--until", type=day_of, default="9999-12-31", metavar="YYYY-MM-DD", help="last day, UTC")
    export.add_argument("--kind", choices=[kind.value for kind in EntryKind], help="only this kind")
    export.add_argument("--host", help="only this host")
    export.add_argument("--cause", help="only this lend, cycle or intent")


def run(args: argparse.Namespace) -> int:
    """Do one act. Raises BadInput, LedgerUnavailable."""
    directory = ledger_directory(args.settings)
    if not directory.is_dir():
        raise UsageError(f"there is no ledger in {directory}: the shepherd never ran, or this user may not look")
    if args.act == "verify":
        return all_verified(args.settings, directory, args)
    if args.trace:
        for text in exported_trace(trace_directory(args.settings), args.since, args.until):
            print(text)
        return 0
    return exported(directory, args)


def all_verified(settings: pathlib.Path, directory: pathlib.Path, args: argparse.Namespace) -> int:
    """Both chains, against what was noted down elsewhere; 1 if one does not hold."""
    anchors, others = own_anchors(settings, args.heads)
    ledger = verified(directory, [*args.expect, *(anchor.ledger for anchor in anchors if anchor.ledger)])
    place = trace_directory(settings)
    heads = [anchor.trace for anchor in anchors if anchor.trace]
    trace = verified_trace(place, heads) if place.is_dir() or heads else None
    if args.json:
        print(json.dumps(verify_json(ledger, trace, len(anchors), others), indent=1))
    else:
        lines = [*verdict_lines(ledger), *(verdict_lines_of_trace(trace) if trace else [])]
        lines += [f"not checked: {what}" for what in others]
        files = ", ".join(map(str, args.heads))
        lines += [f"{len(anchors)} noted heads of this shepherd in {files}"] if files else []
        print("\n".join(lines))
    is_wrong = ledger.faults or (trace and trace.faults) or (args.heads and not anchors)
    return 1 if is_wrong else 0


def own_anchors(settings: pathlib.Path, files: list[pathlib.Path]) -> tuple[list[Anchor], list[str]]:
    """What the logger's files say of this shepherd. Raises UsageError, SettingsError."""
    if not files:
        return [], []
    return of_instance(noted_anchors(files), instance_in(state_directory(settings)))


def instance_in(state: pathlib.Path) -> str:
    """Whose state this is; empty if it does not say. Makes none up, as the daemon would."""
    try:
        return (state / "instance").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def verified(directory: pathlib.Path, expected: list[Head]) -> Verification:
    """Whether the chain holds."""
    # The head is read first: records that are added meanwhile are no fault.
    noted = [*expected, *shown_head(directory)]
    broken = [Fault(day=day, seq=0, what=why) for day, why in damaged(directory).items()]
    result = verify(partitions(directory), noted)
    return dataclasses.replace(result, faults=(*broken, *result.faults))


def shown_head(directory: pathlib.Path) -> list[Head]:
    """The head that the view noted; an unreadable view notes nothing."""
    try:
        found = read_present(directory)
    except LedgerUnavailable:
        return []
    return [found[1]] if found else []


def verdict_lines(result: Verification) -> Iterator[str]:
    """For a person."""
    yield from (f"FAULT {fault}" for fault in result.faults)
    if result.unchecked:
        yield f"not checked: {result.unchecked} noted heads of days that retention has removed"
    if result.retired:
        yield f"days up to {result.retired.through} were removed as too old (ledger.keep_days)"
    yield f"{result.records} records from {result.first_seq} on, in {result.partitions} partitions"
    yield f"head {result.head.seq}:{result.head.hash}"
    yield "the chain is broken" if result.faults else "the chain is whole"


def exported(directory: pathlib.Path, args: argparse.Namespace) -> int:
    """One JSON object a record. Raises LedgerUnavailable at the end for days that cannot be read."""
    for partition in partitions(directory):
        if args.since <= partition.name <= args.until:
            for row in partition.rows:
                if wanted(row, args):
                    print(line(row))
    if broken := damaged(directory):
        raise LedgerUnavailable("; ".join(broken.values()))
    return 0


def wanted(row: Row, args: argparse.Namespace) -> bool:
    """Whether the filters let it through."""
    filters = ((args.kind, row.kind), (args.host, row.host), (args.cause, row.cause))
    return all(want is None or want == have for want, have in filters)


def line(row: Row) -> str:
    """The row with its body as JSON, not as text in JSON; whoever has it can recompute the hash."""
    return json.dumps({**dataclasses.asdict(row), "body": json.loads(row.body)}, sort_keys=True)


def head_of(text: str) -> Head:
    """`812:9f3c…`, as `verify` prints it. For argparse."""
    if not re.fullmatch(r"\d+:[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a head as `ledger verify` prints it")
    seq, digest = text.split(":")
    return Head(seq=int(seq), hash=digest)


def day_of(text: str) -> str:
    """A UTC date. For argparse."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write e.g. 2026-03-01")
    return text
