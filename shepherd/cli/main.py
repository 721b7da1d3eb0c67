"""The `shepherd` command: finds the verb, runs it, and is the only place that turns errors into words.

Only the verb that is asked for is imported, so that `shepherd -s` answers at once.
"""

import argparse
import importlib
import os
import pathlib
import sys
import syslog
import traceback
from collections.abc import Iterable, Sequence
from types import ModuleType

from shepherd import __version__
from shepherd.errors import BadInput, ShepherdError, UsageError

VERBS = (
    "run", "status", "plan", "explain", "replay", "flockoff", "flockon", "ban", "unban", "quarantine", "release",
    "check", "node", "gateway", "guest", "image", "key", "ledger", "trace", "drill", "simulate",
    "report",
)  # fmt: skip
"""In the order of the help; each is a module of this package."""

DAEMON_SETTINGS = pathlib.Path("/etc/shepherd/shepherd.toml")
NODE_SETTINGS = pathlib.Path("/etc/shepherd/node.toml")
GATEWAY_SETTINGS = pathlib.Path("/etc/shepherd/gateway.toml")
DAEMONS = frozenset({"run", "node", "gateway"})
"""Verbs whose stderr is the log."""

OK, WRONG, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code: 0 well, 1 something is wrong, 2 bad input."""
    words = list(sys.argv[1:] if argv is None else argv)
    verb = verb_of(words)
    try:
        code = dispatch(words, [verb] if verb else VERBS)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return cut_off()
    except BadInput as exc:
        return say(exc.diagnosis(), BAD_INPUT)
    except ShepherdError as exc:
        return say(exc.diagnosis(), WRONG)
    except Exception as exc:  # noqa: BLE001 - the last place: nobody may see a traceback
        return defect(exc, verb)
    return code


def dispatch(words: list[str], verbs: Sequence[str]) -> int:
    """Parse with the parsers of `verbs`, and run the one that is asked for."""
    if unknown := set(verbs) - set(VERBS):
        raise UsageError(f"there is no verb {unknown.pop()!r}; there are {', '.join(VERBS)}")
    modules = {name: importlib.import_module(f"shepherd.cli.{name}") for name in verbs}
    args = assembled(modules.values()).parse_args(words)
    if args.settings is None:
        args.settings = settings_of(args)
    return int(modules[args.verb].run(args))


def settings_of(args: argparse.Namespace) -> pathlib.Path:
    """The settings file of the program that a verb is about."""
    if args.verb == "node" or getattr(args, "node", False) or getattr(args, "audit", False):
        return NODE_SETTINGS
    explains_flow = getattr(args, "explain_what", "") == "flow"
    if args.verb == "gateway" or explains_flow or getattr(args, "gateway", False):
        return GATEWAY_SETTINGS
    return DAEMON_SETTINGS


def verb_of(words: list[str]) -> str | None:
    """The word that stands where a verb should. Puts `status` where `-s` stands; None: there is no verb."""
    position = 0
    while position < len(words):
        word = words[position]
        if word == "-s":
            words[position] = "status"
            return "status"
        if not word.startswith("-"):
            return word
        position += 2 if word == "--settings" else 1
    return None


def assembled(modules: Iterable[ModuleType]) -> argparse.ArgumentParser:
    """The command line of these verbs."""
    parser = argparse.ArgumentParser(
        prog="shepherd",
        description="Lends idle hosts of an HTCondor pool to guests and takes them back for local work.",
        epilog="`shepherd VERB --help` tells more. -s is the same as status.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"shepherd {__version__}")
    parser.add_argument("-s", action="store_true", help="the same as `status`")
    parser.add_argument(
        "--settings", type=pathlib.Path, metavar="FILE", help=f"default: {DAEMON_SETTINGS}; node: {NODE_SETTINGS}"
    )
    subparsers = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for module in modules:
        module.add(subparsers)
    return parser


def say(sentence: str, code: int) -> int:
    """One diagnosis, for a person."""
    try:
        print(f"shepherd: {sentence}", file=sys.stderr)
    except OSError:
        return code
    return code


def cut_off() -> int:
    """Whoever read our output has seen enough. Python must not complain about it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return WRONG


def defect(exc: Exception, verb: str | None) -> int:
    """Something nobody foresaw: one line for the person, the traceback for the log only."""
    text = "".join(traceback.format_exception(exc))
    if verb in DAEMONS and not sys.stderr.isatty():
        from shepherd.edges.log import make_log

        make_log()("defect", verb=verb, traceback=text)
        where = "above"
    else:
        syslog.openlog("shepherd")
        for line in text.splitlines():
            syslog.syslog(syslog.LOG_ERR, line)
        where = "in the system log (journalctl -t shepherd)"
    what = f"{type(exc).__name__}: {exc}".splitlines()[0]
    return say(f"this is a defect, please report it: {what}; details are {where}", WRONG)
