"""The SpoolSource port for spools on this very machine: the gateway's, where it is the central manager."""

from collections.abc import Callable, Mapping
from pathlib import Path

from shepherd.edges.trace_spool import files
from shepherd.errors import CommandFailed, TraceRefused
from shepherd.model.trace import Segment
from shepherd.ports_trace import SpoolSource


class LocalSpools:
    """`ports_trace.SpoolSource` of the sources whose directories are here; all others are asked `beyond`."""

    def __init__(
        self, directories: Mapping[str, Path], segment_of: Callable[[str], Segment], beyond: SpoolSource
    ) -> None:
        """`segment_of` raises TraceRefused."""
        self._directories, self._segment_of, self._beyond = directories, segment_of, beyond

    def fetch(self, source: str, number: int) -> Segment | None:
        """See the port."""
        if source not in self._directories:
            return self._beyond.fetch(source, number)
        path = self._directories[source] / f"{files.SEGMENT}{number}"
        try:
            return self._segment_of(files.read(path).decode())
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as exc:
            raise TraceRefused(f"{path} is no text") from exc
        except (OSError, ValueError) as exc:
            raise CommandFailed(f"{path}: {exc}") from exc


def newest_here(directory: Path) -> int:
    """Number of the newest sealed segment in a directory; 0: none. Raises CommandFailed."""
    try:
        names = [path.name for path in directory.iterdir()]
    except FileNotFoundError:
        return 0
    except OSError as exc:
        raise CommandFailed(f"{directory}: {exc.strerror}") from exc
    return max((int(match[1]) for name in names if (match := files.NAME.fullmatch(name))), default=0)
