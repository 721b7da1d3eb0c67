"""The Memory port: one text in a file beside the spool, replaced as a whole."""

from pathlib import Path

from shepherd.edges.trace_spool import files
from shepherd.errors import CommandFailed


class FileMemory:
    """`ports_trace.Memory` at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str | None:
        """See the port."""
        try:
            return files.read(self._path).decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as exc:
            raise CommandFailed(f"{self._path}: {exc}") from exc

    def write(self, text: str) -> None:
        """See the port."""
        try:
            self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            files.replace(self._path, text.encode())
        except OSError as exc:
            raise CommandFailed(f"{self._path}: {exc.strerror}") from exc
