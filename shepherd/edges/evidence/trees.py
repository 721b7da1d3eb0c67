"""Files of a frozen container that lie in memory: every tmpfs that one of its processes has mounted.

The container's owner made the tree, so nothing in it is followed: each step goes by descriptor, to a directory or a
regular file of that very file system, and never to where a link, a FIFO or a device leads.
"""

import contextlib
import dataclasses
import itertools
import json
import os
import re
import stat
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from shepherd.edges.evidence.sink import CHUNK, Sink, Spent, readable

PROC = Path("/proc")
MOST_SPACES = 512
MOST_ENTRIES, DEEPEST, MOST_EXTENTS = 200_000, 100, 10_000
MOUNT_BYTES = 4 << 20
STEP = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FIRST = ("/var/log/condor", "/var/lib/condor")
"""HTCondor's logs, then jobs' sandboxes."""
ESCAPED = re.compile(rb"\\([0-7]{3})")


@dataclasses.dataclass(frozen=True)
class Mount:
    """A file system in memory, as one process sees it."""

    pid: int
    device: int
    path: bytes


@dataclasses.dataclass(frozen=True)
class Entry:
    """Something in one."""

    parts: tuple[bytes, ...]
    seen: os.stat_result
    target: str = ""

    @property
    def path(self) -> str:
        """Readable."""
        return readable(b"/".join(self.parts))


def take_trees(sink: Sink, pids: Sequence[int], strangers: Collection[int]) -> None:
    """Every tmpfs that one of `pids` sees, once; those of devices `strangers` are the host's own."""
    for mount in mounts(sink, pids, strangers):
        with sink.part(f"files in {readable(mount.path)}"):
            take_tree(sink, mount)


def mounts(sink: Sink, pids: Sequence[int], strangers: Collection[int]) -> list[Mount]:
    """In the order in which they are to be copied. Raises Spent."""
    found: dict[int, Mount] = {}
    spaces: set[str] = set()
    for pid in pids:
        sink.check()
        if len(spaces) >= MOST_SPACES:
            sink.lose(f"files in memory of processes after the first {MOST_SPACES} mount namespaces")
            break
        with contextlib.suppress(OSError):
            space = os.readlink(PROC / str(pid) / "ns/mnt")
            if space in spaces:
                continue
            spaces.add(space)
            for device, path in tmpfs_of(PROC / str(pid) / "mountinfo"):
                if device not in strangers:
                    found.setdefault(device, Mount(pid, device, path))
    order = [os.fsencode(path) for path in FIRST]
    return sorted(found.values(), key=lambda mount: order.index(mount.path) if mount.path in order else len(order))


def tmpfs_of(mountinfo: Path) -> Iterator[tuple[int, bytes]]:
    """Device and mount point of each tmpfs that is mounted as a whole. Raises OSError."""
    with mountinfo.open("rb") as file:
        rows = file.read(MOUNT_BYTES).splitlines()
    for row in rows:
        before, _, after = row.partition(b" - ")
        fields = before.split(b" ")
        if len(fields) >= 5 and after.startswith(b"tmpfs ") and fields[3] == b"/":
            major, _, minor = fields[2].partition(b":")
            path = ESCAPED.sub(lambda match: bytes([int(match[1], 8)]), fields[4])
            yield os.makedev(int(major), int(minor)), path


def take_tree(sink: Sink, mount: Mount, root: Path | None = None) -> None:
    """A list of all that is in it, then the files, small ones first: they tell most. Raises Spent, OSError."""
    top = os.open(root or f"/proc/{mount.pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        base = below(top, [part for part in mount.path.split(b"/") if part])
    finally:
        os.close(top)
    try:
        if os.fstat(base).st_dev != mount.device:
            sink.lose(f"files in {readable(mount.path)}: something else is mounted over it")
            return
        entries = listed(sink, base, mount)
        what = f"all names in {readable(mount.path)}"
        sink.take(what, (line(entry) for entry in entries))
        copy_files(sink, base, mount, [entry for entry in entries if stat.S_ISREG(entry.seen.st_mode)])
    finally:
        os.close(base)


def copy_files(sink: Sink, base: int, mount: Mount, files: list[Entry]) -> None:
    """Their contents. Raises Spent when not all could be had."""
    files.sort(key=lambda entry: entry.seen.st_blocks)
    for number, entry in enumerate(files):
        try:
            copy(sink, base, mount, entry)
        except Spent:
            sink.lose(f"{len(files) - number} files in {readable(mount.path)}, the largest ones")
            raise
        except OSError as exc:
            sink.lose(f"{readable(mount.path)}/{entry.path}: {exc.strerror}")


def listed(sink: Sink, base: int, mount: Mount) -> list[Entry]:
    """All of it; names are the container's. Links' targets are read, not followed."""
    found: list[Entry] = []
    todo: list[tuple[bytes, ...]] = [()]
    while todo:
        parts = todo.pop()
        with contextlib.suppress(OSError):
            found += within(sink, base, mount, parts, todo, MOST_ENTRIES - len(found))
        if len(found) >= MOST_ENTRIES:
            sink.lose(f"more than {MOST_ENTRIES} names in {readable(mount.path)}")
            break
    return found


def within(
    sink: Sink, base: int, mount: Mount, parts: tuple[bytes, ...], todo: list[tuple[bytes, ...]], most: int
) -> list[Entry]:
    """The entries of one directory; directories of the same file system go to `todo`."""
    found: list[Entry] = []
    directory = below(base, parts)
    try:
        with os.scandir(directory) as names:
            for one in itertools.islice(names, most):
                sink.check()
                with contextlib.suppress(OSError):
                    found.append(entry_of(directory, parts, os.fsencode(one.name)))
    finally:
        os.close(directory)
    deeper = (one for one in found if stat.S_ISDIR(one.seen.st_mode) and one.seen.st_dev == mount.device)
    todo += [one.parts for one in deeper if len(parts) < DEEPEST]
    return found


def entry_of(directory: int, parts: tuple[bytes, ...], name: bytes) -> Entry:
    """One name of an open directory. Raises OSError if it is gone."""
    seen = os.lstat(name, dir_fd=directory)
    link = os.readlink(name, dir_fd=directory) if stat.S_ISLNK(seen.st_mode) else b""
    return Entry((*parts, name), seen, readable(link))


def copy(sink: Sink, base: int, mount: Mount, entry: Entry) -> None:
    """One regular file of that file system, without its holes. Raises OSError, Spent."""
    directory = below(base, entry.parts[:-1])
    try:
        file = os.open(entry.parts[-1], FILE, dir_fd=directory)
    finally:
        os.close(directory)
    try:
        seen = os.fstat(file)
        if not stat.S_ISREG(seen.st_mode) or seen.st_dev != mount.device:
            sink.lose(f"{readable(mount.path)}/{entry.path}: another file came into its place")
            return
        take_file(sink, file, f"{readable(mount.path)}/{entry.path}")
    finally:
        os.close(file)


def take_file(sink: Sink, file: int, what: str) -> None:
    """What an open regular file holds: its data, one extent after the other. Raises OSError, Spent."""
    seen = os.fstat(file)
    found = extents(file, seen.st_size)
    about = {"size_there": seen.st_size, "mtime_s": seen.st_mtime, "uid": seen.st_uid, "mode": oct(seen.st_mode)}
    sparse = {"extents": found} if found != [(0, seen.st_size)] else {}
    sink.take(what, data(file, found), **about, **sparse)
    if len(found) >= MOST_EXTENTS:
        sink.lose(f"{what}: all after its first {MOST_EXTENTS} pieces")


def extents(file: int, size: int) -> list[tuple[int, int]]:
    """Where a file has data: (offset, length) each."""
    found: list[tuple[int, int]] = []
    end = 0
    with contextlib.suppress(OSError):
        while end < size and len(found) < MOST_EXTENTS:
            start = os.lseek(file, end, os.SEEK_DATA)
            end = os.lseek(file, start, os.SEEK_HOLE)
            found.append((start, end - start))
    return found


def data(file: int, found: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """The data at these places."""
    for start, length in found:
        position, end = start, start + length
        while position < end and (chunk := os.pread(file, min(CHUNK, end - position), position)):
            yield chunk
            position += len(chunk)


def below(top: int, parts: Sequence[bytes]) -> int:
    """A directory below another one, without following a link. Raises OSError."""
    here = os.open(b".", STEP, dir_fd=top)
    for part in parts:
        try:
            there = os.open(part, STEP, dir_fd=here)
        finally:
            os.close(here)
        here = there
    return here


def line(entry: Entry) -> bytes:
    """One name, for the list."""
    seen = entry.seen
    members = {"path": entry.path, "mode": oct(seen.st_mode), "uid": seen.st_uid, "gid": seen.st_gid,
               "size_bytes": seen.st_size, "on_disk_bytes": seen.st_blocks * 512, "mtime_s": seen.st_mtime,
               "ctime_s": seen.st_ctime}  # fmt: skip
    return json.dumps({**members, **({"target": entry.target} if entry.target else {})}).encode() + b"\n"
