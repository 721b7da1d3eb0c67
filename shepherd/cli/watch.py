"""`shepherd watch`: what is and how the last hours went, drawn anew each second, from the ledger alone."""

import argparse
import os
import pathlib
import sys
from collections.abc import Callable

from shepherd.cli.status import life_of, nothing_there
from shepherd.cli.where import ledger_directory
from shepherd.core.recorded.course import buckets, point_of
from shepherd.core.recorded.silences import Silences
from shepherd.edges import ledger_past
from shepherd.edges.clock import SystemClock
from shepherd.edges.ledger_present import read_present
from shepherd.edges.terminal import can_move_cursor, is_terminal, shows_colours
from shepherd.edges.terminal_keys import keys_of
from shepherd.errors import Unavailable, UsageError
from shepherd.model.course import Point
from shepherd.model.entry import EntryKind
from shepherd.model.host import HostState
from shepherd.views.lines import Tone
from shepherd.views.present import Present, present_from
from shepherd.views.watch import Picture, Row, row_width, screen

DESCRIPTION = """Shows on one screen what is and how the last hours went, drawn anew each second from the record alone:
what is wrong first, the last cycle, queue and herds, hosts under way with their deadlines, bans, silent checks, and how
old each source is. `q` or Ctrl-C leaves. It changes nothing, and works when the daemon is dead."""
EVERY_S = 1.0
LONGEST_H = 168.0
SILENCED_S = 86400.0
"""Silences are renewed more often than this; older records tell of none that stands."""
NEEDED = frozenset({EntryKind.OBSERVED, EntryKind.OUTCOME})
IDLE_JOBS = "idle jobs"
LEAVING = frozenset({"q", "Q", "\x03", "\x04"})


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("watch", help="show all that is, live", description=DESCRIPTION)
    parser.add_argument("--hours", type=hours_of, default=6.0, metavar="N", help="how far back (default 6)")


def hours_of(text: str) -> float:
    """For argparse."""
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0.1 <= hours <= LONGEST_H:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours from 0.1 to {LONGEST_H:g}")
    return hours


def run(args: argparse.Namespace) -> int:
    """Draw until somebody leaves. Raises UsageError, Unavailable, SettingsError."""
    if not is_terminal(sys.stdout):
        raise UsageError("watch draws on a terminal, and its output goes elsewhere; `shepherd -s` prints it once")
    if not can_move_cursor(os.environ):
        named = os.environ.get("TERM", "")
        raise UsageError(f"watch cannot draw on a terminal of kind {named!r} (TERM); `shepherd -s` prints it once")
    directory = ledger_directory(args.settings)
    watched = Watched(directory, args.hours)
    watched.look()
    if watched.present is None:
        raise Unavailable(watched.trouble) if watched.trouble else nothing_there(directory)
    draw(watched)
    return 0


def draw(watched: "Watched") -> None:
    """Until somebody leaves. The terminal is then as it was before."""
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    console = Console(highlight=False, markup=False, emoji=False, _environ=environment)
    styles = STYLES if shows_colours(os.environ) else {}

    def painted() -> Group:
        lines = screen(watched.picture(console.width), console.width, console.height)
        spans = [[(span.text, styles.get(span.tone, "")) for span in line.spans] for line in lines]
        return Group(*(Text.assemble(*row, no_wrap=True, overflow="crop") for row in spans))

    with keys_of(sys.stdin) as keyboard, Live(console=console, screen=True, auto_refresh=False) as live:
        try:
            while True:
                watched.look()
                live.update(painted(), refresh=True)
                if keyboard.pressed(EVERY_S) in LEAVING:
                    return
        except KeyboardInterrupt:
            return


STYLES = {
    Tone.TITLE: "bold",
    Tone.LOCAL: "green",
    Tone.LENT: "cyan",
    Tone.UNDERWAY: "yellow",
    Tone.WRONG: "bold red",
    Tone.FAINT: "dim",
}


class Watched:
    """What is shown. A record that cannot be read for a while is said to be so, and what was last read stays."""

    def __init__(self, directory: pathlib.Path, hours: float) -> None:
        self._directory, self._hours = directory, hours
        self.present: Present | None = None
        self.trouble = ""
        self._points: list[Point] = []
        self._silences = Silences()
        self._last = 0

    def look(self) -> None:
        """Read what is new."""
        now_s = SystemClock().wall_s()
        try:
            found = read_present(self._directory)
            self.present = present_from(found[0]) if found else self.present
            self._follow(now_s)
            self.trouble = ""
        except Unavailable as exc:
            self.trouble = exc.diagnosis()

    def _follow(self, now_s: float) -> None:
        from_s = now_s - max(self._hours * 3600, SILENCED_S)
        for stored in ledger_past.records_since(self._directory, NEEDED, from_s, now_s, self._last):
            self._last = stored.seq
            self._silences.add(stored.entry)
            if point := point_of(stored.entry):
                self._points.append(point)
        self._points = [point for point in self._points if point.at_s >= from_s]

    def picture(self, columns: int) -> Picture:
        """What is drawn now. There is a present."""
        now_s, number = SystemClock().wall_s(), row_width(columns)
        from_s = now_s - self._hours * 3600
        present = self.present
        if present is None:
            raise Unavailable("there is nothing to show")
        local, flock = len(present.in_state(HostState.LOCAL)), len(present.in_state(HostState.FLOCK))

        def row(what: str, tone: Tone, of: Callable[[Point], int | None], now: int | None) -> Row:
            values = buckets(self._points, of, from_s, now_s, number, peaks=what == IDLE_JOBS)
            return Row(what=what, tone=tone, values=tuple(values), now=now)

        return Picture(
            present=present,
            life=life_of(self._directory),
            now_s=now_s,
            hours=self._hours,
            rows=(
                row("local", Tone.LOCAL, lambda point: point.local, local),
                row("flock", Tone.LENT, lambda point: point.flock, flock),
                row(IDLE_JOBS, Tone.UNDERWAY, lambda point: point.idle_jobs, present.idle_jobs),
            ),
            silent=self._silences.at(now_s),
            trouble=self.trouble,
        )
