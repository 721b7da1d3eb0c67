"""The KernelSettings port: files under /proc/sys."""

from pathlib import Path

from shepherd.errors import CommandFailed


class ProcSys:
    """`ports_gateway.KernelSettings`."""

    def __init__(self, root: Path = Path("/proc/sys")) -> None:
        self._root = root

    def read(self, name: str) -> str | None:
        """See the port."""
        try:
            return (self._root / name).read_text(encoding="ascii").strip()
        except OSError:
            return None

    def write(self, name: str, value: str) -> None:
        """See the port."""
        try:
            (self._root / name).write_text(value, encoding="ascii")
        except OSError as exc:
            problem = f"kernel setting {name.replace('/', '.')} cannot be set to {value}: {exc.strerror}"
            raise CommandFailed(f"{problem}; is the interface there, and are we root?") from exc
