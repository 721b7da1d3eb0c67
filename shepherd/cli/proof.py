"""`python -m shepherd.cli.proof node|daemon|gateway FILE`: would this file be taken? For configuration management.

What lays settings asks this before it replaces a file that is in force (Puppet's `validate_cmd`), so that no program
ever meets settings that it refuses. Looks at nothing but the file and this machine's memory; exit code 2 and every
fault, as at a program's start, if it is refused.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from shepherd.cli.main import BAD_INPUT, OK, say
from shepherd.core.gateway_rules import gateway_problems
from shepherd.core.settings_rules import daemon_problems
from shepherd.edges.settings_file import read_gateway_settings, read_settings
from shepherd.errors import SettingsError
from shepherd.programs.node_wiring import settings_in

KINDS: Mapping[str, Callable[[Path], object]] = {
    "daemon": lambda path: read_settings(path, daemon_problems),
    "node": settings_in,
    "gateway": lambda path: read_gateway_settings(path, gateway_problems),
}


def main() -> int:
    """Read one file."""
    parser = argparse.ArgumentParser(prog="shepherd.cli.proof", description="Would this settings file be taken?")
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("file", type=Path)
    args = parser.parse_args()
    try:
        KINDS[args.kind](args.file)
    except SettingsError as exc:
        return say(exc.diagnosis(), BAD_INPUT)
    return OK


if __name__ == "__main__":
    sys.exit(main())
