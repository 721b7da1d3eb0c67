"""Telling that an order was left for the daemon, in words or for machines."""

import argparse
import json
from collections.abc import Mapping

from shepherd.cli import where
from shepherd.edges.writer_lock import writer_pid
from shepherd.errors import LedgerUnavailable
from shepherd.model.intents import IntentKind
from shepherd.views.orders import order_json


def declare_json(parser: argparse.ArgumentParser) -> None:
    """The option."""
    parser.add_argument("--json", action="store_true", help="for machines; `schema` is its version")


def tell_left(
    args: argparse.Namespace, kind: IntentKind, intent: str, said: str, about: Mapping[str, str] | None = None
) -> None:
    """Print. `said`: what it is, without who obeys when."""
    running = is_running(args)
    said += "; the shepherd is not running and obeys when it starts" if running is False else ""
    if args.json:
        for_s = getattr(args, "for_s", None)
        told = order_json(kind, intent, said, about=about or {}, why=args.why, for_s=for_s, running=running)
        print(json.dumps(told, indent=1))
    else:
        print(said)


def is_running(args: argparse.Namespace) -> bool | None:
    """Whether somebody obeys now; None: this user may not ask."""
    try:
        return writer_pid(where.ledger_directory(args.settings)) is not None
    except LedgerUnavailable:
        return None
