"""The Kernel port: processes, their cgroups and the host lock, as /proc shows them."""

import contextlib
import functools
import os
import signal
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import IO

from shepherd.edges.kernel import cgroups
from shepherd.errors import CommandFailed
from shepherd.model.container import Container
from shepherd.model.observation import LockHolder

PROC = Path("/proc")
STARTD = "condor_startd"
GUARD = "startd-guard"
DELETED = " (deleted)"
"""What the kernel adds to a program's path once its file was removed or replaced, as any upgrade does."""
MOST_BYTES = 4 << 20
"""Of /proc/locks, some 40 000 locks. The kernel gives a page at a time and counts from the first for each: a million
locks, which guests may take, would be read for minutes."""


def memory_mib() -> int:
    """All memory of this host. MiB."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20


class HostKernel:
    """`ports_node.Kernel` for the lock file at `lock`."""

    def __init__(self, lock: Path) -> None:
        self._lock = lock

    def start_ticks(self, pid: int) -> int | None:
        """Field 22 of /proc/PID/stat; None for what is gone or only waits to be buried."""
        fields = _stat_fields(pid)
        return None if not fields or fields[0] in {"Z", "X"} else int(fields[19])

    def cgroup(self, pid: int, container: str) -> str:
        """See the port."""
        return str(cgroups.of_container(pid, container))

    def members(self, cgroup: str) -> AbstractSet[int]:
        """See the port."""
        return cgroups.members(Path(cgroup))

    def kill(self, container: Container) -> None:
        """See the port."""
        self._signal(container.pid, container.start_ticks, signal.SIGKILL)
        cgroups.kill_all(Path(container.cgroup))
        # Version 1's frozen die only once they may go on; they return to no code of their own before.
        cgroups.thaw(Path(container.cgroup))

    def freeze(self, container: Container) -> bool:
        """See the port."""
        return cgroups.freeze(Path(container.cgroup))

    def lock_holder(self, container: Container | None) -> tuple[LockHolder, int | None]:
        """See the port. The container's PID 1 is asked first: guests' own locks are not read while it holds it."""
        if container is not None and holds_flock(container.pid, self._lock):
            return LockHolder.FLOCK, container.pid
        try:
            pid = flock_holder(self._lock)
        except CommandFailed:
            return LockHolder.STRANGER, None
        return (LockHolder.NOBODY, None) if pid is None else (_kind_of(pid), pid)

    def guard_waits(self) -> bool:
        """See the port."""
        return any(_kind_of(pid) is LockHolder.GUARD and has_open(pid, self._lock) for pid in processes())

    def end_startd(self, pid: int) -> None:
        """See the port."""
        holder, holder_pid = self.lock_holder(None)
        ticks = self.start_ticks(pid)
        if holder is LockHolder.REGULAR and holder_pid == pid and ticks is not None:
            self._signal(pid, ticks, signal.SIGQUIT)

    def _signal(self, pid: int, start_ticks: int, number: signal.Signals) -> None:
        """To exactly this process: a descriptor is taken first, then its start time is compared."""
        with contextlib.suppress(ProcessLookupError):
            descriptor = os.pidfd_open(pid)
            try:
                if self.start_ticks(pid) == start_ticks:
                    signal.pidfd_send_signal(descriptor, number)
            finally:
                os.close(descriptor)


def flock_holder(lock: Path) -> int | None:
    """Id of the process that took the flock on `lock`, by /proc/locks; None if nobody holds it.

    Raises CommandFailed if it is not among the first MOST_BYTES of more.
    """
    wanted = _place_of(lock)
    if wanted is None:
        return None
    with (PROC / "locks").open("rb", buffering=0) as file:
        text = _start(file)
    for line in text.decode("ascii").splitlines():
        # "7: FLOCK  ADVISORY  WRITE 4242 00:2d:17 0 EOF"; whoever waits has "->" after the number.
        fields = line.split()
        if fields[1:2] == ["FLOCK"] and fields[5:6] == [wanted]:
            return int(fields[4])
    if len(text) >= MOST_BYTES:
        raise CommandFailed(f"there are too many locks on this host to find who holds {lock}")
    return None


def holds_flock(pid: int, lock: Path) -> bool:
    """Whether a process holds the flock on `lock`, by its own descriptors: costs nothing by others' locks."""
    wanted = _place_of(lock)
    for path in _descriptors(pid, "fdinfo"):
        with contextlib.suppress(OSError):
            rows = [line.split() for line in path.read_text(encoding="ascii").splitlines() if line.startswith("lock:")]
            if any("FLOCK" in row and wanted in row for row in rows):
                return True
    return False


def has_open(pid: int, path: Path) -> bool:
    """Whether a process has a file open."""
    for descriptor in _descriptors(pid, "fd"):
        with contextlib.suppress(OSError):
            if descriptor.samefile(path):
                return True
    return False


def _descriptors(pid: int, folder: str) -> Iterator[Path]:
    """The entries of a process's descriptors in /proc/PID/FOLDER; none if it is gone."""
    with contextlib.suppress(OSError):
        yield from (PROC / str(pid) / folder).iterdir()


def _start(file: IO[bytes]) -> bytes:
    """What a file of the kernel's says, at most MOST_BYTES and a page."""
    text = bytearray()
    while len(text) < MOST_BYTES and (some := file.read(1 << 16)):
        text += some
    return bytes(text)


def _place_of(lock: Path) -> str | None:
    """A file as /proc/locks names it; None if there is none."""
    try:
        seen = lock.stat()
    except FileNotFoundError:
        return None
    return f"{os.major(seen.st_dev):02x}:{os.minor(seen.st_dev):02x}:{seen.st_ino}"


def processes() -> Iterator[int]:
    """Ids of all processes that can be seen from here."""
    return (int(name) for name in os.listdir(PROC) if name.isdigit())


def is_of_this_host(pid: int) -> bool:
    """Whether a process runs in our own PID namespace: whoever is in a container may call itself what it likes. Raises
    OSError if it is gone."""
    return (PROC / str(pid) / "ns/pid").readlink() == _own_namespace()


@functools.cache
def _own_namespace() -> Path:
    """Our PID namespace, which no process can leave."""
    return (PROC / "self/ns/pid").readlink()


def is_startd(pid: int) -> bool:
    """Whether it is a condor_startd of this host, in no container."""
    return _kind_of(pid) is LockHolder.REGULAR


def _kind_of(pid: int) -> LockHolder:
    try:
        if not is_of_this_host(pid):
            return LockHolder.STRANGER
        if (PROC / str(pid) / "exe").readlink().name.removesuffix(DELETED) == STARTD:
            return LockHolder.REGULAR
        command = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return LockHolder.STRANGER
    is_guard = any(Path(os.fsdecode(word)).name == GUARD for word in command[:4])
    return LockHolder.GUARD if is_guard else LockHolder.STRANGER


def _stat_fields(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on; empty if the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
