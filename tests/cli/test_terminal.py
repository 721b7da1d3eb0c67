"""What an administrator sees, in a real terminal: `-s`, `watch` and `explain host`, narrow and wide."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.cli.recorded_site import recorded_site
from tests.cli.screens import COLOURS, Screen, screen_of
from tests.cli.sites import ROOT, Site

pytestmark = pytest.mark.real

HOSTILE = "\x1b[2J\x1b[31mall is well\x07\r\n\x9b31m\x1b]0;owned\x07 \u202eevil"
WIDTHS = pytest.mark.parametrize("columns", [80, 200])


@pytest.fixture(name="site")
def a_living_site(tmp_path: pathlib.Path) -> Iterator[Site]:
    """Its daemon lives: somebody has the ledger open."""
    site, ledger = recorded_site(tmp_path)
    yield site
    ledger.close()


def call(screen: Screen, site: Site, *words: str) -> None:
    screen.typed(f"clear; shepherd --settings {site.settings} {' '.join(words)}; echo code $?", "Enter")


def is_cleared(text: str) -> bool:
    return "clear;" not in text


@WIDTHS
def test_the_status_fits_and_is_coloured(site, tmp_path, columns):
    """Lines that the terminal breaks, and a herd that one has to look for."""
    with screen_of(tmp_path, columns) as screen:
        call(screen, site, "-s")
        text = screen.until_shows("code 0")
        assert not screen.is_wrapped()
        assert "  local        2  p[202-203]" in text
        assert "  flock        3  f[201,204-205]" in text
        assert "host p203, since " in text
        assert COLOURS.search(screen.coloured())


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colours_gets_none(site, tmp_path, environment):
    """Escape sequences in the log of a serial console."""
    with screen_of(tmp_path, 80, **environment) as screen:
        screen.typed(f"shepherd --settings {site.settings} -s; echo code $?", "Enter")
        screen.until_shows("code 0")
        assert not COLOURS.search(screen.coloured())


def test_a_pipe_gets_the_two_lists_of_old(site, tmp_path):
    """Scripts cut names out of the second and the fifth line; also those that run in a terminal."""
    with screen_of(tmp_path, 80) as screen:
        call(screen, site, "-s", "| head -5 | cat -v")
        text = screen.until_shows("code 0")
        shown = [line for line in text.splitlines() if line and not line.startswith(("code", "ready"))]
        assert shown == [
            "Active Regular Compute Node: 2", "['p202', 'p203']", "Active Flock Compute Nodes: 3",
            "['f201', 'f204', 'f205']",
        ]  # fmt: skip


@WIDTHS
def test_watch_fits_lives_and_leaves_nothing_behind(site, tmp_path, columns):
    """After q the shell is as it was: what was on it, the cursor, and that typing is shown."""
    with screen_of(tmp_path, columns, 30) as screen:
        screen.typed("echo before; shepherd --settings " + str(site.settings) + " watch; echo code $?", "Enter")
        first = screen.until_shows("q leaves")
        assert not screen.is_wrapped()
        assert "The last 6 hours:" in first
        assert "  local        2  p[202-203]" in first
        assert any(block in first for block in "▂▃▄▅▆▇█")
        assert COLOURS.search(screen.coloured())
        screen.until(lambda text: text.splitlines()[0] != first.splitlines()[0])
        screen.typed("q")
        text = screen.until_shows("code 0")
        assert "before" in text
        assert "q leaves" not in text
        screen.typed("echo typed", "Enter")
        assert screen.until(lambda text: text.count("typed") == 2)
        assert screen.tmux("display-message", "-p", "#{cursor_flag} #{alternate_on}") == "1 0\n"


def test_watch_follows_the_size_of_the_terminal(site, tmp_path):
    """The window was made larger, and the picture stayed in its corner."""
    with screen_of(tmp_path, 200, 40) as screen:
        call(screen, site, "watch")
        screen.until_shows("q leaves")
        screen.resized(60, 12)
        screen.until_shows("lines more; `shepherd -s` prints all")
        assert not screen.is_wrapped()
        screen.resized(120, 50)
        text = screen.until_shows("Sources: ")
        assert "lines more" not in text
        screen.typed("C-c")
        screen.until_shows("code 0")


def test_a_watch_that_is_killed_restores_the_terminal(site, tmp_path):
    """A connection was cut, and the next shell in that terminal showed nothing of what was typed."""
    with screen_of(tmp_path, 80) as screen:
        screen.typed(f"clear; shepherd --settings {site.settings} watch & echo $! >{tmp_path}/pid; fg", "Enter")
        screen.until_shows("q leaves")
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
        screen.until(lambda text: "q leaves" not in text)
        screen.typed("echo seen", "Enter")
        assert screen.until(lambda text: text.count("seen") == 2)


def test_a_daemon_that_dies_is_seen_at_once(tmp_path):
    """The picture stayed green for a weekend."""
    site, ledger = recorded_site(tmp_path)
    with screen_of(tmp_path, 80) as screen:
        call(screen, site, "watch")
        assert "not running" not in screen.until_shows("q leaves")
        ledger.close()
        text = screen.until_shows("The shepherd is not running (last sign of life ")
        assert text.splitlines()[1].startswith("The shepherd is not running")
        assert re.search(r"\x1b\[31m(\x1b\[[0-9;]*m)*The shepherd is not running", screen.coloured())
        screen.typed("q")
        screen.until_shows("code 0")


@WIDTHS
def test_explain_host_says_why_in_a_terminal(site, tmp_path, columns):
    """One way to ask why."""
    with screen_of(tmp_path, columns) as screen:
        call(screen, site, "explain", "host", "p203")
        text = screen.until_shows("code 0")
        assert "p203 at " in text
        assert not screen.is_wrapped()


@WIDTHS
@pytest.mark.parametrize("verb", ["-s", "watch"])
def test_strangers_words_do_nothing_to_the_terminal(tmp_path, columns, verb):
    """A drain reason cleared the screen, wrote "all is well" and renamed the window."""
    host = {"host": f"p1{HOSTILE}", "flock_name": HOSTILE, "state": "held", "why": HOSTILE, "since_s": time.time() - 9}
    leak = {"host": HOSTILE, "at_s": time.time(), "what": HOSTILE}
    changes = {"hosts": [host], "sentence": HOSTILE, "problems": [HOSTILE], "leaks": [leak], "unmanaged": [HOSTILE]}
    site, ledger = recorded_site(tmp_path, **changes)
    with screen_of(tmp_path, columns) as screen:
        before = screen.tmux("display-message", "-p", "#{pane_title}")
        call(screen, site, verb)
        text = screen.until_shows("Sources: ")
        assert not screen.is_wrapped()
        assert text.count("all is well") >= 3
        assert "[2J [31mall is well" in text
        assert "31mall" not in screen.coloured().replace("[31mall is well", "")
        assert screen.tmux("display-message", "-p", "#{pane_title}") == before
    ledger.close()


@pytest.mark.parametrize(
    ("environment", "words"),
    [({}, "its output goes elsewhere; `shepherd -s` prints it once"), ({"TERM": "dumb"}, "of kind 'dumb'")],
)
def test_watch_without_a_terminal_names_what_to_call_instead(site, tmp_path, environment, words):
    """`shepherd watch | tee` drew ten thousand pictures into a file."""
    if environment:
        with screen_of(tmp_path, 200, **environment) as screen:
            screen.typed(f"shepherd --settings {site.settings} watch; echo code $?", "Enter")
            assert words in screen.until_shows("code 2")
        return
    argv = [sys.executable, "-m", "shepherd", *site.words("watch")]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_a_site_that_never_ran_is_a_message(tmp_path):
    """The first minute of every installation."""
    site = Site(tmp_path)
    with screen_of(tmp_path, 80) as screen:
        call(screen, site, "watch")
        assert "has never run here" in screen.until_shows("code 1")


