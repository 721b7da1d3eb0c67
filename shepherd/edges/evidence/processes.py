"""Processes of a frozen container, as /proc shows them: what they are, their sockets, their memory."""

import array
import contextlib
import hashlib
import itertools
import json
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from shepherd.edges.evidence.sink import CHUNK, Sink, Spent, readable
from shepherd.edges.evidence.trees import take_file

PROC = Path("/proc")
TEXTS = {"status": 8192, "cmdline": 65536, "environ": 65536, "stat": 4096, "wchan": 256, "cgroup": 16384,
         "maps": 262144, "limits": 4096, "io": 1024}  # fmt: skip
"""Files of a process, and how much of each is kept."""
WORDS = frozenset({"cmdline", "environ"})
LINKS = ("exe", "cwd", "root", "ns/pid", "ns/mnt", "ns/net", "ns/user")
MOST_DESCRIPTORS, MOST_NETWORKS = 4096, 64
NET = ("tcp", "tcp6", "udp", "udp6", "udplite", "raw", "raw6", "icmp", "icmp6", "unix", "packet", "netlink", "arp",
       "route", "dev", "snmp", "sockstat", "igmp", "nf_conntrack")  # fmt: skip
NET_BYTES = 32 << 20
PROGRAM_BYTES = 256 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")
PRESENT, SWAPPED, OF_A_FILE = 1 << 63, 1 << 62, 1 << 61
"""Bits of /proc/PID/pagemap."""


class Processes:
    """Those of one container; others with the same numbers are left alone."""

    def __init__(self, container: str, pids: Sequence[int], job_uid: int) -> None:
        """`job_uid`: the lowest account of jobs, as the container counts."""
        self._container = container.encode()
        self._job_uid = on_the_host(job_uid, min(pids, default=0))
        self.pids = sorted(filter(self.is_ours, pids), key=lambda pid: (not self._is_jobs(pid), -pid))
        """Jobs' first, the youngest first."""

    def is_ours(self, pid: int) -> bool:
        """Whether it is of the container still: numbers are used again."""
        try:
            return self._container in part_of(PROC / str(pid) / "cgroup", 16384)
        except OSError:
            return False

    def _is_jobs(self, pid: int) -> bool:
        with contextlib.suppress(OSError):
            return (PROC / str(pid)).stat().st_uid >= self._job_uid
        return False

    def take_facts(self, sink: Sink) -> None:
        """What each is, a JSON line. Raises Spent."""
        done = 0

        def lines() -> Iterator[bytes]:
            nonlocal done
            for pid in self.pids:
                sink.check()
                yield json.dumps(facts(pid)).encode() + b"\n"
                done += 1

        try:
            sink.take("processes, jobs' first: a JSON object each", lines())
        except Spent:
            sink.lose(f"{len(self.pids) - done} of {len(self.pids)} processes")
            raise

    def take_programs(self, sink: Sink) -> None:
        """The SHA-256 of each program file that runs. Raises Spent."""
        seen: set[tuple[int, int]] = set()

        def lines() -> Iterator[bytes]:
            for pid in self.pids:
                sink.check()
                with contextlib.suppress(OSError):
                    yield from program(sink, pid, seen)

        sink.take("programs that ran: a JSON object each", lines())

    def take_sockets(self, sink: Sink) -> None:
        """What the kernel tells of their networks. Raises Spent."""
        spaces: set[str] = set()
        for pid in reversed(self.pids):
            with contextlib.suppress(OSError):
                space = os.readlink(PROC / str(pid) / "ns/net")
                if space not in spaces and len(spaces) < MOST_NETWORKS:
                    spaces.add(space)
                    take_network(sink, pid, space)

    def take_deleted(self, sink: Sink) -> None:
        """Files that have no name any more, and are held open. Raises Spent."""
        seen: set[tuple[int, int]] = set()
        for pid in self.pids:
            for path in descriptors(pid):
                sink.check()
                with contextlib.suppress(OSError):
                    take_unnamed(sink, pid, path, seen)

    def take_memory(self, sink: Sink) -> None:
        """What they have in memory of their own; jobs' first, small ones first. Raises Spent."""
        order = sorted(self.pids, key=lambda pid: (not self._is_jobs(pid), resident(pid)))
        for number, pid in enumerate(order):
            try:
                sink.check()
                if self.is_ours(pid):
                    take_memory_of(sink, pid)
            except Spent:
                sink.lose(f"memory of {len(order) - number} of {len(order)} processes, the larger ones")
                raise
            except OSError as exc:
                sink.lose(f"memory of process {pid}: {exc.strerror}")


def on_the_host(uid: int, pid: int) -> int:
    """An account of a process's own as the host counts it; the same if that cannot be told."""
    with contextlib.suppress(OSError, ValueError):
        for row in part_of(PROC / str(pid) / "uid_map", 65536).splitlines():
            inside, outside, count = map(int, row.split())
            if inside <= uid < inside + count:
                return outside + uid - inside
    return uid


def facts(pid: int) -> dict[str, object]:
    """One process. Nothing is followed; texts are cut."""
    here = PROC / str(pid)
    found: dict[str, object] = {"pid": pid}
    for name, most in TEXTS.items():
        with contextlib.suppress(OSError):
            raw = part_of(here / name, most)
            found[name] = words_of(raw) if name in WORDS else "\n".join(map(readable, raw.splitlines()))
    for name in LINKS:
        with contextlib.suppress(OSError):
            found[name] = readable(os.readlink(here / name))
    opened: dict[str, str] = {}
    for path in descriptors(pid):
        with contextlib.suppress(OSError):
            opened[path.name] = readable(os.readlink(path))
    return {**found, "fds": opened}


def words_of(raw: bytes) -> list[str]:
    """Words that end in NUL, each printable, whatever its process called itself."""
    return [readable(word) for word in raw.removesuffix(b"\0").split(b"\0")]


def descriptors(pid: int) -> list[Path]:
    """What it has open, some thousands at most."""
    with contextlib.suppress(OSError), os.scandir(PROC / str(pid) / "fd") as entries:
        return [Path(entry.path) for entry in itertools.islice(entries, MOST_DESCRIPTORS)]
    return []


def program(sink: Sink, pid: int, seen: set[tuple[int, int]]) -> Iterator[bytes]:
    """The line of a program file that was not seen before."""
    file = os.open(PROC / str(pid) / "exe", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(file)
        if (found.st_dev, found.st_ino) in seen or not stat.S_ISREG(found.st_mode):
            return
        seen.add((found.st_dev, found.st_ino))
        digest, left = hashlib.sha256(), PROGRAM_BYTES
        while left > 0 and (chunk := os.read(file, CHUNK)):
            sink.check()
            digest.update(chunk)
            left -= len(chunk)
        whole = {"sha256": digest.hexdigest()} if left > 0 else {"sha256": None, "why": "too large"}
        path = readable(os.readlink(PROC / str(pid) / "exe"))
        yield json.dumps({"path": path, "first_pid": pid, "size_bytes": found.st_size, **whole}).encode() + b"\n"
    finally:
        os.close(file)


def take_network(sink: Sink, pid: int, space: str) -> None:
    """The kernel's tables of one network namespace. Raises Spent."""
    for name in NET:
        with contextlib.suppress(OSError):
            text = part_of(PROC / str(pid) / "net" / name, NET_BYTES)
            sink.take(f"/proc/net/{name} of {space}", [text])


def take_unnamed(sink: Sink, pid: int, path: Path, seen: set[tuple[int, int]]) -> None:
    """A regular file without a name. What a descriptor leads to is asked first: opening a device does something."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) or found.st_nlink or (found.st_dev, found.st_ino) in seen:
        return
    seen.add((found.st_dev, found.st_ino))
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        take_file(sink, file, f"open in process {pid}: {readable(os.readlink(path))}")
    finally:
        os.close(file)


def resident(pid: int) -> int:
    """Pages in memory."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(part_of(PROC / str(pid) / "statm", 256).split()[1])
    return 0


def take_memory_of(sink: Sink, pid: int) -> None:
    """Pages of its own, those that are there: file-backed ones are on record by the programs' hashes. Raises OSError,
    Spent."""
    here = PROC / str(pid)
    ranges: list[tuple[str, int]] = []
    with (here / "mem").open("rb", buffering=0) as mem, (here / "pagemap").open("rb", buffering=0) as pagemap:
        sink.take(f"memory of process {pid}", pages(sink, mem.fileno(), pagemap.fileno(), regions(here), ranges),
                  ranges=ranges)  # fmt: skip


def regions(here: Path) -> Iterator[tuple[int, int]]:
    """Start and end of each mapping that can be read. Raises OSError."""
    for row in part_of(here / "maps", 64 << 20).splitlines():
        fields = row.split(None, 5)
        name = fields[5] if len(fields) > 5 else b""
        if len(fields) >= 5 and name not in {b"[vvar]", b"[vsyscall]", b"[vdso]"}:
            start, _, end = fields[0].partition(b"-")
            if int(end, 16) < 1 << 63:
                yield int(start, 16), int(end, 16)


def pages(
    sink: Sink, mem: int, pagemap: int, found: Iterator[tuple[int, int]], ranges: list[tuple[str, int]]
) -> Iterator[bytes]:
    """Runs of pages; where each is from goes to `ranges`."""
    for start, end in found:
        for first, count in present(sink, pagemap, start // PAGE, end // PAGE):
            with contextlib.suppress(OSError):
                chunk = os.pread(mem, count * PAGE, first * PAGE)
                ranges.append((hex(first * PAGE), len(chunk)))
                yield chunk


def present(sink: Sink, pagemap: int, first: int, last: int) -> Iterator[tuple[int, int]]:
    """First page and number of each run of a process's own pages, a MiB at most."""
    at_once = CHUNK // 8
    most = CHUNK // PAGE
    for base in range(first, last, at_once):
        sink.check()
        words = array.array("Q")
        raw = os.pread(pagemap, min(at_once, last - base) * 8, base * 8)
        words.frombytes(raw[: len(raw) // 8 * 8])
        if not any(words):
            continue
        began = None
        for number, word in enumerate(words):
            own = word & (PRESENT | SWAPPED) and not word & OF_A_FILE
            if began is not None and (not own or number - began >= most):
                yield base + began, number - began
                began = None
            if own and began is None:
                began = number
        if began is not None:
            yield base + began, len(words) - began


def part_of(path: Path, most: int) -> bytes:
    """The first bytes of a file of /proc. Raises OSError."""
    text = bytearray()
    with path.open("rb", buffering=0) as file:
        while len(text) < most and (some := file.read(min(1 << 16, most - len(text)))):
            text += some
    return bytes(text)
