"""The workloads that `shepherd simulate` was asked for."""

import argparse
import dataclasses
import pathlib
from collections.abc import Callable, Sequence

from shepherd.cli.recorded import chosen_days, looks_of
from shepherd.cli.where import ledger_directory
from shepherd.edges.workload_file import lines_of
from shepherd.errors import UsageError
from shepherd.model.demand import Resources
from shepherd.model.settings import Settings
from shepherd.model.simulated import SimulatedFault
from shepherd.model.workload import LocalJob, Workload
from shepherd.sim.load.free_slots import fair_guests
from shepherd.sim.load.read_history import history_jobs
from shepherd.sim.load.read_swf import swf_jobs
from shepherd.sim.load.recorded import recorded_load
from shepherd.sim.load.run import Plan
from shepherd.sim.load.synthetic.catalogue import SYNTHETIC
from shepherd.sim.load.synthetic.draws import DAY_S, has

FEWEST_HOSTS = 4
"""Of a made-up load: below, nothing can be lent beside the reserve, or a kind of host is missing."""
MOST_HOSTS, MOST_CPUS, MOST_GIB, MOST_DAYS = 100_000, 10_000, 1_000_000, 4000
"""More would not end within anybody's patience, or memory."""


def plans_of(args: argparse.Namespace, settings: Settings, faults: Sequence[SimulatedFault]) -> list[Plan]:
    """One for each workload, all drawn. Raises BadInput."""
    if not 0 < args.days <= MOST_DAYS:
        raise UsageError(f"--days {args.days:g}: give more than 0, and {MOST_DAYS} or less")
    hosts = [kind for text in args.host for kind in hosts_of(text)]
    loads = [from_file(path, hosts, args.days, _swf) for path in args.swf]
    loads += [from_file(path, hosts, args.days, _history) for path in args.history]
    if args.day:
        days = chosen_days(ledger_directory(args.settings), args.day)
        loads.append(recorded_load(looks_of(list(days.values())), " ".join(days)))
    loads += [made_up(name, args) for name in (args.workload or ([] if loads else SYNTHETIC))]
    return [
        Plan(
            workload=with_guests(load, args), seed=args.seed, policy=settings.policy, timers=settings.timers,
            faults=tuple(faults),
        )
        for load in loads
    ]  # fmt: skip


def with_guests(load: Workload, args: argparse.Namespace) -> Workload:
    """Its guests as they were asked for. Raises UsageError."""
    if args.guest_jobs <= 0:
        raise UsageError(f"--guest-jobs {args.guest_jobs:g}: give more than 0 seconds")
    said = {"median_s": args.guest_jobs, "by_age": args.guests_by_age, "declares": args.guests_declare}
    return dataclasses.replace(load, guests=tuple(dataclasses.replace(guest, **said) for guest in load.guests))


def made_up(name: str, args: argparse.Namespace) -> Workload:
    """A synthetic load. Raises UsageError."""
    if name not in SYNTHETIC:
        raise UsageError(f"there is no workload {name!r}; there are {', '.join(SYNTHETIC)}")
    if not FEWEST_HOSTS <= args.hosts <= MOST_HOSTS:
        raise UsageError(f"--hosts {args.hosts}: give {FEWEST_HOSTS} or more, and {MOST_HOSTS} or less")
    return SYNTHETIC[name](args.seed, args.hosts, args.days)


def hosts_of(text: str) -> list[Resources]:
    """`NxCPUSxGIB`: so many alike. Raises UsageError."""
    words = text.split("x")
    if len(words) != 3 or not all(word.isdecimal() and int(word) > 0 for word in words):
        raise UsageError(f"--host {text}: write NUMBERxCPUSxGIB, e.g. 100x16x64")
    number, cpus, memory_gib = map(int, words)
    if number > MOST_HOSTS or cpus > MOST_CPUS or memory_gib > MOST_GIB:
        raise UsageError(f"--host {text}: give {MOST_HOSTS} hosts, {MOST_CPUS} cpus, {MOST_GIB} GiB, or less")
    return [has(cpus, memory_gib)] * number


Reading = Callable[[pathlib.Path, Sequence[Resources]], list[LocalJob]]


def from_file(path: pathlib.Path, hosts: Sequence[Resources], days: float, read: Reading) -> Workload:
    """The first days of a log. Raises BadInput."""
    if not hosts:
        raise UsageError(f"{path} does not tell the hosts: say which there are, e.g. --host 100x16x64")
    jobs = [job for job in read(path, hosts) if job.submit_s < days * DAY_S]
    return Workload(
        name=path.name,
        about=f"{len(jobs)} jobs of {path}",
        hosts=tuple(hosts),
        jobs=tuple(jobs),
        guests=(fair_guests(hosts),),
        length_s=min(days * DAY_S, max(job.submit_s + job.run_s for job in jobs)),
    )


def _swf(path: pathlib.Path, hosts: Sequence[Resources]) -> list[LocalJob]:
    return swf_jobs(lines_of(path), str(path), max(host.cpus for host in hosts))


def _history(path: pathlib.Path, _: Sequence[Resources]) -> list[LocalJob]:
    return history_jobs(lines_of(path), str(path))
