"""`shepherd -s`, `shepherd status`: what is, from the ledger alone. Works when the daemon is dead."""

import argparse
import json
import pathlib
import sys

from shepherd.cli.where import ledger_directory
from shepherd.edges.clock import SystemClock
from shepherd.edges.ledger_present import read_present
from shepherd.edges.terminal import is_terminal
from shepherd.edges.writer_lock import writer_pid
from shepherd.errors import LedgerUnavailable, Unavailable
from shepherd.views.present import Present, present_from
from shepherd.views.status import Life, status_json, status_text

DESCRIPTION = """Shows every host, the last cycle and how old each source is, from the record alone. On a terminal
hosts are ranges, and what is wrong comes first (no colours with NO_COLOR or TERM=dumb). Piped, it is the two lists,
whose form stays as it is, and the rest; a dead or silent daemon is said before them. `--json` is for machines."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    what = "show every host, the last cycle and how old each source is"
    parser = subparsers.add_parser("status", help=what, description=DESCRIPTION)
    parser.add_argument("--json", action="store_true", help="for machines; `schema` is its version")


def run(args: argparse.Namespace) -> int:
    """Print. Raises Unavailable if there is nothing to show."""
    directory = ledger_directory(args.settings)
    found = read_present(directory)
    if found is None:
        raise nothing_there(directory)
    body, _ = found
    present, life, now_s = present_from(body), life_of(directory), SystemClock().wall_s()
    if args.json:
        print(json.dumps(status_json(body, present, life, now_s), indent=1))
    elif is_terminal(sys.stdout):
        show(present, life, now_s)
    else:
        print(status_text(present, life, now_s), end="")
    return 0


def nothing_there(directory: pathlib.Path) -> Unavailable:
    """Nothing was ever published."""
    state = "has not looked around yet" if life_of(directory).running else "has never run here"
    return Unavailable(f"the shepherd {state}: there is no state in {directory}")


def show(present: Present, life: Life, now_s: float) -> None:
    """To a person at a terminal."""
    from shepherd.cli.tell import tell_lines
    from shepherd.views.status_screen import status_screen

    tell_lines(status_screen(present, life, now_s))


def life_of(directory: pathlib.Path) -> Life:
    """Whether somebody holds the ledger's lock."""
    try:
        pid = writer_pid(directory)
    except LedgerUnavailable:
        return Life(running=None)
    return Life(running=pid is not None, pid=pid)
