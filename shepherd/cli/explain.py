"""`shepherd explain`: why a host is in its herd, what a decision was made from, what became of a lend, what the
firewall does with a packet.

The last is told in the kernel's own words, all others from the records.
"""

import argparse
import itertools
import json
import re
from collections.abc import Sequence

PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1}
OF_FLOW = """Loads the rules that are in force on this machine, those of others too, into a network namespace of its
own with interfaces, addresses and routes like this machine's, sends one packet there, and prints what became of it and
which rules decided. Nothing leaves this machine. Needs root."""
OF_HOST = """Why a host was, or was not, lent at that time, from the records alone: its state and what it gave to local
jobs, the last decision and what that said of it, and its last lends step by step."""
OF_CYCLE = """One decision: what was known of hosts and queue, what was ordered and what came of it, and why other hosts
stayed. It is made again by this version, and it is said if that comes out otherwise."""


OF_LEND = """One lend from its order to its end, by the name that `explain host` and `status --json` show."""
DESCRIPTION = """The one way to ask why. `explain HOST` is the same as `explain host HOST`, `explain N` as
`explain cycle N`, and without a word the newest decision is explained."""
EPILOG = "e.g. shepherd explain p220; explain cycle '2026-03-01 12:00:00'; explain flow 10.27.2.5 1.1.1.1 443"
KINDS = ("host", "cycle", "lend", "flow")


def spelled_out(words: Sequence[str]) -> list[str]:
    """What stands after the verb, with what it asks about named."""
    if {"-h", "--help"} & set(words[:1]):
        return list(words)
    first = next((word for before, word in itertools.pairwise(["", *words]) if is_asked_about(before, word)), "")
    if first in KINDS:
        return list(words)
    return ["cycle" if re.fullmatch(r"[0-9]*", first) else "host", *words]


def is_asked_about(before: str, word: str) -> bool:
    """Whether a word is neither an option nor the value of one."""
    return before != "--at" and not word.startswith("-")


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb's command line."""
    help_of = "why something is as it is"
    explain = subparsers.add_parser("explain", help=help_of, description=DESCRIPTION, epilog=EPILOG)
    what = explain.add_subparsers(dest="explain_what", required=True, metavar="WHAT")
    host = what.add_parser("host", help="why a host is in its herd", description=OF_HOST)
    host.add_argument("host", metavar="HOST", help="by either of its two names")
    host.add_argument("--at", metavar="TIME", help="UTC unless it names a zone; without: the newest look")
    cycle = what.add_parser("cycle", help="what a decision was made from", description=OF_CYCLE)
    of_which = "the number of its record, or a time; without: the newest"
    cycle.add_argument("which", nargs="?", metavar="N|TIME", help=of_which)
    cycle.add_argument("--at", metavar="TIME", help="the same as TIME")
    lend = what.add_parser("lend", help="what became of a lend", description=OF_LEND)
    lend.add_argument("lease", metavar="LEND", help="its name, e.g. p220.1800002113.7a1d5006")
    for past in (host, cycle, lend):
        past.add_argument("--json", action="store_true", help="for machines; `schema` is its version")
    flow = what.add_parser("flow", help="what the gateway does with a packet", description=OF_FLOW)
    flow.add_argument("source", metavar="SRC", help="IPv4 address it comes from")
    flow.add_argument("destination", metavar="DST", help="IPv4 address it goes to")
    flow.add_argument("port", metavar="PORT", type=int, help="destination port; any for icmp")
    flow.add_argument("--protocol", choices=sorted(PROTOCOLS), default="tcp")
    flow.add_argument("--from", dest="interface", default="", help="interface it arrives at; without: the flock VLAN")
    flow.add_argument("--json", action="store_true", help="for machines; `schema` is its version")


def run(args: argparse.Namespace) -> int:
    """Print why. Raises SettingsError, UsageError, CommandFailed, LedgerUnavailable."""
    if args.explain_what == "flow":
        return explain_flow(args)
    from shepherd.cli.explain_past import explain_cycle, explain_host, explain_lend

    return {"host": explain_host, "cycle": explain_cycle, "lend": explain_lend}[args.explain_what](args)


def explain_flow(args: argparse.Namespace) -> int:
    """Print the verdict. Raises SettingsError, UsageError, CommandFailed."""
    from shepherd.cli.tell import tell
    from shepherd.model.trial import Packet
    from shepherd.programs.gateway_wiring import GatewayProgram
    from shepherd.views.flow import flow_json, flow_text

    program = GatewayProgram(args.settings)
    packet = Packet(
        interface=args.interface or program.vlan,
        source=args.source,
        destination=args.destination,
        protocol=PROTOCOLS[args.protocol],
        port=args.port,
    )
    outcome = program.explain(packet)
    if args.json:
        print(json.dumps(flow_json(packet, outcome), indent=1))
    else:
        tell(flow_text(packet, outcome))
    return 0
