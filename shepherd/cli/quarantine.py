"""`shepherd quarantine HOST "reason" [--keep-host]` and `--list`: cut a host's container off, look at it, keep it."""

import argparse
import json
import os
import pathlib

from shepherd.cli import where
from shepherd.cli.left import declare_json, tell_left
from shepherd.cli.tell import tell
from shepherd.core.roles import insist
from shepherd.core.stop.quarantine import carried_out_from, from_body
from shepherd.edges.clock import SystemClock
from shepherd.edges.ledger_present import read_present
from shepherd.edges.ledger_read import newest_standing
from shepherd.edges.settings_file import read_settings
from shepherd.edges.spool import leave
from shepherd.edges.unix_user import owner_of, person_of
from shepherd.errors import LedgerUnavailable, Unavailable, UsageError
from shepherd.model.entry import EntryKind
from shepherd.model.intents import IntentKind
from shepherd.model.roles import Role
from shepherd.model.stop import Quarantine
from shepherd.views.present import Present, present_from
from shepherd.views.quarantines import quarantines_json, quarantines_text

DESCRIPTION = """Cuts a lent host's container off at the gateway and on the host, freezes it, records its processes,
sockets, logs and, up to the host's limits, files in memory and memory itself, and keeps its writable layer. Then the
host goes back to local work; it is not lent again until `shepherd release`. Without a container the host is only kept
from being lent. Works also while the shepherd is down: it obeys when it starts. What was kept, and what was lost, is
told by `shepherd node evidence` on the host."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser(
        "quarantine", help="cut a host's container off, and keep what it is", description=DESCRIPTION
    )
    parser.add_argument("host", nargs="?", metavar="HOST", help="the host, by either of its two names")
    parser.add_argument("why", nargs="?", metavar="REASON", help="shown to everybody who asks why")
    of_keep = "leave the container frozen and cut off, and the host out of work, until `shepherd release`"
    parser.add_argument("--keep-host", action="store_true", help=of_keep)
    parser.add_argument("--anyhow", action="store_true", help="also a host that is not known here")
    parser.add_argument("--list", action="store_true", help="show quarantines that stand, or were released of late")
    declare_json(parser)


def run(args: argparse.Namespace) -> int:
    """Leave the intent, or list. Raises BadInput, Unavailable."""
    if args.list:
        return listed(args)
    if not (args.host and args.why and args.why.strip()):
        raise UsageError('a quarantine needs host and reason, e.g. shepherd quarantine p205 "scans our storage"')
    insist_on(Role.STOP, args.settings)
    host = known_host(args.settings, args.host, anyhow=args.anyhow)
    about = {"host": host, "keep_host": "yes" if args.keep_host else "no"}
    intent = leave(where.intents_directory(args.settings), IntentKind.QUARANTINE, why=args.why, about=about)
    then = "stays out of work" if args.keep_host else "is not lent"
    said = f"{host} is quarantined, and {then} until `shepherd release {host}`"
    tell_left(args, IntentKind.QUARANTINE, intent, said, about)
    return 0


def listed(args: argparse.Namespace) -> int:
    """Say which there are. Raises BadInput, LedgerUnavailable."""
    if args.host or args.why or args.keep_host:
        raise UsageError("--list takes nothing but --json")
    found, done = on_record(where.ledger_directory(args.settings))
    if args.json:
        print(json.dumps(quarantines_json(found, done), indent=1))
    else:
        tell(quarantines_text(found, done, SystemClock().wall_s()))
    return 0


def on_record(ledger: pathlib.Path) -> tuple[tuple[Quarantine, ...], frozenset[str]]:
    """The quarantines, and which their hosts have carried out. Raises LedgerUnavailable."""
    try:
        last = newest_standing(ledger).last(EntryKind.QUARANTINES.value)
        return (from_body(last.body), carried_out_from(last.body)) if last else ((), frozenset())
    except ValueError as exc:
        raise LedgerUnavailable(f"the record of quarantines cannot be read: {exc}") from exc


def insist_on(role: Role, settings: pathlib.Path) -> None:
    """Raises UsageError unless whoever runs this has the role, SettingsError if the settings cannot be read."""
    roles = read_settings(settings, lambda _: []).roles
    insist(role, roles, person_of(os.geteuid(), owner_of(where.ledger_directory(settings))))


def known_host(settings: pathlib.Path, name: str, *, anyhow: bool) -> str:
    """The host of either name. A typing error would stop nobody, and look as if it did. Raises UsageError."""
    present = shown(settings)
    names = {host.flock_name: host.host for host in present.hosts} | {h.host: h.host for h in present.hosts}
    if name in names:
        return names[name]
    if not name.isprintable() or " " in name or (names and not anyhow):
        raise UsageError(f"there is no host {name!r}; `shepherd -s` lists them (--anyhow orders it all the same)")
    return name


def shown(settings: pathlib.Path) -> Present:
    """What the daemon published last; nothing if that cannot be read."""
    nothing = {"schema": 1, "at_s": 0.0, "hosts": []}
    try:
        found = read_present(where.ledger_directory(settings))
        return present_from(found[0] if found else nothing)
    except Unavailable:
        return present_from(nothing)
