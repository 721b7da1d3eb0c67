"""`shepherd unban KIND VALUE "reason"`: ends a ban."""

import argparse
import pathlib

from shepherd.cli import where
from shepherd.cli.ban import KINDS
from shepherd.cli.left import declare_json, tell_left
from shepherd.cli.stopping import insist_on_stopping, ordered, present_here
from shepherd.core.stop.wanted import Known, judged
from shepherd.errors import UsageError
from shepherd.model.intents import IntentKind
from shepherd.model.stop import BanKind


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("unban", help="end a ban", description="Ends a ban, as soon as that is on record.")
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("value", metavar="VALUE", help="as `shepherd ban --list` shows it")
    parser.add_argument("why", metavar="REASON", help="shown to everybody who asks why")
    declare_json(parser)


def run(args: argparse.Namespace) -> int:
    """Leave the intent. Raises BadInput, Unavailable."""
    if not args.why.strip():
        raise UsageError("unban needs a reason")
    insist_on_stopping(args.settings)
    kind = BanKind(args.kind)
    value = judged(kind, args.value, Known(), anyhow=True)
    about = {"kind": kind.value, "value": value}
    intent = ordered(args.settings, IntentKind.UNBAN, about=about, why=args.why)
    said = f"{kind.value} {value} is banned no more{_unknown(args, kind, value)}"
    tell_left(args, IntentKind.UNBAN, intent, said, about)
    return 0


def _unknown(args: argparse.Namespace, kind: BanKind, value: str) -> str:
    """A ban may have been ordered a moment ago, so that one that is not shown is no error."""
    present = present_here(pathlib.Path(where.ledger_directory(args.settings)))
    shown = [(ban.kind, ban.value) for ban in present.bans] if present else []
    return "" if (kind, value) in shown else "; no such ban was shown (`shepherd ban --list`)"
