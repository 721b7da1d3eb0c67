"""The JobFiles port: one small file system in memory for each lend, written from within its container.

It is mounted in the mount namespace of PID 1, where dockerd sees it and no restart of the keeper ends it. Whoever owns
the container owns what lies there: names are opened below the directory's own descriptor, links are not followed, and
only plain files are read. What was read is punched out of them, so that a lend may last as long as it likes.
"""

import contextlib
import ctypes
import errno
import os
import stat
from collections.abc import Set as AbstractSet
from pathlib import Path

from shepherd.edges.tool import run_tool
from shepherd.errors import CommandFailed
from shepherd.model.host import LeaseId
from shepherd.ports_trace import StartdFile

READ_BYTES = 4 << 20
FILES = 64
"""Names that may be there."""
MODE = "0700"
TIMEOUT_S = 5.0
FULL_BYTES = 64 << 10
"""Less than this is as good as nothing: a job's ad may have that."""
KEEP_SIZE, PUNCH_HOLE = 1, 2
"""fallocate(2)."""
PAGE, KEPT_PAGES = 4096, 1
"""HTCondor looks for the last line of its history before it writes another one (`findHistoryOffset`)."""
FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]


class HostJobFiles:
    """`ports_trace.JobFiles` below one directory of root's."""

    def __init__(self, place: Path, size_mib: int) -> None:
        self._place, self._size_mib = place, size_mib

    def make(self, lease: LeaseId, uid: int, gid: int) -> None:
        """See the port."""
        path = self._path(lease)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise CommandFailed(f"{path}: {exc.strerror}") from exc
        if not path.is_mount():
            options = f"nodev,nosuid,noexec,size={self._size_mib}m,nr_inodes={FILES},mode={MODE},uid={uid},gid={gid}"
            argv = ("mount", "-N", "1", "-t", "tmpfs", "-o", options, "shepherd-trace", str(path))
            run_tool(argv, TIMEOUT_S, what="mounting the directory for a lend's job records", package="util-linux")
        if not path.is_mount():
            raise CommandFailed(f"{path} is mounted where this process does not see it")

    def leases(self) -> AbstractSet[str]:
        """See the port."""
        try:
            return {entry.name for entry in os.scandir(self._place)}
        except FileNotFoundError:
            return frozenset()
        except OSError as exc:
            raise CommandFailed(f"{self._place}: {exc.strerror}") from exc

    def read(self, lease: str, file: StartdFile, offset: int) -> bytes:
        """See the port."""
        try:
            if (descriptor := self._open(lease, file, os.O_RDONLY)) is None:
                if offset:
                    raise OSError(errno.ENOENT, "it was there, and is not any more")
                return b""
            try:
                if os.fstat(descriptor).st_size < offset:
                    raise OSError(errno.ESPIPE, "it became shorter")
                return os.pread(descriptor, READ_BYTES, offset)
            finally:
                os.close(descriptor)
        except OSError as exc:
            raise failed(lease, file, exc) from exc

    def forget(self, lease: str, file: StartdFile, offset: int) -> None:
        """See the port."""
        try:
            if (descriptor := self._open(lease, file, os.O_RDWR)) is None:
                return
            try:
                punch(descriptor, max(offset // PAGE - KEPT_PAGES, 0) * PAGE)
            finally:
                os.close(descriptor)
        except OSError as exc:
            raise failed(lease, file, exc) from exc

    def is_full(self, lease: str) -> bool:
        """See the port."""
        try:
            seen = os.statvfs(self._path(lease))
        except OSError as exc:
            raise CommandFailed(f"{self._path(lease)}: {exc.strerror}") from exc
        return seen.f_bavail * seen.f_frsize < FULL_BYTES or seen.f_favail == 0

    def remove(self, lease: str) -> None:
        """See the port."""
        path = self._path(lease)
        if path.is_mount():
            argv = ("umount", "-N", "1", "--", str(path))
            run_tool(argv, TIMEOUT_S, what="unmounting the directory for a lend's job records", package="util-linux")
        try:
            with contextlib.suppress(FileNotFoundError):
                path.rmdir()
        except OSError as exc:
            raise CommandFailed(f"{path}: {exc.strerror}") from exc

    def _path(self, lease: str) -> Path:
        if not lease or "/" in lease or lease.startswith("."):
            raise CommandFailed(f"{lease!r} is no name of a lease")
        return self._place / lease

    def _open(self, lease: str, file: StartdFile, how: int) -> int | None:
        """A plain file's descriptor; None if there is no such name. Raises OSError."""
        try:
            directory = os.open(self._path(lease), os.O_RDONLY | os.O_DIRECTORY | FLAGS)
        except FileNotFoundError:
            return None
        try:
            descriptor = os.open(file.value, how | FLAGS, dir_fd=directory)
        except FileNotFoundError:
            return None
        finally:
            os.close(directory)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a plain file")


def failed(lease: str, file: StartdFile, exc: OSError) -> CommandFailed:
    """Somebody in the container is not who it should be, or the host has no memory."""
    return CommandFailed(f"{file.value} of {lease}, which its container writes: {exc.strerror}")


def punch(descriptor: int, size: int) -> None:
    """Give back the memory of a file's first `size` bytes; it stays as long as it is. Raises OSError."""
    if size and _libc.fallocate(descriptor, KEEP_SIZE | PUNCH_HOLE, 0, size) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
