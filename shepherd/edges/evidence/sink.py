"""Where evidence goes while it is taken: files with names of our own in one directory, a line of the index for each.

Part of `evidence_take`, which runs as a process of its own. Time and space are bounded here and nowhere else.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

INDEX = "index.jsonl"
CHUNK = 1 << 20
MAX_LOST = 200
"""Losses that are told one by one; hostile names could fill the disk with them."""
WHAT_CHARACTERS = 4096
CLOCK = time.CLOCK_BOOTTIME
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Spent(Exception):
    """Time or space for this part is over; `str()` says which."""


class Sink:
    """One directory of evidence."""

    def __init__(self, directory: Path, *, until_s: float, size_bytes: int, parent: int | None = None) -> None:
        """`until_s`: CLOCK_BOOTTIME. `parent`: whoever wants this; it ends with it."""
        directory.mkdir(mode=0o700)
        self._directory, self._parent = directory, parent
        self._index = os.open(directory / INDEX, FLAGS | os.O_APPEND, 0o600)
        self.until_s, self.left_bytes = until_s, size_bytes
        self._taken = self._losses = 0

    def check(self) -> None:
        """Raises Spent when time or space is over."""
        if self._parent is not None and os.getppid() != self._parent:
            raise SystemExit(1)
        if time.clock_gettime(CLOCK) >= self.until_s:
            raise Spent("time is over")
        if self.left_bytes <= 0:
            raise Spent("space is over")

    def take(self, what: str, chunks: Iterable[bytes], **about: object) -> str:
        """Keep what comes; the name of its file. Raises Spent; what came until then is kept and said to be a part."""
        self.check()
        self._taken += 1
        name = f"{self._taken:06d}"
        digest, size, ended = hashlib.sha256(), 0, ""
        try:
            for chunk in self._written(name, chunks):
                digest.update(chunk)
                size += len(chunk)
        except (Spent, OSError) as trouble:
            ended = trouble.strerror or "?" if isinstance(trouble, OSError) else str(trouble)
            raise
        finally:
            part = {"part": ended} if ended else {}
            self._note({"name": name, "size_bytes": size, "sha256": digest.hexdigest(), "what": what[:WHAT_CHARACTERS],
                        **about, **part})  # fmt: skip
            if ended:
                self.lose(f"{what[:200]}: only {size} bytes of it: {ended}")
        return name

    def lose(self, what: str) -> None:
        """Note that something could not be kept."""
        self._losses += 1
        if self._losses <= MAX_LOST:
            self._note({"lost": what[:WHAT_CHARACTERS]})

    def end(self) -> None:
        """All was taken that there is room and time for."""
        if self._losses > MAX_LOST:
            self._note({"lost": f"{self._losses - MAX_LOST} more things"})
        self._note({"end": True})
        os.fsync(self._index)
        os.close(self._index)

    @contextlib.contextmanager
    def part(self, what: str, *, until_s: float | None = None, size_bytes: int | None = None) -> Iterator[None]:
        """Something with less time or space of its own; what it cannot have is lost, and the rest goes on."""
        whole_s, whole = self.until_s, self.left_bytes
        self.until_s = min(whole_s, until_s if until_s is not None else whole_s)
        self.left_bytes = given = min(whole, size_bytes if size_bytes is not None else whole)
        try:
            yield
        except Spent as spent:
            self.lose(f"{what}: {spent}")
        except (OSError, ValueError) as exc:
            self.lose(f"{what}: {exc}")
        finally:
            self.until_s, self.left_bytes = whole_s, whole - (given - self.left_bytes)

    def _written(self, name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Each chunk once it is in the file."""
        descriptor = os.open(self._directory / name, FLAGS, 0o600)
        try:
            for chunk in chunks:
                for start in range(0, len(chunk), CHUNK):
                    self.check()
                    piece = chunk[start : start + min(CHUNK, self.left_bytes)]
                    os.write(descriptor, piece)
                    self.left_bytes -= len(piece)
                    yield piece
                    if len(piece) < min(CHUNK, len(chunk) - start):
                        raise Spent("space is over")
        finally:
            os.close(descriptor)

    def _note(self, members: dict[str, object]) -> None:
        os.write(self._index, json.dumps(members, sort_keys=True).encode() + b"\n")


def readable(name: str | bytes) -> str:
    """A name from a container as text that anybody can print: what is no UTF-8, or does not print, is escaped."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
