"""What a test or a measurement makes on the machine beside a site: marked, so that a later run can remove it.

`marks/ID` in the lab's cache is locked by the living maker, so a free lock means that nobody needs what bears its ID
any more, after a reboot, too: network namespaces `shepherd-test-ID-*`, with whatever still runs in them, and
`/var/tmp/shepherd-bench-*-ID`. What bears no ID of a mark is somebody else's, whatever it is
called.
"""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from shepherd.lab.cache import cache_dir
from shepherd.lab.command import must, run
from shepherd.lab.net import NETNS_DIR

BULK = Path("/var/tmp")
IDENT = re.compile(r"[0-9a-f]{12}")


def marks() -> Path:
    """Where marks are."""
    return cache_dir() / "marks"


@dataclass(kw_only=True)
class Mark:
    """One maker's. `claim` it before anything is made."""

    ident: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    _lock: IO[str] | None = field(default=None, repr=False)

    def netns(self, name: str) -> str:
        """Name of a network namespace; the maker adds it."""
        return f"shepherd-test-{self.ident}-{name}"

    def directory(self, what: str) -> Path:
        """A directory on a disk; the maker makes it."""
        return BULK / f"shepherd-bench-{what}-{self.ident}"

    def claim(self) -> bool:
        """Lock the mark; False if its maker lives, or somebody is just removing what it made."""
        marks().mkdir(mode=0o700, exist_ok=True)
        path = marks() / self.ident
        handle = path.open("w")
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(path.stat(), os.fstat(handle.fileno())):
                self._lock = handle
                return True
        handle.close()
        return False

    def remove(self) -> None:
        """Everything that bears it, the mark last. Idempotent."""
        for path in NETNS_DIR.glob(self.netns("*")):
            _kill_in(path.name)
            run(("ip", "netns", "delete", path.name), timeout_s=30)
        for path in BULK.glob(f"shepherd-bench-*-{self.ident}"):
            shutil.rmtree(path, ignore_errors=True)
        (marks() / self.ident).unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _kill_in(netns: str) -> None:
    for pid in map(int, run(("ip", "netns", "pids", netns), timeout_s=30).stdout.split()):
        if pid != os.getpid():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def marked() -> Iterator[Mark]:
    """A new mark; at the end everything that bears it is gone."""
    mark = Mark()
    mark.claim()
    try:
        yield mark
    finally:
        mark.remove()


@contextlib.contextmanager
def namespaces(*names: str) -> Iterator[list[str]]:
    """New network namespaces with nothing in them; their full names."""
    with marked() as mark:
        made = [mark.netns(name) for name in names]
        for name in made:
            must(("ip", "netns", "add", name))
        yield made


def remove_unmade() -> list[str]:
    """Remove what makers left that are gone; their marks. Living makers' things, and all else, are left alone."""
    removed = []
    for path in sorted(marks().iterdir()) if marks().is_dir() else []:
        mark = Mark(ident=path.name)
        if IDENT.fullmatch(path.name) and mark.claim():
            mark.remove()
            removed.append(path.name)
    return removed
