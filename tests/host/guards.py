"""Guards under a stand-in for condor_master: real processes, real locks, all signals blocked."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.host.waiting import eventually, lives

GUARD = Path(__file__).resolve().parents[2] / "shepherd/programs/guard.py"
MASTERS_MASK = set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV, signal.SIGCHLD}
"""condor_master starts its children with nearly all signals blocked."""

STARTD = """#!/bin/sh
{ echo "pid=$$"
for pid in $(cat "$WATCHED"); do [ -e /proc/$pid ] && echo "beside=$pid"; done
} > "$TOLD.new"
mv "$TOLD.new" "$TOLD"
exec sleep 1000
"""


class Host:
    """A run directory, a startd that tells how it was started, and the guards of a master."""

    def __init__(self, directory: Path) -> None:
        self.lock = directory / "run/share/host.lock"
        self.fence = directory / "run/fence"
        self.told = directory / "told"
        self.startd = directory / "condor_startd"
        self.conf = directory / "guard.conf"
        self.errors = directory / "errors"
        self.watched = directory / "watched"
        self.watched.touch()
        self.write_conf()
        self.write_startd()
        self._guards: list[subprocess.Popen[bytes]] = []

    def write_conf(self, mode: int = 0o644) -> None:
        self.conf.write_text(f"# paths\nlock={self.lock}\nfence = {self.fence}\nstartd={self.startd}\n")
        self.conf.chmod(mode)

    def write_startd(self) -> None:
        self.startd.write_text(STARTD)
        self.startd.chmod(self.startd.stat().st_mode | stat.S_IXUSR)

    def environment(self) -> Mapping[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "SHEPHERD_GUARD_CONF": str(self.conf),
            "TAG": "as given",
            "TOLD": str(self.told),
            "WATCHED": str(self.watched),
        }

    def guard(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a guard as condor_master does."""
        with self.errors.open("ab") as errors:
            guard = subprocess.Popen(
                [sys.executable, "-IS", str(GUARD), *arguments],
                env=dict(self.environment()),
                stdin=subprocess.DEVNULL,
                stderr=errors,
                preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, MASTERS_MASK) and None,  # noqa: PLW1509
            )
        self._guards.append(guard)
        return guard

    def serving(self, guard: subprocess.Popen[bytes]) -> bool:
        """Whether this guard has become the startd."""
        return f"pid={guard.pid}\n" in self.story()

    def story(self) -> str:
        return self.told.read_text() if self.told.exists() else ""

    def waits(self, guard: int) -> bool:
        """Whether it waits for the lock, by the kernel's own list."""
        waiters = [line.split() for line in Path("/proc/locks").read_text().splitlines() if "-> FLOCK" in line]
        return any(fields[5] == str(guard) for fields in waiters)

    def armed(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A guard that waits for the lock."""
        guard = self.guard(*arguments)
        eventually(lambda: self.waits(guard.pid), what="the guard waits for the lock")
        return guard

    def served(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A guard that has become the startd."""
        guard = self.guard(*arguments)
        eventually(lambda: self.serving(guard), what=f"the startd runs; {self.errors}")
        return guard

    def close(self) -> None:
        for guard in self._guards:
            guard.kill()
            guard.wait()

    def alive(self, guard: subprocess.Popen[bytes]) -> bool:
        return guard.poll() is None and lives(guard.pid)
