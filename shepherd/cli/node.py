"""`shepherd node run|up|down|evidence`: the keeper of one host, what it kept, and the host's side of the flock VLAN."""

import argparse

from shepherd.cli import node_evidence

DESCRIPTION = """The keeper: reads lease pages from the home collector, runs one container for each lend, takes it
down again. Runs as root in the foreground for systemd. HUP reloads the settings, all or nothing; TERM stops it and
leaves a container as it is, until its lease lapses or the keeper is back."""
UP = """Makes what is missing of this host's side of the flock VLAN, repairs what has drifted, and says each step.
Refuses before changing anything if something of somebody else's is in the way. Harmless while a host is lent."""
DOWN = """Removes what `up` made, and nothing else. Refuses while the host is lent."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb's command line."""
    node = subparsers.add_parser("node", help="what runs on a host")
    verbs = node.add_subparsers(dest="node_verb", required=True, metavar="VERB")
    verbs.add_parser("run", help="run the keeper", description=DESCRIPTION)
    verbs.add_parser("up", help="make the VLAN interface, the host guard and the docker network", description=UP)
    verbs.add_parser("down", help="remove what `up` made", description=DOWN)
    node_evidence.add(verbs)


def run(args: argparse.Namespace) -> int:
    """Serve until TERM, change the network, or show evidence. Raises SettingsError, CommandFailed, Refused,
    Unavailable."""
    if args.node_verb == "evidence":
        return node_evidence.run(args)
    from shepherd.programs.node_wiring import Node

    node = Node(args.settings)
    if args.node_verb == "run":
        node.run()
        return 0
    steps = node.network.up() if args.node_verb == "up" else node.network.down()
    is_idle = True
    for step in steps:
        is_idle = False
        print(step.value, flush=True)
    if is_idle:
        print("nothing to do: everything is as the settings have it")
    return 0
