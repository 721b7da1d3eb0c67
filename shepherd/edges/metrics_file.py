"""The page of figures as a file for node_exporter's textfile collector: whole at any moment, gone with the daemon."""

import contextlib
import os
from pathlib import Path

from shepherd.errors import Unavailable

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class MetricsFile:
    """The file at a path. Its directory must be there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f".{path.name}.new")
        """Does not end in `.prom`: nobody reads it."""

    def write(self, body: bytes) -> None:
        """Replace it. Anybody may read it: there is no name of a person, a host or a job in it. Raises Unavailable."""
        try:
            with contextlib.suppress(FileNotFoundError):
                self._draft.unlink()
            descriptor = os.open(self._draft, FLAGS, 0o644)
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o644)
                file.write(body)
            self._draft.replace(self._path)
        except OSError as exc:
            raise Unavailable(f"{self._path} cannot be written: {exc.strerror}") from exc

    def remove(self) -> None:
        """Nothing is measured any more. Idempotent."""
        for path in (self._path, self._draft):
            with contextlib.suppress(OSError):
                path.unlink()
