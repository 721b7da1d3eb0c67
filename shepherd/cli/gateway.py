"""`shepherd gateway run|apply`: the flock VLAN's firewall."""

import argparse
import functools
import json

from shepherd.errors import SettingsError
from shepherd.views.machine import applied_json

RUN = """Loads the rules, allows forwarding, and keeps both as the settings have them. Rules stay when it ends. HUP
reloads the settings, all or nothing; if the rules cannot be loaded, the VLAN is closed; if the settings are wrong,
nothing is forwarded from it but what rules that are loaded already let through."""
RECORD = "Record guests' connections until standard input ends. `gateway run` starts this by itself, and again."
APPLY = "Bring the settings into force once, and say what was changed. Changes nothing the second time."


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb's command line."""
    gateway = subparsers.add_parser("gateway", help="the flock VLAN's firewall")
    verbs = gateway.add_subparsers(dest="gateway_verb", required=True, metavar="VERB")
    verbs.add_parser("run", help="keep the rules in force", description=RUN)
    record = verbs.add_parser("record", help="record connections (`run` starts this)", description=RECORD)
    record.add_argument("--buffer-kib", type=int, default=65536, metavar="N", help="the kernel's room for events")
    apply = verbs.add_parser("apply", help="bring the rules into force once", description=APPLY)
    apply.add_argument("--show", action="store_true", help="print the rules and load nothing")
    apply.add_argument("--json", action="store_true", help="for machines; `schema` is its version")


def run(args: argparse.Namespace) -> int:
    """Serve until TERM, or apply. Raises SettingsError, CommandFailed, Refused."""
    from shepherd.programs.gateway_wiring import GatewayProgram, bar

    if args.gateway_verb == "record":
        GatewayProgram(args.settings).record(args.buffer_kib << 10, functools.partial(print, flush=True))
        return 0
    try:
        program = GatewayProgram(args.settings)
    except SettingsError:
        if args.gateway_verb == "run":
            bar(args.settings)
        raise
    if args.gateway_verb == "run":
        program.run()
    elif args.show:
        rules = program.rules()
        print(json.dumps(applied_json((), rules), indent=1) if args.json else rules, end="\n" if args.json else "")
    else:
        changed = program.apply()
        told = "\n".join(f"changed: {one}" for one in changed) or "everything is as the settings have it"
        print(json.dumps(applied_json(changed, None), indent=1) if args.json else told)
    return 0
