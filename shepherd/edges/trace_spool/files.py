"""The files of a spool: written whole and on the disk, read without trust. Every function may raise OSError."""

import contextlib
import dataclasses
import grp
import json
import os
import pathlib
import re
import stat

OPEN = "open"
SEGMENT = "segment."
DAMAGED = "damaged"
DRAFT = "draft"
NAME = re.compile(r"segment\.([1-9][0-9]{0,17})")
MODE = 0o640
"""Root's or the source's own; its directory's group may fetch."""
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
READ_MOST = 64 << 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Left:
    """What an earlier writer left open."""

    first: int = 0
    """0: not known."""
    number: int = 0
    lines: tuple[bytes, ...] = ()
    incomplete: bool = False
    """After the last whole line there was the beginning of another."""
    damage: str = ""
    """The file was no open segment; it lies beside, as `damaged`."""


def heading(first: int, number: int) -> bytes:
    """The first line of an open segment."""
    return json.dumps(["Open", 1, first, number], separators=(",", ":")).encode() + b"\n"


def make(directory: pathlib.Path, group: str) -> None:
    """Make the directory, and the one it is in, readable by `group`, whatever our umask is."""
    for path, mode in ((directory.parent, 0o755), (directory, 0o750)):
        if path.is_dir():
            continue
        path.mkdir(parents=True)
        with contextlib.suppress(LookupError):
            os.chown(path, -1, grp.getgrnam(group).gr_gid if group and path == directory else -1)
        path.chmod(mode)


def segments(directory: pathlib.Path) -> dict[int, int]:
    """Numbers and bytes of what is sealed, without a break up to the newest; what lies before a break was left by a
    spool that began anew, and is removed."""
    found: dict[int, int] = {}
    for entry in os.scandir(directory):
        if (match := NAME.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False):
            found[int(match[1])] = entry.stat(follow_symlinks=False).st_size
    newest = max(found, default=0)
    while newest in found:
        newest -= 1
    for number in [one for one in found if one < newest]:
        (directory / f"{SEGMENT}{number}").unlink(missing_ok=True)
        del found[number]
    return found


def left_open(directory: pathlib.Path) -> Left:
    """The open segment as it lies there."""
    path = directory / OPEN
    try:
        data = read(path)
        first, *lines = data.split(b"\n")
        begun, number = numbers(first)
        return Left(first=begun, number=number, lines=tuple(lines[:-1]), incomplete=bool(lines[-1]))
    except FileNotFoundError:
        return Left()
    except (OSError, ValueError, TypeError, IndexError, RecursionError) as exc:
        aside(path)
        return Left(damage=f"the open segment was damaged and set aside: {type(exc).__name__}")


def numbers(heading_line: bytes) -> tuple[int, int]:
    """First number and number of an open segment. Raises ValueError, TypeError."""
    name, version, first, number = json.loads(heading_line)
    if (name, version) != ("Open", 1) or type(first) is not int or type(number) is not int:
        raise ValueError("not an open segment of version 1")
    if not 0 < first <= number < 10**18:
        raise ValueError("impossible numbers")
    return first, number


def aside(path: pathlib.Path) -> None:
    """Keep one damaged thing, whatever it is, for a person to look at."""
    kept = path.with_name(DAMAGED)
    with contextlib.suppress(OSError):
        kept.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        path.rename(kept)


def read(path: pathlib.Path) -> bytes:
    """All of a regular file that is not absurdly large."""
    descriptor = os.open(path, READ)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a regular file")
        return file.read(READ_MOST)


def changed_s(path: pathlib.Path) -> float | None:
    """When a file was written last."""
    with contextlib.suppress(OSError):
        return path.lstat().st_mtime
    return None


def replace(path: pathlib.Path, data: bytes) -> None:
    """All of the new file or all of the old one, on the disk. Its group is the directory's."""
    draft = path.with_name(DRAFT)
    if draft.is_dir():
        aside(draft)
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchown(descriptor, -1, path.parent.stat().st_gid)
        os.fchmod(descriptor, MODE)
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.rename(path)
    sync_directory(path.parent)


def to_append(path: pathlib.Path) -> int:
    """A descriptor that writes at the end."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)


def add(descriptor: int, data: bytes, size: int) -> int:
    """Write at the end of a file of `size` bytes; what could not be written whole is taken back. The bytes written."""
    try:
        write_all(descriptor, data)
        os.fdatasync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise
    return len(data)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it: a disk that is nearly full takes a part."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_directory(directory: pathlib.Path) -> None:
    """Names are on the disk, too."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def close(descriptor: int) -> None:
    """Idempotent enough: what was written is on the disk already."""
    with contextlib.suppress(OSError):
        os.close(descriptor)
