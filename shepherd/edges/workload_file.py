"""Logs of jobs on disk, read line by line; also those that gzip has packed."""

import gzip
import io
import pathlib
import zlib
from collections.abc import Iterator
from typing import TextIO

from shepherd.errors import BadInput

PACKED = b"\x1f\x8b"


def lines_of(path: pathlib.Path) -> Iterator[str]:
    """The file's lines. Bytes that are not UTF-8 are replaced: names of people are not looked at. Raises BadInput."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == PACKED
        with _unpacked(path) if packed else path.open(encoding="utf-8", errors="replace") as lines:
            yield from lines
    except (OSError, EOFError, zlib.error) as exc:
        why = exc.strerror if isinstance(exc, OSError) and exc.strerror else exc
        raise BadInput(f"{path} cannot be read: {why}; name another file") from exc


def _unpacked(path: pathlib.Path) -> TextIO:
    return io.TextIOWrapper(gzip.GzipFile(path), encoding="utf-8", errors="replace")
