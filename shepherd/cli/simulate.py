"""`shepherd simulate`: the policies against made-up or recorded loads, thousands of times faster than time."""

import argparse
import math
import os
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from shepherd.cli.ledger import day_of
from shepherd.cli.replay import changes_of
from shepherd.errors import UsageError
from shepherd.model.simulated import Compared, Contender, FaultKind, SimulatedFault
from shepherd.model.workload import GuestLoad

if TYPE_CHECKING:
    from shepherd.model.settings import Settings
    from shepherd.sim.load.run import Plan

DESCRIPTION = """Simulates a pool under load with the daemon's own decisions and switches: local jobs, HTCondor's
matching, hosts that are lent and taken back, and guests that always have one more job. Beside the policies stand two
bounds: `never` lends nothing, `oracle` knows the future. Nothing outside is asked or changed. Settings are those of
the settings file if there is one, else the defaults."""
TABLES = ("policy", "timers")
MADE_UP = {
    "home": {"name": "simulated", "schedds": ["cm"], "schedd_identities": ["condor@family"]},
    "flock": {"collector": "flock:9618", "image": "sha256:" + "5" * 64},
}


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb's command line."""
    short = "try policies on made-up or recorded loads"
    parser = subparsers.add_parser("simulate", help=short, description=DESCRIPTION)
    what = parser.add_argument_group("what is simulated")
    what.add_argument("--workload", action="append", default=[], metavar="NAME", help="a made-up load; without: all")
    what.add_argument("--swf", action="append", default=[], type=pathlib.Path, metavar="FILE", help="a log in the SWF")
    of_history = "a job history, as `condor_history -jsonl` writes it"
    what.add_argument("--history", action="append", default=[], type=pathlib.Path, metavar="FILE", help=of_history)
    what.add_argument("--day", action="append", default=[], type=day_of, help="a recorded day, UTC; or several")
    of_host = "hosts for --swf and --history: number, cpus, GiB, e.g. 100x16x64; may be given again for other kinds"
    what.add_argument("--host", action="append", default=[], metavar="NxCPUSxGIB", help=of_host)
    what.add_argument("--hosts", type=int, default=100, help="hosts of made-up loads (default 100)")
    what.add_argument("--days", type=float, default=2.0, help="how long; of files the first days (default 2)")
    what.add_argument("--seed", type=int, default=1, help="draws everything (default 1)")
    of_guests = "median run time of guests' jobs, seconds (default 1800)"
    what.add_argument("--guest-jobs", type=float, default=GuestLoad.median_s, metavar="SECONDS", help=of_guests)
    of_limits = "guests' jobs say how long they run at most: 15 minutes, an hour, or six"
    what.add_argument("--guests-declare", action="store_true", help=of_limits)
    of_age = "longer guests' jobs ask for hosts that have been lent for as long as they run"
    what.add_argument("--guests-by-age", action="store_true", help=of_age)
    how = parser.add_argument_group("how")
    names = [contender.value for contender in Contender]
    how.add_argument("--policy", action="append", default=[], choices=names, help="only these; without: all four")
    how.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. policy.reserve=0.1")
    kinds = ", ".join(kind.value for kind in FaultKind)
    of_fault = f"what breaks ({kinds}), when and how long in seconds, e.g. shepherd@3600+7200, host@3600+600:p0003"
    how.add_argument("--fault", action="append", default=[], metavar="KIND@AT+SECONDS[:HOST]", help=of_fault)
    how.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="workloads at a time")
    out = parser.add_argument_group("what is written")
    out.add_argument("--json", type=pathlib.Path, default=None, metavar="FILE", help="all figures, too")
    out.add_argument("--plots", type=pathlib.Path, default=None, metavar="DIRECTORY", help="PNG and SVG; matplotlib")
    out.add_argument("--list", action="store_true", help="only list the made-up loads")


def run(args: argparse.Namespace) -> int:
    """Simulate and print; 0 whatever comes of it. Raises BadInput, Unavailable."""
    from shepherd.cli.simulate_loads import plans_of
    from shepherd.cli.simulate_together import together
    from shepherd.edges.figures_file import check_writable
    from shepherd.model.one_line import one_line
    from shepherd.sim.load.compare import compared, missed
    from shepherd.sim.load.synthetic.catalogue import ABOUT
    from shepherd.views.simulated import table

    if args.list:
        print("\n".join(f"{name:8}  {about}" for name, about in ABOUT.items()))
        return 0
    check_writable(args.json)
    if args.plots is not None:
        from shepherd.edges.plots import check_plots

        check_plots(args.plots)
    settings = settings_of(args.settings, args.set)
    contenders = [Contender(name) for name in args.policy] or list(Contender)
    plans = plans_of(args, settings, [fault_of(text) for text in args.fault])
    found = together(plans, contenders, max(1, args.processes))
    rows = [row for outcomes in found for row in compared(outcomes, settings.timers)]
    print(table(rows), end="")
    told = list(missed(rows))
    for what in told:
        print(f"missed: {one_line(what)}")
    written(args, plans, rows, told)
    return 0


def written(args: argparse.Namespace, plans: "Sequence[Plan]", rows: Sequence[Compared], told: Sequence[str]) -> None:
    """The figures and the plots. Raises Unavailable, UsageError."""
    from shepherd.edges.figures_file import write_figures
    from shepherd.views.simulated import as_json

    if args.json is not None:
        about = {"seed": args.seed, "workloads": {plan.workload.name: plan.workload.about for plan in plans}}
        write_figures(args.json, as_json(rows, told, about))
    if args.plots is not None:
        from shepherd.edges.plots import write_plots

        for path in write_plots(args.plots, rows):
            print(path, file=sys.stderr)


def settings_of(path: pathlib.Path, words: Sequence[str]) -> "Settings":
    """Policy and timers of the settings file, if there is one, with changes. Raises SettingsError, UsageError."""
    from shepherd.cli.main import DAEMON_SETTINGS
    from shepherd.cli.recorded import BY_HAND
    from shepherd.core.settings.daemon import daemon_problems
    from shepherd.edges.settings_file import toml_tree, validated, wrong
    from shepherd.edges.settings_words import Fault
    from shepherd.model.settings import Settings

    absent = path == DAEMON_SETTINGS and not path.exists()
    tree: dict[str, object] = {} if absent else dict(toml_tree(path))
    tables: dict[str, dict[str, object]] = {}
    for name in TABLES:
        table = tree.get(name, {})
        tables[name] = dict(table) if isinstance(table, Mapping) else {}
    for key, value in changes_of(words).items():
        table_name, _, name = key.partition(".")
        if table_name not in TABLES or not name:
            raise UsageError(f"--set {key}: only policy.KEY and timers.KEY have an effect here")
        tables[table_name][name] = value
    settings = validated(path if not words else BY_HAND, Settings, {**MADE_UP, **tables})
    if faults := [Fault(*problem) for problem in daemon_problems(settings)]:
        raise wrong(path if not words else BY_HAND, faults)
    return settings


def fault_of(text: str) -> SimulatedFault:
    """`KIND@AT+SECONDS[:HOST]`. Raises UsageError."""
    from shepherd.model.host import HostName

    kind, _, rest = text.partition("@")
    times, _, host = rest.partition(":")
    at_s, _, lasts_s = times.partition("+")
    try:
        what, begins_s, for_s = FaultKind(kind), float(at_s), float(lasts_s)
    except ValueError as exc:
        raise UsageError(f"--fault {text}: {exc}; write e.g. shepherd@3600+7200 or host@3600+600:p0003") from exc
    if not (0 <= begins_s < math.inf and 0 < for_s < math.inf):
        raise UsageError(f"--fault {text}: nothing breaks then; write e.g. shepherd@3600+7200")
    return SimulatedFault(kind=what, at_s=begins_s, lasts_s=for_s, host=HostName(host) if host else None)


