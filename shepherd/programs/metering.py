"""Measuring beside the loop: it hands over what it knows and goes on; whoever asks for figures does the work."""

import threading
from collections import deque
from collections.abc import Sequence

from shepherd.core.metrics.gauges import Life, rows, rows_seen
from shepherd.core.metrics.tally import Tally
from shepherd.model.entry import Entry
from shepherd.model.figures import Figures, Row
from shepherd.model.sight import Sight
from shepherd.ports import Clock

MOST_WAITING = 100_000
"""Of what was told and not counted yet. Somebody counts every few seconds; if nobody does, memory does not grow."""
Written = tuple[Sequence[Entry], bool, bool]


class Metering:
    """Figures of one daemon. `saw` and `told` are the loop's, and cannot fail; `figures` is anybody's."""

    def __init__(self, life: Life, tally: Tally, clock: Clock) -> None:
        self._life, self._tally, self._clock = life, tally, clock
        self._waiting: deque[Sight | Written] = deque(maxlen=MOST_WAITING)
        self._sight: Sight | None = None
        self._rows: tuple[Sight, tuple[Row, ...]] | None = None
        self._lock = threading.Lock()

    def saw(self, sight: Sight) -> None:
        """A look is over."""
        self._waiting.append(sight)

    def told(self, entries: Sequence[Entry], *, is_recorded: bool, is_owed: bool) -> None:
        """`diary.Told`."""
        self._waiting.append((entries, is_recorded, is_owed))

    def figures(self) -> Figures:
        """Everything, as it is now."""
        self.count()
        with self._lock:
            told = rows(self._sight, self._life, self._clock.wall_s(), self._seen)
            return Figures(rows=told, counts=dict(self._tally.counts), times=dict(self._tally.times))

    def count(self) -> None:
        """Take in what was handed over."""
        with self._lock:
            while self._waiting:
                self._take(self._waiting.popleft())

    def _take(self, one: Sight | Written) -> None:
        if isinstance(one, Sight):
            self._sight, self._life = one, self._life._replace(settings=one.settings)
            self._tally.timers = one.settings.timers
            self._tally.traced(one.traced.gaps)
            self._tally.looked(one.took_s, one.snapshot.readings.values(), is_cycle=one.is_cycle)
        else:
            entries, is_recorded, is_owed = one
            self._tally.told(entries, is_recorded=is_recorded, is_owed=is_owed)

    def _seen(self, sight: Sight) -> tuple[Row, ...]:
        """Made once for each sight, however many ask."""
        if self._rows is None or self._rows[0] is not sight:
            self._rows = (sight, rows_seen(sight))
        return self._rows[1]
