"""Which bindings of HTCondor are installed, found out in a process of its own: importing them runs foreign code."""

import sys

from shepherd.edges.htcondor.witness import version_in
from shepherd.edges.tool import run_tool
from shepherd.errors import CommandFailed
from shepherd.model.checkup import Version

IMPORT_S = 20.0
"""Importing asks for this machine's own name, which may be slow where nobody resolves it."""
ASK = """
import sys
try:
    import htcondor2
    print(htcondor2.version())
except Exception as exc:
    sys.exit(f"{type(exc).__name__}: {exc}")
"""


def bindings_version() -> Version:
    """Their version. Raises CommandFailed, Unavailable."""
    said = run_tool((sys.executable, "-c", ASK), IMPORT_S, what="importing htcondor2", package="htcondor, a wheel")
    if not (version := version_in(said)):
        raise CommandFailed(f"htcondor2 does not say its version: {said[:200]!r}")
    return version
