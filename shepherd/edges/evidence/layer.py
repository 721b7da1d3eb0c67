"""The writable layer of a container that ended and was kept: its files are dockerd's still, and only read here.

Guests made what is in it. The container is dead, so that nothing changes; links are not followed, and devices, sockets
and FIFOs are not opened.
"""

import hashlib
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shepherd.edges.evidence.sink import CHUNK, readable
from shepherd.model.evidence import Piece

MOST_FILES = 200_000
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def layer_of(told: Mapping[str, Any]) -> Path | None:
    """Where it lies, by what dockerd told; None if it did not, or does not keep it apart from its image."""
    upper = ((told.get("GraphDriver") or {}).get("Data") or {}).get("UpperDir")
    return Path(upper) if upper and Path(upper).is_dir() else None


def layer_pieces(layer: Path) -> Iterator[Piece]:
    """Its regular files with their hashes. Raises OSError."""
    for number, (path, seen) in enumerate(entries(layer)):
        if number >= MOST_FILES:
            return
        if stat.S_ISREG(seen.st_mode):
            name = readable(os.path.relpath(path, os.fsencode(layer)))
            yield Piece(name=name, size_bytes=seen.st_size, sha256=sha256_of(path), what="writable layer")


def pack_layer(layer: Path | None, target: Path) -> None:
    """All of it into a new tar file, if there is a layer. Raises OSError."""
    if layer is None:
        return
    with tarfile.open(target, "x", format=tarfile.PAX_FORMAT) as archive:
        for path, seen in entries(layer):
            if stat.S_ISREG(seen.st_mode) or stat.S_ISDIR(seen.st_mode) or stat.S_ISLNK(seen.st_mode):
                text = os.fsdecode(path)
                archive.add(text, arcname=os.path.relpath(text, layer), recursive=False)


def entries(layer: Path) -> Iterator[tuple[bytes, os.stat_result]]:
    """Everything in it but links' targets. Raises OSError."""
    top = os.fsencode(layer)
    for folder, folders, names in os.walk(top, followlinks=False):
        for name in sorted((*folders, *names)):
            path = folder + b"/" + name
            yield path, os.lstat(path)


def sha256_of(path: bytes) -> str:
    """Of a regular file. Raises OSError."""
    digest = hashlib.sha256()
    descriptor = os.open(path, READ)
    try:
        while chunk := os.read(descriptor, CHUNK):
            digest.update(chunk)
    finally:
        os.close(descriptor)
    return digest.hexdigest()
