"""The Kernel port: processes, their cgroups and the host lock, as /proc shows them."""

import contextlib
import os
import signal
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

from shepherd.edges import kernel_cgroups as cgroups
from shepherd.model.container import Container
from shepherd.model.observation import LockHolder

PROC = Path("/proc")
STARTD = "condor_startd"
GUARD = "startd-guard"
DELETED = " (deleted)"
"""What the kernel adds to a program's path once its file was removed or replaced, as any upgrade does."""


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

    def lock_holder(self, container: Container | None) -> tuple[LockHolder, int | None]:
        """See the port."""
        pid = flock_holder(self._lock)
        if pid is None:
            return LockHolder.NOBODY, None
        if container is not None and pid == container.pid:
            return LockHolder.FLOCK, pid
        return _kind_of(pid), pid

    def guard_waits(self) -> bool:
        """See the port."""
        return any(_kind_of(pid) is LockHolder.GUARD for pid in flock_waiters(self._lock))

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
    """Id of the process that took the flock on `lock`; None if nobody holds it."""
    return next((pid for pid, waits in _flocks(lock) if not waits), None)


def flock_waiters(lock: Path) -> list[int]:
    """Ids of the processes that are blocked until they get it."""
    return [pid for pid, waits in _flocks(lock) if waits]


def _flocks(lock: Path) -> Iterator[tuple[int, bool]]:
    """Processes with a part in the flock on `lock` as /proc/locks has them, and whether each only waits for it."""
    try:
        seen = lock.stat()
    except FileNotFoundError:
        return
    wanted = f"{os.major(seen.st_dev):02x}:{os.minor(seen.st_dev):02x}:{seen.st_ino}"
    for line in (PROC / "locks").read_text(encoding="ascii").splitlines():
        # "7: FLOCK  ADVISORY  WRITE 4242 00:2d:17 0 EOF"; whoever waits has "->" after the number.
        _, *fields = line.split()
        waits = fields[0] == "->"
        kind, _, _, pid, where = fields[waits : waits + 5]
        if kind == "FLOCK" and where == wanted:
            yield int(pid), waits


def _kind_of(pid: int) -> LockHolder:
    try:
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
