"""The command in a real terminal: tmux draws it, and tells what a person would see."""

import contextlib
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

from tests.cli.sites import ROOT

APPEARS_S = 20.0
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Screen:
    """One terminal. Made by `screen_of`."""

    def __init__(self, socket: pathlib.Path) -> None:
        self._socket = socket

    def tmux(self, *words: str) -> str:
        argv = ["tmux", "-S", str(self._socket), *words]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def text(self) -> str:
        """What is there now, without colours."""
        return self.tmux("capture-pane", "-p")

    def coloured(self) -> str:
        """The same with colours."""
        return self.tmux("capture-pane", "-p", "-e")

    def is_wrapped(self) -> bool:
        """Whether the terminal had to go on in the next line by itself."""
        return self.tmux("capture-pane", "-p", "-J").count("\n") != self.text().count("\n")

    def typed(self, *keys: str) -> None:
        """Press keys, as tmux names them."""
        self.tmux("send-keys", *keys)

    def resized(self, columns: int, rows: int) -> None:
        """Another size."""
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def until(self, is_there: Callable[[str], bool]) -> str:
        """What is there once it is as it should be."""
        deadline = time.monotonic() + APPEARS_S
        while not is_there(text := self.text()):
            assert time.monotonic() < deadline, text
            time.sleep(0.1)
        return text

    def until_shows(self, words: str) -> str:
        """What is there once these words are."""
        return self.until(lambda text: words in text)


@contextlib.contextmanager
def screen_of(place: pathlib.Path, columns: int, rows: int = 50, **environment: str) -> Iterator[Screen]:
    """A terminal with a shell in it that has no files of its own, and `shepherd` to call."""
    shepherd = place / "shepherd"
    shepherd.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m shepherd "$@"\n')
    shepherd.chmod(0o755)
    given = {"PATH": f"{place}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "PS1": "ready> "}
    given |= {name: os.environ[name] for name in ("PYTHONPYCACHEPREFIX",) if name in os.environ}
    words = [f"{name}={value}" for name, value in {**given, **environment}.items()]
    size = ("-x", str(columns), "-y", str(rows))
    # The names of tests' own directories are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="shepherd-tmux-") as directory:
        screen = Screen(pathlib.Path(directory) / "socket")
        # No TERM of its own: tmux's is what the command is to see, unless `environment` has one.
        screen.tmux("-f", "/dev/null", "new-session", "-d", *size, "-c", str(place), "env", *words, "sh", "-i")
        try:
            screen.until_shows("ready>")
            yield screen
        finally:
            screen.tmux("kill-server")
