"""`shepherd check`: are the settings right, and what is in force."""

import argparse
import json

from shepherd.core.node_rules import node_problems
from shepherd.edges.settings_file import read_node_settings, read_settings
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import Settings
from shepherd.programs.wiring import commanding_problems
from shepherd.views.effective import effective_json, effective_table


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("check", help="check the settings and print what is in force")
    parser.add_argument("--node", action="store_true", help="this host's keeper instead of the daemon")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace) -> int:
    """Print the effective settings. Raises SettingsError with everything that is wrong, missing tools too."""
    settings: Settings | NodeSettings
    if args.node:
        settings = read_node_settings(args.settings, node_problems)
    else:
        settings = read_settings(args.settings, commanding_problems)
    if args.json:
        print(json.dumps({"schema": 1, "settings": effective_json(settings)}, indent=1))
    else:
        print(effective_table(settings), end="")
        print(f"\n{args.settings} is valid")
    return 0
