"""`shepherd flockoff "reason" [--for 2h]`: all hosts come home, nothing is lent until `flockon`."""

import argparse
import re

from shepherd.cli import where
from shepherd.cli.left import declare_json, tell_left
from shepherd.edges.clock import SystemClock
from shepherd.edges.ledger_present import read_present
from shepherd.edges.spool import leave
from shepherd.errors import SettingsError, Unavailable, UsageError
from shepherd.model.intents import IntentKind
from shepherd.model.one_line import one_line
from shepherd.model.place_settings import FlockOffSettings
from shepherd.views.present import present_from
from shepherd.views.wording import age, instant

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
DURATION = re.compile(r"(\d+(?:\.\d+)?[smhdw])+")
LONGEST_S = 366 * 86400


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser(
        "flockoff",
        help="stop all flocking; hosts come home",
        description="Stop all flocking. Works also while the shepherd is down: it obeys when it starts.",
    )
    parser.add_argument("why", metavar="REASON", help="shown to everybody who asks why")
    of_for = "end by itself after e.g. 90m, 2h, 1d12h; a longer flockoff stays"
    parser.add_argument("--for", dest="for_s", type=duration_s, metavar="TIME", help=of_for)
    declare_json(parser)


def run(args: argparse.Namespace) -> int:
    """Leave the intent. Raises BadInput, Unavailable."""
    if not args.why.strip():
        raise UsageError('flockoff needs a reason, e.g. shepherd flockoff "network maintenance"')
    try:
        spool, path = where.intents_directory(args.settings), where.flockoff_path(args.settings)
    except SettingsError as exc:
        raise UsageError(f"{exc}; `touch {FlockOffSettings().path}` stops flocking meanwhile") from exc
    try:
        intent = leave(spool, IntentKind.FLOCKOFF, why=args.why, for_s=args.for_s)
    except Unavailable as exc:
        raise Unavailable(f"{exc}; `touch {path}` stops flocking too") from exc
    until = "until `shepherd flockon`" if args.for_s is None else f"for at least {age(args.for_s)}{longer(args)}"
    tell_left(args, IntentKind.FLOCKOFF, intent, f"flocking goes off {until}")
    return 0


def duration_s(text: str) -> float:
    """`2h`, `90m`, `1d12h`, `30s`: seconds. For argparse."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhdw])", text)
    seconds = sum(float(number) * UNITS_S[unit] for number, unit in parts)
    if not DURATION.fullmatch(text) or not 0 < seconds <= LONGEST_S:
        message = f"{text!r} is not a time; write e.g. 90m, 2h or 1d12h, a year at most"
        raise argparse.ArgumentTypeError(message)
    return seconds


def longer(args: argparse.Namespace) -> str:
    """What is off already, as the view shows it, and for longer than this order asks."""
    try:
        found = read_present(where.ledger_directory(args.settings))
        off = present_from(found[0]).flockoff if found else None
    except Unavailable:
        return ""
    if off is None or (off.until_s is not None and off.until_s <= SystemClock().wall_s() + args.for_s):
        return ""
    until = f"until {instant(off.until_s)}" if off.until_s is not None else "without end"
    return f"; it is off already, {until}, by {one_line(off.who)}: {one_line(off.why)}"
