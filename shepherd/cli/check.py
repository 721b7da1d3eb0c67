"""`shepherd check`: is everything there that a role of this machine needs, and what to do if not."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from shepherd.core.settings.gateway import gateway_problems
from shepherd.edges.settings_file import read_gateway_settings, read_settings
from shepherd.errors import UsageError
from shepherd.model.finding import Finding, Role, State
from shepherd.views.checkup import AUDIT_SCHEMA, EFFECTIVE_SCHEMA, findings_json, line, summary, title
from shepherd.views.effective import effective_json, effective_table

DESCRIPTION = """Looks at everything that this machine's part needs, for real, and changes nothing. One line a finding:
ok, warn (works, but somebody should know) or WRONG, with what to do. Exits with 0 if nothing is wrong, with 1 if
something is, with 2 if the settings are. Best called by root: the central manager's part is looked at as the user whom
the daemon runs as."""
FILES = {Role.NODE: "node.toml", Role.GATEWAY: "gateway.toml", Role.CENTRAL: "shepherd.toml"}
"""Settings of each role, in the order in which they are looked at: the last one gives up root's rights."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("check", help="look at everything that is needed here", description=DESCRIPTION)
    roles = parser.add_mutually_exclusive_group()
    roles.add_argument("--node", action="store_true", help="what this host's keeper needs, instead of the daemon")
    roles.add_argument("--gateway", action="store_true", help="what the VLAN's gateway needs")
    roles.add_argument("--all", action="store_true", help="every part whose settings file is here")
    roles.add_argument("--audit", action="store_true", help="on a host: does everything that keeps guests in hold?")
    parser.add_argument("--effective", action="store_true", help="print the settings in force and look at nothing")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace) -> int:
    """Look, and tell. 1 if something is wrong.

    Raises SettingsError with everything that is wrong in the files, missing tools too, before anything is looked at.
    """
    if args.audit:
        return audit(args)
    places = places_of(args)
    return effective(places, as_json=args.json) if args.effective else check(places, as_json=args.json)


def places_of(args: argparse.Namespace) -> Sequence[tuple[Role, Path]]:
    """The roles that are asked for, each with its settings file. With --all, those whose files lie beside the one that
    is named, or in the usual directory."""
    if not args.all:
        role = Role.NODE if args.node else Role.GATEWAY if args.gateway else Role.CENTRAL
        return [(role, args.settings)]
    directory = args.settings.parent
    found = [(role, directory / name) for role, name in FILES.items() if (directory / name).exists()]
    if not found:
        raise UsageError(f"there is none of {', '.join(FILES.values())} in {directory}; name a file with --settings")
    return found


def check(places: Sequence[tuple[Role, Path]], *, as_json: bool) -> int:
    """Look at these roles now."""
    from shepherd.programs.checkup_wiring import examination

    examinations = [examination(role, path) for role, path in places]
    found: list[tuple[Role, str, list[Finding]]] = []
    for one in examinations:
        if not as_json:
            print(title(one.role, str(one.settings)), flush=True)
        found.append((one.role, str(one.settings), []))
        for finding in one.findings():
            found[-1][-1].append(finding)
            if not as_json:
                print(line(finding), flush=True)
    every = [finding for _, _, findings in found for finding in findings]
    print(json.dumps(findings_json(found), indent=1) if as_json else summary(every))
    return 1 if any(finding.state is State.WRONG for finding in every) else 0


def effective(places: Sequence[tuple[Role, Path]], *, as_json: bool) -> int:
    """Print what is in force."""
    read = [(path, settings_of(role, path)) for role, path in places]
    if as_json:
        told = [{"file": str(path), "settings": effective_json(settings)} for path, settings in read]
        print(json.dumps({"schema": EFFECTIVE_SCHEMA, **(told[0] if len(told) == 1 else {"files": told})}, indent=1))
        return 0
    for path, settings in read:
        print(effective_table(settings), end="")
        print(f"\n{path} is valid")
    return 0


def settings_of(role: Role, path: Path) -> object:
    """The settings of a role. Raises SettingsError."""
    match role:
        case Role.CENTRAL:
            from shepherd.programs.checkup_wiring import Machine, starting_problems

            return read_settings(path, lambda read: starting_problems(read, Machine()))
        case Role.NODE:
            from shepherd.programs.node_wiring import settings_in

            return settings_in(path)
        case Role.GATEWAY:
            return read_gateway_settings(path, gateway_problems)


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
        print(json.dumps({"schema": AUDIT_SCHEMA, "audit": told}, indent=1))
    return 1 if any(looked.problem for looked in found) else 0
