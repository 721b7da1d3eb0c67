"""`shepherd release HOST|IDENT "reason"`: end a quarantine; the evidence stays for its time."""

import argparse

from shepherd.cli import where
from shepherd.cli.left import declare_json, tell_left
from shepherd.cli.quarantine import insist_on, known_host
from shepherd.core.stop.quarantine import is_ident
from shepherd.edges.spool import leave
from shepherd.errors import UsageError
from shepherd.model.intents import IntentKind
from shepherd.model.roles import Role

DESCRIPTION = """Ends a quarantine: the host may work and be lent again, and its container's address passes the gateway.
A container that was kept frozen is ended. The evidence stays on the host for its time. A quarantine that the shepherd
has forgotten, with its state, is released by its name and --host."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("release", help="end a quarantine", description=DESCRIPTION)
    parser.add_argument("what", metavar="HOST|IDENT", help="a host, or a quarantine's name, q-…")
    parser.add_argument("why", metavar="REASON", help="kept in the record")
    parser.add_argument("--host", metavar="HOST", default="", help="the host of a quarantine that was forgotten")
    declare_json(parser)


def run(args: argparse.Namespace) -> int:
    """Leave the intent. Raises BadInput, Unavailable."""
    if not args.why.strip():
        raise UsageError('a release needs a reason, e.g. shepherd release p205 "it was a test"')
    insist_on(Role.RELEASE, args.settings)
    if is_ident(args.what):
        about = {"ident": args.what, "host": args.host}
    else:
        about = {"host": known_host(args.settings, args.what, anyhow=True)}
    intent = leave(where.intents_directory(args.settings), IntentKind.RELEASE, why=args.why, about=about)
    tell_left(args, IntentKind.RELEASE, intent, f"{args.what} is released", about)
    return 0
