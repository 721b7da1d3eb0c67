"""Simulated outcomes as pictures, PNG and SVG. The only home of matplotlib, which is an extra: `plots`."""

import itertools
import os
import pathlib
import re
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from shepherd.errors import Unavailable, UsageError
from shepherd.model.simulated import Compared, Contender, Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HOUR_S = 3600.0
SUFFIXES = ("png", "svg")
LOCAL, GUESTS, IDLE = "#4477aa", "#ee9944", "#222222"


def check_plots(directory: pathlib.Path) -> None:
    """Raises UsageError without matplotlib, or if nothing could be written there: before a run of minutes, not after
    it. Makes the directory."""
    _pyplot()
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise UsageError(f"--plots {directory}: {exc.strerror}; name another directory") from exc
    if not os.access(directory, os.W_OK):
        raise UsageError(f"--plots {directory} cannot be written; name another directory")


def write_plots(directory: pathlib.Path, rows: Sequence[Compared]) -> list[pathlib.Path]:
    """A picture of each workload, its policies one below the other, and one of all figures. Returns the files. Raises
    UsageError without matplotlib, Unavailable if nothing can be written."""
    pyplot = _pyplot()
    written: list[pathlib.Path] = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, group in itertools.groupby(rows, key=lambda row: row.outcome.workload):
            outcomes = [row.outcome for row in group]
            written += _saved(pyplot, _courses(pyplot, outcomes), directory / re.sub(r"[^\w.-]", "_", name))
        written += _saved(pyplot, _figures(pyplot, rows), directory / "policies")
    except OSError as exc:
        raise Unavailable(f"{directory}: no plot can be written: {exc.strerror}; the table is above") from exc
    return written


def _pyplot() -> ModuleType:
    try:
        import matplotlib as mpl
    except ImportError as exc:
        raise UsageError("--plots needs matplotlib: pip install 'flocking-shepherd[plots]'") from exc
    mpl.use("agg")
    mpl.rcParams["svg.hashsalt"] = "shepherd"
    from matplotlib import pyplot

    return pyplot


def _saved(pyplot: ModuleType, figure: "Figure", stem: pathlib.Path) -> Iterator[pathlib.Path]:
    """Without the time of day, so that the same outcomes give the same files."""
    for suffix in SUFFIXES:
        path = stem.with_name(f"{stem.name}.{suffix}")
        figure.savefig(path, dpi=120, metadata={"Date": None} if suffix == "svg" else {"Software": None})
        yield path
    pyplot.close(figure)


def _courses(pyplot: ModuleType, outcomes: Sequence[Outcome]) -> "Figure":
    """Cpus at work for local jobs and for guests, over time, and how many local jobs wait."""
    figure: Figure
    figure, rows = pyplot.subplots(
        len(outcomes), 1, sharex=True, squeeze=False, figsize=(10, 2.2 * len(outcomes) + 0.8), layout="constrained"
    )
    for axes, outcome in zip(rows[:, 0], outcomes, strict=True):
        hours = [instant.at_s / HOUR_S for instant in outcome.course]
        local = [instant.local_cpus_busy for instant in outcome.course]
        guests = [instant.guest_cpus_busy for instant in outcome.course]
        axes.stackplot(hours, local, guests, labels=["local", "guests"], colors=[LOCAL, GUESTS], step="post")
        axes.set_ylabel("cpus")
        axes.set_title(outcome.contender.value, loc="left", fontsize="medium")
        waiting = axes.twinx()
        waiting.plot(hours, [instant.idle_jobs for instant in outcome.course], color=IDLE, linewidth=0.8)
        waiting.set_ylabel("idle jobs")
        waiting.set_ylim(bottom=0)
    rows[0, 0].legend(loc="upper right", fontsize="small")
    rows[-1, 0].set_xlabel("hours")
    figure.suptitle(outcomes[0].workload)
    return figure


def _figures(pyplot: ModuleType, rows: Sequence[Compared]) -> "Figure":
    """What was harvested, waited, lost and switched, by workload and policy."""
    names = list(dict.fromkeys(row.outcome.workload for row in rows))
    figure: Figure
    figure, grid = pyplot.subplots(2, 2, figsize=(11, 7), layout="constrained")
    panels: tuple[tuple[str, Callable[[Compared], float]], ...] = (
        ("guests' core-hours kept", lambda row: row.outcome.kept_core_s / HOUR_S),
        ("added wait of local jobs, 95th percentile, s", lambda row: row.added_p95_s),
        ("share of guests' work lost", lambda row: row.outcome.guest_work_lost),
        ("switches per host and day", lambda row: row.outcome.switches_per_host_day),
    )
    for axes, (title, figure_of) in zip(grid.flat, panels, strict=True):
        for place, contender in enumerate((Contender.THRESHOLD, Contender.DEMAND, Contender.ORACLE)):
            mine = {row.outcome.workload: figure_of(row) for row in rows if row.outcome.contender is contender}
            at = [number + 0.27 * (place - 1) for number in range(len(names))]
            axes.bar(at, [mine.get(name, 0.0) for name in names], width=0.25, label=contender.value)
        axes.set_xticks(range(len(names)), names)
        axes.set_title(title, fontsize="medium")
    grid[0, 0].legend(fontsize="small")
    return figure
