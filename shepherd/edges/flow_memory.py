"""The FlowMemory port: a file beside a spool, to which lines are added; now and then it is written anew.

A line is a record; a line `=` says that all above it is in the spool. When the file was last touched, its writer lived.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from shepherd.errors import CommandFailed, TraceRefused
from shepherd.model.trace import TraceRecord
from shepherd.ports_trace import Remembered

NAME, TOLD = "flows.known", "="
MODE = 0o640
TAIL_BYTES = 4 << 20
"""So much of a spool's end is looked through for what is there already."""


class Lines(Protocol):
    """How records are written (`core/trace/lines.py`)."""

    def line(self, record: TraceRecord) -> str:
        """One line, without its end."""

    def record_of(self, text: str) -> TraceRecord:
        """The inverse. Raises TraceRefused."""


class FlowFile:
    """`ports_trace.FlowMemory` in a spool's directory. A damaged line is left out."""

    def __init__(self, directory: Path, lines: Lines) -> None:
        self._directory, self._lines = directory, lines
        self._told = self._untold = self._is_torn = False
        """The last line may be a part of one."""
        self.length = 0

    def remembered(self) -> Remembered | None:
        """See the port."""
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
            alive_s = self._path.stat().st_mtime
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise self._failed(exc) from exc
        *whole, cut_off = text.split("\n")
        last = max((number for number, line in enumerate(whole) if line == TOLD), default=-1)
        spooled = self._spool_tail() if last + 1 < len(whole) else set()
        self.length = len(whole)
        self._untold, self._is_torn = last + 1 < len(whole), bool(cut_off)
        return Remembered(
            records=tuple(self._records(whole)),
            untold=tuple(self._records(line for line in dict.fromkeys(whole[last + 1 :]) if line not in spooled)),
            alive_s=alive_s,
        )

    def note(self, records: Sequence[TraceRecord]) -> None:
        """See the port."""
        lines = [*([""] if self._is_torn else []), *([TOLD] if self._told else []), *map(self._lines.line, records)]
        try:
            if lines:
                self._add(lines)
            else:
                os.utime(self._path)
        except FileNotFoundError:
            self.renew(())
        except OSError as exc:
            self._is_torn = True
            raise self._failed(exc) from exc
        self._is_torn = False
        self._told, self._untold = False, (self._untold and not self._told) or bool(records)
        self.length += len(lines)

    def told(self) -> None:
        """See the port; written with the next records."""
        self._told = self._untold

    def renew(self, records: Sequence[TraceRecord]) -> None:
        """See the port. The old file stays until the new one is whole."""
        lines = [*map(self._lines.line, records), TOLD]
        draft = self._path.with_suffix(".draft")
        try:
            self._directory.mkdir(mode=0o750, parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)
            write(draft, os.O_CREAT | os.O_EXCL, lines)
            draft.replace(self._path)
        except OSError as exc:
            raise self._failed(exc) from exc
        self._told = self._untold = False
        self.length = len(lines)

    def forget(self) -> None:
        """See the port."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as exc:
            raise self._failed(exc) from exc
        self._told = self._untold = False
        self.length = 0

    def _add(self, lines: Sequence[str]) -> None:
        if not self._path.exists():
            self.renew(())
        write(self._path, os.O_APPEND, lines)

    @property
    def _path(self) -> Path:
        return self._directory / NAME

    def _records(self, lines: Iterable[str]) -> Iterator[TraceRecord]:
        for line in lines:
            try:
                yield self._lines.record_of(line)
            except (TraceRefused, ValueError):
                continue

    def _spool_tail(self) -> set[str]:
        """The newest lines of the spool: what was told last is there, or nowhere."""
        sealed = sorted(self._directory.glob("segment.*"), key=lambda path: path.stat().st_mtime)
        found: set[str] = set()
        for path in (*sealed[-2:], self._directory / "open"):
            if path.exists():
                found.update(path.read_text(encoding="utf-8", errors="replace")[-TAIL_BYTES:].split("\n"))
        return found

    def _failed(self, exc: OSError) -> CommandFailed:
        return CommandFailed(f"{self._path} cannot be used: {exc.strerror or exc}")


def write(path: Path, how: int, lines: Sequence[str]) -> None:
    """Add lines, at once. Raises OSError."""
    there = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | how, MODE)
    try:
        data = memoryview("".join(f"{line}\n" for line in lines).encode())
        while data:
            data = data[os.write(there, data) :]
    finally:
        os.close(there)
