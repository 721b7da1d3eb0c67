"""`python -m shepherd.lab up|exec|demo|audit|drill|rollout|bench|clean`: a site to look at and to show on."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from shepherd.errors import BadInput, ShepherdError
from shepherd.lab.addresses import MOST_HOSTS
from shepherd.lab.audit.run import run_audit
from shepherd.lab.bench import SIZES, run_bench
from shepherd.lab.bench_trace import FULL_RECORDS, RECORDS
from shepherd.lab.demo import run_demo
from shepherd.lab.drill.run import JOBS, QUESTIONS, Size, run_drill
from shepherd.lab.enter_node import enter_argv
from shepherd.lab.mark import remove_unmade
from shepherd.lab.progress import Progress
from shepherd.lab.report_file import report_file
from shepherd.lab.rollout.run import run_rollout
from shepherd.lab.site import Site, SiteSpec
from shepherd.lab.state import cleanup_leftovers

FEWEST_TO_LEND = 2
"""One stays in the reserve."""
FEWEST_JOBS = 26
"""Of each kind one, and of each user."""

ENTER = "sudo ./run lab exec NODE -- COMMAND"


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 failed, 2 asked wrongly."""
    chosen = parser().parse_args(argv)
    try:
        if os.geteuid() != 0:
            raise BadInput("the lab makes namespaces and mounts: run it as root")
        return _do(chosen)
    except BadInput as exc:
        print(exc.diagnosis(), file=sys.stderr)
        return 2
    except ShepherdError as exc:
        print(exc.diagnosis(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The command line. What cannot be is refused here, before anything is built."""
    words = argparse.ArgumentParser(prog="python -m shepherd.lab", description=__doc__)
    verbs = words.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up", help="bring a site up and keep it until Ctrl-C")
    up.add_argument("--hosts", type=number(1, MOST_HOSTS), default=3, help="hosts in the home pool (default 3)")
    up.add_argument("--shepherd", action="store_true", help="start the shepherd and the keepers too")
    enter = verbs.add_parser("exec", help="run a command on a node of a running site")
    enter.add_argument("node", help="cm, campus, nfs, p201, …")
    enter.add_argument("--site", default="", help="which site, if more than one is up")
    enter.add_argument("--user", default=None, help="as whom (default root)")
    enter.add_argument("command", nargs="+", help="after `--`: the command")
    demo = verbs.add_parser("demo", help="tell the main job with real jobs; exit 0 only if all held")
    hosts = number(FEWEST_TO_LEND, MOST_HOSTS)
    demo.add_argument("--hosts", type=hosts, default=3, help="hosts in the home pool (default 3, at least 2)")
    demo.add_argument("--json", type=report_file, default=None, metavar="FILE", help="write the measured figures, too")
    bench = verbs.add_parser("bench", help="the cycle and the keepers' polling, beside their floor")
    bench.add_argument("--sizes", type=number(1), nargs="+", default=SIZES, metavar="HOSTS", help="100 1000 10000")
    bench.add_argument("--full", action="store_true", help="a trace store of 50 million records, not of a tenth")
    bench.add_argument("--json", type=report_file, default=None, metavar="FILE", help="write the measured figures, too")
    audit = verbs.add_parser("audit", help="try every door that guests must find shut")
    audit.add_argument("--json", type=report_file, default=None, metavar="FILE", help="write each probe's outcome")
    audit.add_argument("--no-baseline", action="store_true", help="not the original as well")
    drill = verbs.add_parser("drill", help="real jobs while everything is killed; then: who did what?")
    drill.add_argument("--jobs", type=number(FEWEST_JOBS), default=JOBS, help=f"flocked jobs (default {JOBS})")
    drill.add_argument("--questions", type=number(1), default=QUESTIONS, help=f"asked after it (default {QUESTIONS})")
    drill.add_argument("--seed", default=str(datetime.now(UTC).date()), help="draws all of it (default: the day)")
    drill.add_argument("--json", type=report_file, default=None, metavar="FILE", help="write the measured figures, too")
    rollout = verbs.add_parser("rollout", help="a machine that really boots is rolled out, lent, rebooted, rolled back")
    rollout.add_argument("--json", type=report_file, default=None, metavar="FILE", help="write what each step saw")
    verbs.add_parser("clean", help="remove what labs, tests and measurements left that are gone")
    return words


def number(least: int, most: int | None = None) -> Callable[[str], int]:
    """An argument that is a whole number in a range."""

    def judged(text: str) -> int:
        allowed = f"{least} or more" if most is None else f"{least} to {most}"
        if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
            raise argparse.ArgumentTypeError(f"{text} is not possible; give a number, {allowed}")
        return int(text)

    return judged


def _do(chosen: argparse.Namespace) -> int:
    match chosen.verb:
        case "up":
            _up(SiteSpec(hosts=chosen.hosts, start_keepers=chosen.shepherd, start_shepherd=chosen.shepherd))
        case "exec":
            argv = enter_argv(chosen.site, chosen.node, chosen.command, user=chosen.user)
            os.execvp(argv[0], argv)
        case "demo":
            return run_demo(chosen.hosts, chosen.json)
        case "bench":
            return run_bench(sorted(chosen.sizes), chosen.json, FULL_RECORDS if chosen.full else RECORDS)
        case "audit":
            return run_audit(chosen.json, baseline=not chosen.no_baseline)
        case "drill":
            return run_drill(Size(jobs=chosen.jobs, questions=chosen.questions), chosen.seed, chosen.json)
        case "rollout":
            return run_rollout(chosen.json)
        case "clean":
            gone = [*cleanup_leftovers(), *remove_unmade()]
            print("removed: " + " ".join(gone) if gone else "nothing to remove")
    return 0


def _up(spec: SiteSpec) -> None:
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    progress = Progress()
    with Site(spec, progress=progress) as site:
        progress.say(f"up: {' '.join(site.nodes)}; to enter one: {ENTER}")
        try:
            signal.pause()
        except KeyboardInterrupt:
            progress.say("going down")


if __name__ == "__main__":
    sys.exit(main())
