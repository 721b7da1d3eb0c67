"""`shepherd replay DAY…`: recorded days, as they were and as they would have been with other settings."""

import argparse
import json
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence

from shepherd.cli.ledger import day_of
from shepherd.cli.recorded import chosen_days, looks_of, settings_by, switch_times_of
from shepherd.cli.where import ledger_directory
from shepherd.core.replay.replay import replay
from shepherd.errors import UsageError
from shepherd.model.moment import Moment
from shepherd.views.replay import replay_json, replay_text
from shepherd.views.wording import instant

DESCRIPTION = """Makes the decisions of recorded days again: with the settings of then, which shows how far the replay
can be trusted, and with those of --set. The same code decides as in the daemon. What the pool did is on record; where
another host would have been lent, the local jobs of that moment are laid on those that would have been local. Jobs are
not put off but gone when they were gone, so that what is said to wait is the least that would have waited."""

EVERY = 20
"""Looks between two signs of life."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb's command line."""
    parser = subparsers.add_parser("replay", help="replay recorded days with other settings", description=DESCRIPTION)
    parser.add_argument("days", nargs="+", type=day_of, metavar="DAY", help="UTC, e.g. 2026-03-01")
    of_set = "e.g. policy.reserve=0.1; several make one replay together"
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=of_set)
    parser.add_argument("--moves", action="store_true", help="also list every host that was, or would have been, moved")
    parser.add_argument("--json", action="store_true", help="for machines; `schema` is its version")


def run(args: argparse.Namespace) -> int:
    """Print what it comes to. Raises UsageError, SettingsError, LedgerUnavailable."""
    changes = changes_of(args.set)
    others = {" ".join(args.set): settings_by(changes)} if changes else {}
    days = chosen_days(ledger_directory(args.settings), args.days)
    looks = shown(looks_of(list(days.values())))
    replayed = replay(looks, settings_by({}), others, switch_times_of(list(days.values())))
    if replayed is None:
        raise UsageError(f"no look is on record of {', '.join(days)}: that shepherd was from before there were replays")
    if args.json:
        print(json.dumps(replay_json(replayed, list(days)), indent=1))
    else:
        print(replay_text(replayed, with_moves=args.moves), end="")
    return 0


def shown(looks: Iterable[Moment]) -> Iterator[Moment]:
    """The looks, and on a terminal how far it has come: a day of thousands of hosts takes minutes."""
    for number, look in enumerate(looks):
        if number % EVERY == 0 and sys.stderr.isatty():
            print(f"\r{instant(look.at_s)}", end="", file=sys.stderr, flush=True)
        yield look
    if sys.stderr.isatty():
        print("\r" + " " * len(instant(0.0)) + "\r", end="", file=sys.stderr, flush=True)


def changes_of(words: Sequence[str]) -> dict[str, object]:
    """`KEY=VALUE` with the value as in the settings file; a bare word is a string. Raises UsageError."""
    changes: dict[str, object] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key.strip() and equals):
            raise UsageError(f"--set {word}: write KEY=VALUE, e.g. --set policy.reserve=0.1")
        changes[key.strip()] = value_of(value.strip())
    return changes


def value_of(text: str) -> object:
    """As TOML has it."""
    try:
        said = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    return said["value"] if len(said) == 1 else text
