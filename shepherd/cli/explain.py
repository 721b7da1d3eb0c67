"""`shepherd explain flow SRC DST PORT`: what the firewall does with a packet, in the kernel's own words."""

import argparse
import json

PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1}
DESCRIPTION = """Loads the rules that are in force on this machine, those of others too, into a network namespace of its
own with interfaces, addresses and routes like this machine's, sends one packet there, and prints what became of it and
which rules decided. Nothing leaves this machine. Needs root."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb's command line."""
    explain = subparsers.add_parser("explain", help="why something is as it is")
    what = explain.add_subparsers(dest="explain_what", required=True, metavar="WHAT")
    flow = what.add_parser("flow", help="what the gateway does with a packet", description=DESCRIPTION)
    flow.add_argument("source", metavar="SRC", help="IPv4 address it comes from")
    flow.add_argument("destination", metavar="DST", help="IPv4 address it goes to")
    flow.add_argument("port", metavar="PORT", type=int, help="destination port; any for icmp")
    flow.add_argument("--protocol", choices=sorted(PROTOCOLS), default="tcp")
    flow.add_argument("--from", dest="interface", default="", help="interface it arrives at; without: the flock VLAN")
    flow.add_argument("--json", action="store_true", help="for machines; `schema` is its version")


def run(args: argparse.Namespace) -> int:
    """Print the verdict. Raises SettingsError, UsageError, CommandFailed."""
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
        print(flow_text(packet, outcome), end="")
    return 0
