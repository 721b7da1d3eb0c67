"""A small text that outlives its program: replaced all at once, and on the disk when that returns."""

import contextlib
import os
from pathlib import Path

from shepherd.errors import CommandFailed


class KeptFile:
    """`programs.gateway.stops.Kept` at a path. Its directory is made, and is its owner's alone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str | None:
        """The text; None if there is none. Raises CommandFailed."""
        try:
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as exc:
            raise CommandFailed(f"{self._path} cannot be read: {exc}") from exc

    def write(self, text: str) -> None:
        """Replace it. Raises CommandFailed."""
        draft = self._path.with_name(f".{self._path.name}.new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as exc:
            raise CommandFailed(f"{self._path} cannot be written: {exc.strerror}") from exc
