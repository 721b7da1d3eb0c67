"""`shepherd ban KIND VALUE "reason" [--for 2h]`: refused at our side from now on, and what runs of it ends."""

import argparse
import json
import pathlib

from shepherd.cli import where
from shepherd.cli.flockoff import duration_s
from shepherd.cli.left import declare_json, tell_left
from shepherd.cli.stopping import insist_on_stopping, known_here, ordered, present_here
from shepherd.cli.tell import tell
from shepherd.core.stop.wanted import judged
from shepherd.edges.clock import SystemClock
from shepherd.errors import UsageError
from shepherd.model.intents import IntentKind
from shepherd.model.stop import BanKind
from shepherd.views.bans import bans_json, bans_text
from shepherd.views.wording import age

DESCRIPTION = """Bans a user (USER@DOMAIN), a guest's schedd (its name), a guest, an image (sha256:…) or a host. Running
jobs end within seconds, without notice; of a schedd or guest the traffic is cut at the gateway, too; a banned host is
taken back, a banned image is not lent any more. A second ban of the same replaces the first. Works also while the
shepherd is down: it obeys when it starts. A user's name is its schedd's word: if the schedd is not to be trusted, ban
the schedd or the guest."""
KINDS = [kind.value for kind in BanKind]


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("ban", help="stop a user, schedd, guest, image or host now", description=DESCRIPTION)
    parser.add_argument("kind", nargs="?", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("value", nargs="?", metavar="VALUE", help="whom or what")
    parser.add_argument("why", nargs="?", metavar="REASON", help="shown to everybody who asks why")
    of_for = "end by itself after e.g. 90m, 2h, 1d12h"
    parser.add_argument("--for", dest="for_s", type=duration_s, metavar="TIME", help=of_for)
    parser.add_argument("--anyhow", action="store_true", help="also a guest or host that is not known here")
    parser.add_argument("--list", action="store_true", help="show the bans that stand")
    declare_json(parser)


def run(args: argparse.Namespace) -> int:
    """Leave the intent, or list. Raises BadInput, Unavailable."""
    if args.list:
        return _list(args)
    if not (args.kind and args.value and args.why and args.why.strip()):
        raise UsageError('a ban needs whom and why, e.g. shepherd ban user eve@campus "scans hosts" --for 2d')
    insist_on_stopping(args.settings)
    kind = BanKind(args.kind)
    known = known_here(args.settings)
    value = judged(kind, args.value, known, anyhow=args.anyhow)
    about = {"kind": kind.value, "value": value}
    if kind is BanKind.GUEST and (domain := known.guests.get(value)):
        about["domain"] = domain
    intent = ordered(args.settings, IntentKind.BAN, about=about, why=args.why, for_s=args.for_s)
    until = f"until `shepherd unban {kind.value} {value}`" if args.for_s is None else f"for {age(args.for_s)}"
    tell_left(args, IntentKind.BAN, intent, f"{kind.value} {value} is banned {until}", about)
    return 0


def _list(args: argparse.Namespace) -> int:
    if args.kind or args.value or args.why or args.for_s is not None:
        raise UsageError("--list takes nothing but --json")
    present = present_here(pathlib.Path(where.ledger_directory(args.settings)))
    bans = present.bans if present else ()
    if args.json:
        print(json.dumps(bans_json(bans), indent=1))
    else:
        tell(bans_text(bans, SystemClock().wall_s()))
    return 0
