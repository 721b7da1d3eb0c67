"""`shepherd flockon`: flocking may go on."""

import argparse

from shepherd.cli import where
from shepherd.cli.left import declare_json, tell_left
from shepherd.edges.off_file import OffFileSwitch
from shepherd.edges.spool import leave
from shepherd.model.intents import IntentKind


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser(
        "flockon",
        help="end a flockoff",
        description="Let flocking go on. A file at the flockoff path must be removed first: it always wins.",
    )
    parser.add_argument("why", metavar="REASON", nargs="?", default="", help="kept in the record")
    declare_json(parser)


def run(args: argparse.Namespace) -> int:
    """Leave the intent. Raises BadInput, Unavailable."""
    path = where.flockoff_path(args.settings)
    intent = leave(where.intents_directory(args.settings), IntentKind.FLOCKON, why=args.why)
    found = OffFileSwitch(path).look()
    if found.present:
        stays = f"flocking stays off while {path} is there (by {found.who}); remove it, then say flockon again"
        tell_left(args, IntentKind.FLOCKON, intent, stays)
        return 1
    tell_left(args, IntentKind.FLOCKON, intent, "flocking may go on")
    return 0
