"""Recorded days for the verbs that look back."""

import contextlib
import itertools
import pathlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from shepherd.core.recorded.members import members, seconds
from shepherd.core.recorded.moments import NEEDED, moments, newest_moment
from shepherd.core.recorded.switch_times import switch_times
from shepherd.core.replay.settings import change_problems, tree_of
from shepherd.core.settings.daemon import daemon_problems
from shepherd.edges import ledger_past
from shepherd.edges.day_files import utc_day
from shepherd.edges.ledger_read import damaged
from shepherd.edges.settings_file import validated, wrong
from shepherd.edges.settings_words import Fault
from shepherd.errors import LedgerUnavailable, UsageError
from shepherd.model.entry import EntryKind
from shepherd.model.moment import Moment
from shepherd.model.replay import SwitchTimes
from shepherd.model.settings import Settings

ALWAYS_S = float("inf")
BY_HAND = pathlib.Path("--set")
"""What a wrong change is reported in, in the place of a file."""


def chosen_days(directory: pathlib.Path, names: Sequence[str]) -> dict[str, pathlib.Path]:
    """The days that are asked for, in the order of the chain. Raises UsageError, LedgerUnavailable."""
    there = ledger_past.days(directory)
    if broken := [why for name, why in damaged(directory).items() if name in names]:
        raise LedgerUnavailable("; ".join(broken))
    if missing := [name for name in names if name not in there]:
        first, last = next(iter(there), ""), next(reversed(there), "")
        told = f"there are days from {first} to {last}" if there else "nothing was ever recorded there"
        raise UsageError(f"{directory} has no record of {', '.join(missing)}: {told}")
    return {name: path for name, path in there.items() if name in names}


def days_until(directory: pathlib.Path, at_s: float = ALWAYS_S) -> list[pathlib.Path]:
    """The days that were begun by then, the newest first. Raises UsageError, LedgerUnavailable: also if the newest is
    damaged, because an older one tells of another time."""
    last = utc_day(at_s) if at_s < ALWAYS_S else ""
    begun = [path for name, path in ledger_past.days(directory).items() if not last or name <= last]
    broken = {name: why for name, why in damaged(directory).items() if not last or name <= last}
    if broken and max(broken) > max((path.stem for path in begun), default=""):
        raise LedgerUnavailable(broken[max(broken)])
    for name in sorted(broken):
        print(f"shepherd: {name} is left out: {broken[name]}", file=sys.stderr)
    if not begun:
        raise UsageError(f"{directory} has no record" + (f" of {last} or before" if last else ""))
    return begun[::-1]


def moments_of(path: pathlib.Path, until_s: float = ALWAYS_S) -> Iterator[Moment]:
    """The looks of one day. Raises LedgerUnavailable."""
    with readable(path):
        yield from moments(ledger_past.standing_before(path), ledger_past.records_of(path, NEEDED, until_s))


def moment_at(path: pathlib.Path, until_s: float, before: int | None = None) -> Moment | None:
    """What was known then by the records of one day, or before one of them. Raises LedgerUnavailable."""
    records = ledger_past.records_of(path, NEEDED, until_s)
    with readable(path):
        return newest_moment(
            ledger_past.standing_before(path),
            itertools.takewhile(lambda stored: before is None or stored.seq < before, records),
        )


def looks_of(paths: Sequence[pathlib.Path]) -> Iterator[Moment]:
    """The looks of several days. Raises LedgerUnavailable."""
    for path in paths:
        yield from moments_of(path)


def switch_times_of(paths: Sequence[pathlib.Path]) -> SwitchTimes:
    """How long switches took on these days. Raises LedgerUnavailable."""
    return switch_times(stored.entry for path in paths for stored in ledger_past.records_of(path, {EntryKind.SWITCH}))


@contextlib.contextmanager
def readable(path: pathlib.Path) -> Iterator[None]:
    """Names the day whose records cannot be understood."""
    try:
        yield
    except ValueError as exc:
        raise LedgerUnavailable(f"{path}: {exc}; run `shepherd ledger verify`") from exc


def settings_by(changes: Mapping[str, object]) -> Callable[[Mapping[str, object]], Settings]:
    """Makes settings of those on record, with changes. Raises SettingsError, when it is called too."""
    if problems := list(change_problems(changes)):
        raise wrong(BY_HAND, [Fault(*problem) for problem in problems])
    last: list[tuple[Mapping[str, object], Settings]] = []

    def settings_of(recorded: Mapping[str, object]) -> Settings:
        """Made once for the same record, which is that of many looks."""
        if not (last and last[0][0] is recorded):
            last[:] = [(recorded, _made(recorded, changes))]
        return last[0][1]

    return settings_of


def _made(recorded: Mapping[str, object], changes: Mapping[str, object]) -> Settings:
    settings = validated(BY_HAND, Settings, tree_of(recorded, changes))
    tables = tuple({f"{key.partition('.')[0]}." for key in changes})
    if problems := [problem for problem in daemon_problems(settings) if problem.key.startswith(tables)]:
        raise wrong(BY_HAND, [Fault(*problem) for problem in problems])
    return settings


def heard_last_s(days: Sequence[pathlib.Path], host: str, at_s: float) -> float | None:
    """When a host that was known then was heard last, epoch seconds; None if it was not known. Raises
    LedgerUnavailable."""
    for path in days:
        for stored in ledger_past.newest_first(path, EntryKind.ROSTER, at_s):
            with readable(path):
                hosts, silent = members(stored.entry.body, "hosts"), members(stored.entry.body, "unheard")
                return seconds(silent, host, stored.entry.at_s) if host in hosts else None
    return None
