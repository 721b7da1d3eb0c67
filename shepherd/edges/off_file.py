"""The OffSwitch port: what is at the flockoff path right now.

Anybody may write into /tmp, so nothing there is trusted beyond its presence: links are not followed, a
pipe is not waited for, and no more than the first line's worth of bytes is read.
"""

import os
import pathlib
import stat

from shepherd.edges.unix_user import user_name
from shepherd.model.flockoff import OffFile
from shepherd.model.one_line import one_line

READ_BYTES = 4096
WHY_CHARACTERS = 200
KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class OffFileSwitch:
    """`ports.OffSwitch` over one path."""

    def __init__(self, path: pathlib.Path) -> None:
        """`path` as in the settings; nothing is created there."""
        self._path = path

    def look(self) -> OffFile:
        """Never raises, never waits. Anything but "no such file" is presence."""
        try:
            found = self._path.lstat()
        except FileNotFoundError:
            return OffFile(present=False)
        except OSError as exc:
            return OffFile(present=True, who="unknown", why=f"{self._path} cannot be looked at: {exc.strerror}")
        return OffFile(present=True, who=user_name(found.st_uid), why=self._why(found.st_mode))

    def _why(self, mode: int) -> str:
        if stat.S_ISLNK(mode):
            return self._link()
        if not stat.S_ISREG(mode):
            return f"{self._path} is {KINDS.get(stat.S_IFMT(mode), 'something odd')}"
        try:
            return first_line(self._start())
        except OSError as exc:
            return f"{self._path} cannot be read: {exc.strerror}"

    def _link(self) -> str:
        try:
            return f"{self._path} is a symbolic link to {one_line(self._path.readlink(), WHY_CHARACTERS)}"
        except OSError as exc:
            return f"{self._path} is a symbolic link that cannot be read: {exc.strerror}"

    def _start(self) -> bytes:
        fd = os.open(self._path, FLAGS)
        try:
            return os.read(fd, READ_BYTES) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
        finally:
            os.close(fd)


def first_line(start: bytes) -> str:
    """Readable text of at most 200 characters; whoever wrote it must not steer a terminal or a log."""
    lines = start.decode("utf-8", "replace").splitlines()
    return one_line(lines[0], WHY_CHARACTERS) if lines else ""
