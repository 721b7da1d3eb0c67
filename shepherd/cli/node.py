"""`shepherd node run`: the keeper of one host."""

import argparse

DESCRIPTION = """The keeper: reads lease pages from the home collector, runs one container for each lend, takes it
down again. Runs as root in the foreground for systemd. HUP reloads the settings, all or nothing; TERM stops it and
leaves a container as it is, until its lease lapses or the keeper is back."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb's command line."""
    node = subparsers.add_parser("node", help="what runs on a host")
    verbs = node.add_subparsers(dest="node_verb", required=True, metavar="VERB")
    verbs.add_parser("run", help="run the keeper", description=DESCRIPTION)


def run(args: argparse.Namespace) -> int:
    """Serve until TERM. Raises SettingsError, CommandFailed."""
    from shepherd.programs.node_wiring import Node

    Node(args.settings).run()
    return 0
