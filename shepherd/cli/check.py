"""`shepherd check`: are the settings right, and what is in force."""

import argparse
import json

from shepherd.edges.settings_file import read_settings
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import Settings
from shepherd.programs.wiring import commanding_problems
from shepherd.views.effective import effective_json, effective_table


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("check", help="check the settings and print what is in force")
    parser.add_argument("--node", action="store_true", help="this host's keeper instead of the daemon")
    parser.add_argument("--audit", action="store_true", help="on a host: does everything that keeps guests in hold?")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace) -> int:
    """Print the effective settings, or what an audit of this host found: then 1 if anything does not hold.

    Raises SettingsError with everything that is wrong, missing tools too.
    """
    if args.audit:
        return audit(args)
    settings: Settings | NodeSettings
    if args.node:
        from shepherd.programs.node_wiring import settings_in

        settings = settings_in(args.settings)
    else:
        settings = read_settings(args.settings, commanding_problems)
    if args.json:
        print(json.dumps({"schema": 1, "settings": effective_json(settings)}, indent=1))
    else:
        print(effective_table(settings), end="")
        print(f"\n{args.settings} is valid")
    return 0


def audit(args: argparse.Namespace) -> int:
    """Look at this host now. Raises SettingsError, CommandFailed."""
    from shepherd.programs.node_wiring import Node

    found = []
    for looked in Node(args.settings).audit.run():
        found.append(looked)
        if not args.json:
            print(f"FAILS  {looked.what}: {looked.problem}" if looked.problem else f"ok     {looked.what}", flush=True)
    if args.json:
        told = [{"what": looked.what, "problem": looked.problem} for looked in found]
        print(json.dumps({"schema": 1, "audit": told}, indent=1))
    return 1 if any(looked.problem for looked in found) else 0
