"""Days of the store that are open for one question."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Iterator, Sequence

from shepherd.edges import day_files
from shepherd.edges.trace_store import files
from shepherd.edges.trace_store.keys import DayKeys
from shepherd.edges.trace_store.read_rows import DayRows
from shepherd.edges.trace_store.schema import WHAT
from shepherd.edges.trace_store.summary import Summary
from shepherd.errors import LedgerUnavailable
from shepherd.model.trace_rows import Hidden, Span

MOST_OPEN = 300
"""Files at one time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Day:
    """A day's file, and the times of what arrived on it."""

    path: pathlib.Path
    span: Span
    summary: Summary | None = None

    def may_have(self, needs: Sequence[tuple[str, Sequence[object]]]) -> bool:
        """Whether it may have, of each kind, one of these values."""
        return self.summary is None or all(self.summary.may_have(kind, values) for kind, values in needs)


class Asked:
    """Days that are open for one question; what could not be asked of them."""

    def __init__(self, *, reveal: bool) -> None:
        """`reveal`: with what is personal, as far as this user may read the keys."""
        self._reveal = reveal
        self._rows: dict[pathlib.Path, DayRows] = {}
        self._keys: dict[pathlib.Path, DayKeys | Hidden] = {}
        self.whole: dict[pathlib.Path, int | None] = {}
        """Of days that are summed up, what their keys are known to be whole by."""
        self.unasked: list[str] = []

    def rows(self, path: pathlib.Path) -> DayRows:
        """The day, opened. Raises LedgerUnavailable."""
        if path not in self._rows:
            self._make_room()
            with day_files.translated(path, WHAT):
                self._rows[path] = DayRows(files.open_to_read(path), lambda: self.keys(path))
        return self._rows[path]

    def keys(self, path: pathlib.Path) -> DayKeys | Hidden:
        """The day's keys, or why there are none."""
        if path not in self._keys:
            whole = self.whole.get(path)
            self._keys[path] = files.keys_or_why(path.parent, path.stem, reveal=self._reveal, whole=whole)
        return self._keys[path]

    def _make_room(self) -> None:
        """Descriptors are few: the day that was opened first is closed, and opened anew if it is asked again."""
        if len(self._rows) >= MOST_OPEN:
            self._rows.pop(next(iter(self._rows))).connection.close()

    @contextlib.contextmanager
    def noting(self, day: Day) -> Iterator[None]:
        """What goes wrong with a day is no more than that."""
        try:
            with day_files.translated(day.path, WHAT):
                yield
        except LedgerUnavailable as exc:
            self.unasked.append(f"{day.path.stem}: {exc}")

    def close(self) -> None:
        """End of the question."""
        for rows in self._rows.values():
            rows.connection.close()
