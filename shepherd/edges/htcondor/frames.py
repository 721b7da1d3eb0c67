"""How the daemon and its worker talk: one JSON value a frame, four bytes of length before it."""

import contextlib
import gc
import json
import os
import struct
from collections.abc import Callable, Iterator

LENGTH = struct.Struct(">I")
LARGEST = 1 << 28
"""Bytes. A longer frame is nonsense: all of 10 000 hosts fits into two MiB."""


class FrameBroken(Exception):
    """The other end is gone or speaks something else."""


def pack(value: object) -> bytes:
    """One frame."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return LENGTH.pack(len(body)) + body


def unpack(read: Callable[[int], bytes]) -> object:
    """The next frame by `read(n)`, which returns at most n bytes and b"" at the end. Raises FrameBroken."""
    (length,) = LENGTH.unpack(_exactly(read, LENGTH.size))
    if length > LARGEST:
        raise FrameBroken(f"a frame of {length} bytes was announced")
    body = _exactly(read, length)
    with no_search_for_cycles():
        try:
            value: object = json.loads(body)
        except ValueError as exc:
            raise FrameBroken("a frame is not JSON") from exc
    return value


@contextlib.contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Python looks for cycles whenever many objects were made; in rows of ten thousand hosts there are none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def write_all(fd: int, data: bytes) -> None:
    """All of `data` to a blocking descriptor. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0:
        part = read(min(size, 1 << 20))
        if not part:
            raise FrameBroken("the other end closed")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
