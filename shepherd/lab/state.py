"""What a lab owns on the machine, written down so that a later one can prove it and remove it.

`/run/shepherd-lab/ID/lab.lock` is locked by the living lab, so a free lock means that nobody needs the site any more.
Everything else of a site carries its id: network namespaces `shlab-ID-*`, control groups `/shepherd-lab/ID`, the
directory of its nodes' files in the cache, and the first process of each node, noted with its start time.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from shepherd.lab.cache import cache_dir
from shepherd.lab.cgroups import mounted
from shepherd.lab.net import remove_namespaces

RUN_DIR = Path("/run/shepherd-lab")


@dataclass(kw_only=True)
class SiteState:
    """The marks of one site. `claim` them before anything is created, `remove` everything at the end."""

    site_id: str
    _lock: IO[str] | None = field(default=None, repr=False)

    @property
    def directory(self) -> Path:
        """Small files: the lock and, for each node, what runs there and as which process."""
        return RUN_DIR / self.site_id

    @property
    def bulk(self) -> Path:
        """The nodes' own files; on the cache's file system, so that trees can be linked instead of copied."""
        return cache_dir() / "sites" / self.site_id

    @property
    def cgroup(self) -> str:
        """The control group, in every hierarchy, below which all groups of the site are."""
        return f"/shepherd-lab/{self.site_id}"

    def claim(self) -> bool:
        """Take the site's lock; False if a living lab has it, or one that is just removing what was left of it."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o755)
        path = self.directory / "lab.lock"
        handle = path.open("w")
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(path.stat(), os.fstat(handle.fileno())):
                self._lock = handle
                self.bulk.mkdir(parents=True, exist_ok=True)
                return True
        handle.close()
        return False

    def note_init(self, node: str, pid: int) -> None:
        """Write down a node's first process so that it can be told from a stranger with the same number."""
        (self.directory / f"{node}.pid").write_text(f"{pid} {start_ticks(pid)}\n")

    def kill_inits(self) -> None:
        """Kill every noted first process that is still the same one; the kernel then kills all of its node."""
        noted = [tuple(map(int, p.read_text().split())) for p in self.directory.glob("*.pid") if p.read_text().strip()]
        living = [pid for pid, started in noted if start_ticks(pid) == started]
        for pid in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _wait_gone(living)

    def remove_contents(self) -> None:
        """Remove all that carries the site's id except the lock, processes first. Idempotent."""
        self.kill_inits()
        remove_namespaces(self.site_id)
        _remove_cgroups(self.cgroup)
        shutil.rmtree(self.bulk, ignore_errors=True)
        for note in self.directory.glob("*.pid"):
            note.unlink()

    def remove(self) -> None:
        """Remove everything, the lock last. Idempotent."""
        self.remove_contents()
        shutil.rmtree(self.directory, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def start_ticks(pid: int) -> int:
    """When a process started, in ticks since boot; 0 if there is no such process (or only its corpse)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])


def _wait_gone(pids: list[int], deadline_s: float = 10.0) -> None:
    end_s = time.monotonic() + deadline_s
    while any(start_ticks(pid) for pid in pids) and time.monotonic() < end_s:
        time.sleep(0.01)


def _remove_cgroups(path: str) -> None:
    for tree in (tree for version in mounted().values() for tree in version.trees.values()):
        top = tree / path.lstrip("/")
        if top.is_dir():
            _empty_and_remove(top)
            with contextlib.suppress(OSError):
                top.parent.rmdir()  # refused as long as another site has a group in it


def _empty_and_remove(top: Path) -> None:
    for folder, _, _ in os.walk(top, topdown=False):
        end_s = time.monotonic() + 5.0
        while not _try_remove(Path(folder)) and time.monotonic() < end_s:
            time.sleep(0.01)


def _try_remove(group: Path) -> bool:
    with contextlib.suppress(OSError):
        for pid in (group / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def cleanup_leftovers() -> list[str]:
    """Remove every site whose lab is gone and return their ids. Living sites, and all else, are left alone."""
    removed = []
    for directory in sorted(RUN_DIR.iterdir()) if RUN_DIR.is_dir() else []:
        state = SiteState(site_id=directory.name)
        if state.claim():
            state.remove()
            removed.append(directory.name)
    return removed
