"""A flock container in small: the real PID 1 in a PID namespace of its own, with a stand-in for condor_master."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shepherd.lab import cgroups
from tests.host.waiting import eventually, lives, state_of

INIT = Path(__file__).resolve().parents[2] / "images/flock/init.py"

MASTER = """
import os, signal, subprocess, sys, time
told, deaf = open(sys.argv[0] + ".told", "a"), sys.argv[0].endswith("deaf")
def say(word):
    print(word, file=told, flush=True)
def hear(number, _frame):
    say(signal.Signals(number).name)
    if not deaf:
        os._exit(0)  # at once: an interpreter that finishes has no handlers any more, and the next signal kills it
signal.signal(signal.SIGTERM, hear)
signal.signal(signal.SIGQUIT, hear)
for _ in range(20):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(1000)
        os._exit(0)
inherited = os.popen("ls -l /proc/$PPID/fd").read()
say("lock inherited" if "host.lock" in inherited else "lock not inherited")
say("started " + " ".join(sys.argv[1:]))
while True:
    time.sleep(0.05)
"""
"""It daemonises twenty payloads, as a hostile or careless job does, and tells which signals it hears."""


class Container:
    """One container on the host's shared directory."""

    def __init__(self, directory: Path, *, deaf: bool = False, **options: float) -> None:
        self.share = directory / "run/share"
        self.share.mkdir(parents=True, exist_ok=True)
        self.lock = self.share / "host.lock"
        self.lock.touch(mode=0o600)
        self.token = directory / "inside/flock"
        self.bans = directory / "outside/bans"
        self.bans.parent.mkdir(exist_ok=True)
        self.lease = "L1"
        self.master = directory / ("master.deaf" if deaf else "master")
        self.master.write_text(f"#!{sys.executable}\n{MASTER}")
        self.master.chmod(0o755)
        self._told = self.master.with_name(self.master.name + ".told")
        self._errors = directory / "container.log"
        self._argv = [str(INIT), "--lease", self.lease, "--directory", str(self.share)]
        self._argv += ["--master", str(self.master), "--token", str(self.token)]
        self._argv += ["--bans", str(self.bans)]
        for name, value in options.items():
            self._argv += [f"--{name.replace('_', '-')}", str(value)]
        self._outside: subprocess.Popen[bytes] | None = None
        self.pid = 0

    def start(self) -> "Container":
        """Let the kernel make the namespaces."""
        into = ["unshare", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"]
        with self._errors.open("ab") as errors:
            self._outside = subprocess.Popen([*into, sys.executable, "-IS", *self._argv], stderr=errors)
        children = Path(f"/proc/{self._outside.pid}/task/{self._outside.pid}/children")
        self.pid = int(eventually(lambda: children.read_text().split(), what="PID 1 exists")[0])
        return self

    def control(self, phase: str, *, for_s: float = 60.0, graceful_s: float = 5.0, lease: str = "") -> None:
        """What the keeper writes."""
        until_s = time.clock_gettime(time.CLOCK_BOOTTIME) + for_s
        lines = f"phase={phase}\nuntil_boottime_s={until_s}\ngraceful_s={graceful_s}\nfast_s=0.3\nserial=1\n"
        draft = self.share / ".control.new"
        draft.write_text(f"{lines}lease={lease or self.lease}\n")
        draft.replace(self.share / "control")

    def told(self) -> list[str]:
        """What the stand-in for condor_master did and heard."""
        return self._told.read_text().splitlines() if self._told.exists() else []

    def log(self) -> str:
        return self._errors.read_text()

    def serving(self) -> bool:
        return any(line.startswith("started") for line in self.told())

    def signal(self, number: signal.Signals) -> None:
        """To PID 1, from outside."""
        assert self._outside is not None
        subprocess.run(["kill", f"-{number.name.removeprefix('SIG')}", str(self.pid)], check=True)

    def ended(self, deadline_s: float = 5.0) -> int:
        """Wait for the end; the container's exit status."""
        assert self._outside is not None
        return self._outside.wait(timeout=deadline_s)

    def processes(self) -> list[int]:
        """Every live process of its namespace but PID 1, as the host sees them."""
        try:
            namespace = (Path(f"/proc/{self.pid}/ns/pid")).readlink()
        except OSError:
            return []
        return [pid for pid in everybody() if pid != self.pid and namespace_of(pid) == namespace]

    def runs(self) -> bool:
        return lives(self.pid)

    def close(self) -> None:
        if self._outside is not None:
            self._outside.kill()
            self._outside.wait()
            eventually(lambda: not state_of(self.pid), what="PID 1 is gone")


TREES = {number: found.trees[found.tracking[-1]] for number, found in cgroups.mounted().items()}
"""A hierarchy of each version of cgroups that this machine has mounted."""
EACH_VERSION = pytest.mark.parametrize("version", [pytest.param(number, id=f"v{number}") for number in (TREES or [0])])
"""Tests of the real kernel's cgroups run on all of them; on a machine without any they fail."""


class Cgroup:
    """A cgroup of either version, for as long as a test needs it."""

    def __init__(self, name: str, version: int) -> None:
        self.path = TREES[version] / name
        self.path.mkdir()

    def add(self, pid: int, below: str = "") -> None:
        """Put a process into it, or into a group below it."""
        (group := self.path / below).mkdir(exist_ok=True)
        (group / "cgroup.procs").write_text(str(pid))

    def close(self) -> None:
        for group in [*(path for path in self.path.iterdir() if path.is_dir()), self.path]:
            procs = group / "cgroup.procs"
            eventually(lambda procs=procs: not procs.read_text(), what="the cgroup is empty")  # type: ignore[misc]
            group.rmdir()


def everybody() -> list[int]:
    """Every process on this machine."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def namespace_of(pid: int) -> Path | None:
    """The PID namespace of a process."""
    try:
        return Path(f"/proc/{pid}/ns/pid").readlink()
    except OSError:
        return None


def holder(lock: Path) -> int | None:
    """Who holds the lock, by the kernel's own list."""
    inode = lock.stat().st_ino
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
            return int(fields[4])
    return None
