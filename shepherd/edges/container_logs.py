"""The ContainerLogs port: HTCondor's own logs in a container, read from its host as they grow.

They lie in memory that ends with the container, and belong to it: names are opened one below the other, never through
a link, and only plain files are read. What is open here is readable also after the container's end.
"""

import contextlib
import dataclasses
import os
import re
import stat
from collections.abc import Iterator, Sequence

from shepherd.ports_trace import ContainerLine

DIRECTORY = ("var", "log", "condor")
NAME = re.compile(r"(MasterLog|StartLog|StarterLog(\.slot[0-9_]{1,20})?)")
FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
FILES = 300
"""At most; a container has 256 slots."""
READ_BYTES, BEHIND_BYTES, LINE_BYTES = 64 << 10, 1 << 20, 2000
"""Of one file in one call; how far a reader may be behind before it leaves something out; of one line."""


@dataclasses.dataclass
class Growing:
    """One file."""

    descriptor: int
    inode: int
    at: int = 0
    rest: bytes = b""
    """The beginning of a line whose end is not there yet."""


class HostContainerLogs:
    """`ports_trace.ContainerLogs`, by a container's root directory in /proc."""

    def __init__(self, roots: str = "/proc/{}/root") -> None:
        """`roots`: a process's root directory, with its id in the braces."""
        self._roots = roots
        self._pid: int | None = None
        self._directory: int | None = None
        self._files: dict[str, Growing] = {}

    def follow(self, pid: int | None) -> None:
        """See the port."""
        if pid != self._pid:
            self._forget()
            self._pid = pid

    def lines(self) -> Sequence[ContainerLine]:
        """See the port."""
        found: list[ContainerLine] = []
        for name in self._names():
            with contextlib.suppress(OSError):
                found += self._more(name)
        return found

    def _names(self) -> list[str]:
        """Files that are there, and those that were."""
        found: list[str] = []
        with contextlib.suppress(OSError):
            found = [name for name in os.listdir(self._opened()) if NAME.fullmatch(name)]
        return sorted({*found[:FILES], *self._files})

    def _opened(self) -> int:
        """The logs' directory. Raises OSError."""
        if self._directory is None:
            self._directory = below(self._roots.format(self._pid), DIRECTORY)
        return self._directory

    def _more(self, name: str) -> Iterator[ContainerLine]:
        """What a file has more than before; a file that was renamed is read to its end before the one that came in its
        place. Raises OSError."""
        growing = self._files.get(name)
        if growing is not None:
            yield from added(name, growing)
        with contextlib.suppress(FileNotFoundError):
            inode = os.stat(name, dir_fd=self._opened(), follow_symlinks=False).st_ino
            if growing is None or growing.inode != inode:
                yield from self._anew(name, growing)

    def _anew(self, name: str, before: Growing | None) -> Iterator[ContainerLine]:
        descriptor = os.open(name, os.O_RDONLY | FLAGS, dir_fd=self._opened())
        seen = os.fstat(descriptor)
        if not stat.S_ISREG(seen.st_mode) or len(self._files) >= FILES:
            os.close(descriptor)
            return
        if before is not None:
            os.close(before.descriptor)
        self._files[name] = Growing(descriptor, seen.st_ino)
        yield from added(name, self._files[name])

    def _forget(self) -> None:
        for growing in self._files.values():
            os.close(growing.descriptor)
        if self._directory is not None:
            os.close(self._directory)
        self._files, self._directory = {}, None


def below(root: str, names: Sequence[str]) -> int:
    """A directory, opened one name after the other. Raises OSError; a link on the way is one."""
    here = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    for name in names:
        try:
            there = os.open(name, os.O_RDONLY | os.O_DIRECTORY | FLAGS, dir_fd=here)
        finally:
            os.close(here)
        here = there
    return here


def added(name: str, growing: Growing) -> Iterator[ContainerLine]:
    """Whole lines since the last time. Raises OSError."""
    size = os.fstat(growing.descriptor).st_size
    if size < growing.at:
        growing.at, growing.rest = 0, b""
    if size - growing.at > BEHIND_BYTES:
        left_out = size - growing.at - READ_BYTES
        growing.at, growing.rest = size - READ_BYTES, b""
        yield ContainerLine(name, f"{left_out} bytes of this log were left out: it grew too fast")
    data = os.pread(growing.descriptor, READ_BYTES, growing.at)
    growing.at += len(data)
    *whole, rest = (growing.rest + data).split(b"\n")
    growing.rest = rest[:LINE_BYTES]
    for line in whole:
        if text := line[:LINE_BYTES].decode("utf-8", "replace").strip():
            yield ContainerLine(name, "".join(one if one.isprintable() else " " for one in text))
