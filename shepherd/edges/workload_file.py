"""Logs of jobs on disk, read line by line; also those that gzip has packed."""

import gzip
import pathlib
import zlib
from collections.abc import Iterator

from shepherd.errors import BadInput

PACKED = b"\x1f\x8b"


def lines_of(path: pathlib.Path) -> Iterator[str]:
    """The file's lines. Bytes that are not UTF-8 are replaced: names of people are not looked at. Raises BadInput."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == PACKED
        opened = gzip.open(path, "rt", encoding="utf-8", errors="replace") if packed else path.open(errors="replace")
        with opened as lines:
            yield from lines
    except (OSError, EOFError, zlib.error) as exc:
        why = exc.strerror if isinstance(exc, OSError) and exc.strerror else exc
        raise BadInput(f"{path} cannot be read: {why}; name another file") from exc
