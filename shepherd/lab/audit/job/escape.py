#!/usr/bin/python3
"""Code of a job that HTCondor is asked to run outside of the job's walls: leaves a mark. Also a transfer plugin.

Standard library only, in one file: it is transferred by itself.
"""

import os
import sys

MARK = "escaped"
ABILITIES = '''PluginVersion = "0.1"
PluginType = "FileTransfer"
SupportedMethods = "evil"
MultipleFileSupport = true
'''


def option(name: str) -> str:
    """The word after a word of the command line; empty if it is not there."""
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else ""


def main() -> None:
    """Leave the mark, and be as good a plugin as HTCondor asks for."""
    with open(MARK, "a", encoding="ascii") as file:
        file.write(" ".join(sorted(os.listdir("/proc"))) + "\n")
    if "-classad" in sys.argv:
        print(ABILITIES, end="")
    if results := option("-outfile"):
        with open(results, "w", encoding="ascii") as file:
            file.write('[ TransferSuccess = true; TransferUrl = "evil://x/y"; TransferFileName = "y"; ]\n')
        with open("y", "w", encoding="ascii") as file:
            file.write("y")


if __name__ == "__main__":
    main()
