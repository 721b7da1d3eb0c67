"""`shepherd drill prepare|run|check`: a flocked job makes a connection, and the record must name it by that alone."""

import argparse
import json
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable

from shepherd.cli.trace import asker, record, store_directory
from shepherd.cli.trace_question import WITHIN_S, endpoint, told, zone_of
from shepherd.core.roles import insist
from shepherd.core.settings.daemon import daemon_problems
from shepherd.core.trace.drill import TOKEN, submit_description
from shepherd.core.trace.times import instant_s
from shepherd.edges.clock import SystemClock
from shepherd.edges.drill_listener import listening
from shepherd.edges.settings_file import read_settings
from shepherd.edges.trace_store.read import StoreReader
from shepherd.errors import CommandFailed, UsageError
from shepherd.model.drill import DrillResult, Heard, Truth
from shepherd.model.question import Question
from shepherd.model.roles import Role
from shepherd.model.settings import Settings
from shepherd.model.tracing import Tracing
from shepherd.programs.trace.asking import Asking
from shepherd.programs.trace.drilling import OWN_CLOCK_S, ask, hear
from shepherd.views.drill import drill_json, drill_text

DESCRIPTION = """The working group's own test: a job of a guest's schedd connects to an address outside; from the time,
our address and our port alone the record must name exactly that job. Says whether it did, by which links, and how soon;
that is recorded. Needs the role `personal`, because job ids are compared."""
SUBMIT_S = 60.0
JOB = re.compile(r"(?:(?P<schedd>[^#\s]{1,200})#)?(?P<cluster>\d{1,12}\.\d{1,9})")


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb and its acts."""
    parser = subparsers.add_parser("drill", help="try whether the record names who it was", description=DESCRIPTION)
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    prepare = acts.add_parser("prepare", help="print what is to be submitted at a guest's schedd")
    do = acts.add_parser("run", help="submit it by [drill] submit, hear it, ask, and tell what came of it")
    check = acts.add_parser("check", help="hear a job that somebody submitted, or be told of it; ask, and tell")
    check.add_argument("token", metavar="TOKEN", help="as `prepare` said it")
    heard = check.add_argument_group("if it was heard elsewhere")
    heard.add_argument("--at", metavar="TIME", help="when the connection came, by that log")
    heard.add_argument("--zone", default="UTC", metavar="ZONE", help="of that time, if it names none; default: UTC")
    heard.add_argument("--nat", metavar="ADDRESS:PORT", help="from where it came, by that log")
    heard.add_argument("--job", metavar="[SCHEDD#]CLUSTER.PROC", help="the job, as its schedd counts")
    for one in (prepare, do, check):
        one.add_argument("--to", metavar="ADDRESS:PORT", help="where the job connects to; default: [drill] target")
    for one in (do, check):
        one.add_argument("--json", action="store_true", help="for machines; `schema` is its version")


def run(args: argparse.Namespace) -> int:
    """Do one act; 0 if it was right, or there was nothing to judge. Raises BadInput, Unavailable, CommandFailed."""
    settings = read_settings(args.settings, daemon_problems)
    target = target_of(args, settings)
    if args.act == "prepare":
        return prepared(target)
    insist(Role.PERSONAL, settings.roles, asker(settings))
    if args.act == "run":
        return shown(args, driven(args, settings, target))
    if not TOKEN.fullmatch(args.token):
        raise UsageError(f"{args.token!r} is no token as `shepherd drill prepare` says it")
    if args.at is None:
        return shown(args, heard_here(args, settings, args.token, target, lambda: None))
    return shown(args, judged_by_log(args, settings, target))


def target_of(args: argparse.Namespace, settings: Settings) -> tuple[str, int]:
    """Where the job connects to. Raises UsageError."""
    return place("--to", args.to or settings.drill.target, "say it, or set target of [drill]")


def place(option: str, text: str, remedy: str) -> tuple[str, int]:
    """An address and a port, both. Raises UsageError."""
    address, port = endpoint(option, text) if text else ("", None)
    if not address or not port:
        raise UsageError(f"{option}: an ADDRESS:PORT is needed; {remedy}")
    return address, port


def prepared(target: tuple[str, int]) -> int:
    """Print what is to be submitted, and what to do then."""
    token = secrets.token_hex(8)
    print(submit_description(token, *target), end="")
    print(f"submit this at a guest's schedd; meanwhile, here: shepherd drill check {token}", file=sys.stderr)
    return 0


def driven(args: argparse.Namespace, settings: Settings, target: tuple[str, int]) -> DrillResult:
    """Submit, hear and ask. Raises UsageError, CommandFailed, Unavailable."""
    if not settings.drill.submit:
        raise UsageError("no command submits at a guest: set submit of [drill], or use `shepherd drill prepare`")
    token = secrets.token_hex(8)
    description = submit_description(token, *target)
    return heard_here(args, settings, token, target, lambda: submit(settings.drill.submit, description))


def submit(command: tuple[str, ...], description: str) -> None:
    """Hand the description to the site's own command. Raises CommandFailed."""
    by_hand = " ".join(command)
    try:
        ended = subprocess.run(
            command, input=description, capture_output=True, text=True, timeout=SUBMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise CommandFailed(f"the drill's job cannot be submitted: {exc}", by_hand=by_hand) from exc
    if ended.returncode != 0:
        said = (ended.stderr or ended.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        raise CommandFailed(f"the drill's job was not submitted: {said[0]}", by_hand=by_hand)


def heard_here(
    args: argparse.Namespace, settings: Settings, token: str, target: tuple[str, int], begin: Callable[[], None]
) -> DrillResult:
    """Listen, begin, hear, ask. Raises UsageError, CommandFailed, Unavailable."""
    remedy = "set listen of [drill], or tell what another log has: --at TIME --nat ADDRESS:PORT --job CLUSTER.PROC"
    address = place("listen", settings.drill.listen, remedy)
    times = Watch()
    with listening(*address) as listener:
        begin()
        heard, truth = hear(listener, token, settings.drill.wait_s, times)
    return asked(args, settings, heard, truth, target, OWN_CLOCK_S)


def judged_by_log(args: argparse.Namespace, settings: Settings, target: tuple[str, int]) -> DrillResult:
    """Ask of what a log has. Raises UsageError."""
    matched = JOB.fullmatch(args.job or "")
    if matched is None:
        raise UsageError("--job: say which job it was, [SCHEDD#]CLUSTER.PROC")
    address, port = place("--nat", args.nat or "", "say from where it came")
    zone = zone_of(args.zone)
    at_s = told("--at", lambda: instant_s(args.at, zone))
    heard = Heard(at_s=at_s, address=address, port=port, line="")
    truth = Truth(token=args.token, cluster=matched["cluster"], schedd=matched["schedd"] or "")
    return asked(args, settings, heard, truth, target, WITHIN_S)


def asked(
    args: argparse.Namespace, settings: Settings, heard: Heard, truth: Truth, target: tuple[str, int], within_s: float
) -> DrillResult:
    """Ask until the record has it. Raises UsageError, Unavailable."""
    directory = store_directory(args.settings)
    about = {"drill": truth.token, "when": f"{heard.at_s:.3f}", "nat": f"{heard.address}:{heard.port}"}
    record(about, settings)

    def asking(question: Question) -> Tracing:
        return Asking(StoreReader(directory, reveal=True), SystemClock().wall_s()).ask(question)

    result = ask(heard, truth, target, within_s, settings.drill.record_s, asking, Watch())
    ended = {"verdict": result.verdict.value, "right": str(result.is_right), "s": f"{result.complete_s:.1f}"}
    standing = " ".join(f"{link.kind.value}:{link.standing.value}" for link in result.links)
    record(about | ended | {"links": standing}, settings)
    return result


def shown(args: argparse.Namespace, result: DrillResult) -> int:
    """Tell what came of it."""
    print(json.dumps(drill_json(result), indent=1) if args.json else drill_text(result), end="\n" if args.json else "")
    return 0 if result.is_right else 1


class Watch:
    """`programs.trace.drilling.Times`."""

    def __init__(self) -> None:
        self._clock = SystemClock()

    def wall_s(self) -> float:
        """Epoch seconds."""
        return self._clock.wall_s()

    def steady_s(self) -> float:
        """As the listener's."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
