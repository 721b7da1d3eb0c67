"""Who writes the ledger, or the trace store: one process, by a lock that the kernel takes back when it dies."""

import fcntl
import os
import pathlib
import struct

from shepherd.errors import AnotherShepherd, LedgerUnavailable

NAME = "writer.lock"
FLOCK = "hhqqi4x"
"""`struct flock` of 64-bit Linux: type, whence, start, len, pid."""

holding: dict[pathlib.Path, int] = {}
"""Lock files this process holds, with its pid (a forked child holds none of them). A POSIX lock is lost
when its process closes *any* descriptor of the file, so a held file is never opened a second time."""


def held_here(path: pathlib.Path) -> bool:
    """Whether this very process has the lock."""
    return holding.get(path.resolve()) == os.getpid()


class WriterLock:
    """Held from `take` until the process ends or `release`.

    A POSIX lock, not flock(2): worker processes forked by the daemon do not inherit it, so none of them
    can keep the next daemon out.
    """

    def __init__(self, directory: pathlib.Path, what: str = "ledger") -> None:
        """`directory` is created when it is missing. `what` it has, in words."""
        self._path = directory / NAME
        self._what = what
        self._fd: int | None = None

    def take(self) -> None:
        """Idempotent. AnotherShepherd if another process has it, LedgerUnavailable if it cannot be tried."""
        if self._fd is not None:
            return
        if held_here(self._path):
            raise AnotherShepherd(self._whose())
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except OSError as exc:
            raise LedgerUnavailable(
                f"the {self._what}'s lock {self._path} cannot be opened: {exc.strerror}; "
                "its directory must belong to the shepherd's user and have space"
            ) from exc
        try:
            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            os.close(fd)
            raise AnotherShepherd(self._whose()) from exc
        self._fd = fd
        holding[self._path.resolve()] = os.getpid()

    def _whose(self) -> str:
        holder = writer_pid(self._path.parent)
        who = f"process {holder}" if holder else "another process"
        return f"another shepherd ({who}) writes the {self._what} in {self._path.parent}; stop it first"

    def release(self) -> None:
        """Idempotent. The file stays: removing it would let two writers lock two files."""
        if self._fd is not None:
            holding.pop(self._path.resolve(), None)
            os.close(self._fd)
            self._fd = None


def writer_pid(directory: pathlib.Path) -> int | None:
    """The process that has the lock now; 0 if its number is not known here; None: nobody.

    Asks without touching the lock. LedgerUnavailable if it may not ask.
    """
    if held_here(directory / NAME):
        return os.getpid()
    try:
        fd = os.open(directory / NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise LedgerUnavailable(f"{directory / NAME} cannot be read: {exc.strerror}") from exc
    try:
        question = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, pid = struct.unpack(FLOCK, fcntl.fcntl(fd, fcntl.F_GETLK, question))
    finally:
        os.close(fd)
    return None if kind == fcntl.F_UNLCK else max(pid, 0)
