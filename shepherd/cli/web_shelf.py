"""Days looked back on for the dashboard: reckoned beside it, one after the other, and kept.

Days that are over are reckoned once, when nothing more of them is to come. What still grows is reckoned anew now and
then, the more seldom the longer that takes, so that somebody who looks on costs a twentieth of a processor at most.
"""

import dataclasses
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

from shepherd.core.harvest.coarser import coarser
from shepherd.core.harvest.together import nothing, together
from shepherd.errors import BadInput, Unavailable
from shepherd.model.harvest import Bucket, Harvest, Period
from shepherd.ports import Log
from shepherd.views.web.board import Reckoned

DAY_S = 86400.0
BUCKET_S = {1: 900.0}
LONG_BUCKET_S = 3600.0
ROWS = 48
"""Of a table that a person reads."""
ANEW_S = 30.0
LATER_S = 600.0
"""Between two tries at a day that is over."""
SETTLED_S = 6 * 3600.0
"""After the end of a day its jobs may still be told, by hosts that were cut off."""
JUST_BEGUN_S = 900.0
"""Of a day that is no older nothing need be on record yet."""
PAUSES = 20.0
"""Times that it took."""
KEPT = 40
"""Days."""

Make = Callable[[Period, float], Harvest]
Key = tuple[float, float]
"""From when; so long, or 0: until now."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """A day, or what there is of it."""

    span: Period
    harvest: Harvest | None
    trouble: str
    is_settled: bool
    """Nothing more is to come."""
    at_s: float
    took_s: float


def rows_of(series: Sequence[Bucket]) -> Iterator[Bucket]:
    """The same in fewer buckets, of whole hours where they are of an hour."""
    number = next((one for one in (1, 2, 4, 6, 12) if len(series) <= one * ROWS), 24)
    return coarser(series, number)


class Shelf:
    """Threads may share it."""

    def __init__(self, make: Make, wall_s: Callable[[], float], steady_s: Callable[[], float], log: Log) -> None:
        """`make` reckons a span in buckets of so many seconds; raises BadInput, Unavailable."""
        self._make, self._wall_s, self._steady_s, self._log = make, wall_s, steady_s, log
        self._lock = threading.Lock()
        self._made: OrderedDict[Key, Made] = OrderedDict()
        self._wanted: list[Key] = []
        self._thread: threading.Thread | None = None
        self.changes = 0
        """Grows with each day that was reckoned."""

    def reckoned(self, days: int) -> Reckoned:
        """The last so many days, as far as they are; the rest is begun."""
        keys = self._keys(days)
        with self._lock:
            there = [self._made.get(key) for key in keys]
            for key, made in zip(keys, there, strict=True):
                if made is None or self._is_old(key, made):
                    self._want(key)
        known = list(self._known([made for made in there if made]))
        whys = [made.trouble for made in there if made and made.trouble]
        harvest = together(known) if known else None
        return Reckoned(
            harvest=harvest,
            rows=tuple(rows_of(harvest.series)) if harvest else (),
            done=sum(made is not None for made in there),
            of=len(keys),
            trouble=whys[-1] if whys and not known else "",
        )

    @staticmethod
    def _known(there: list[Made]) -> Iterator[Harvest]:
        """From the first day on that has a record: of others it is told that they are in no sum."""
        has_begun = False
        for made in there:
            has_begun = has_begun or made.harvest is not None
            if made.harvest is not None:
                yield made.harvest
            elif has_begun and made.span.lasts_s > JUST_BEGUN_S:
                yield nothing(made.span, made.trouble)

    def _keys(self, days: int) -> list[Key]:
        """One day is the last 24 hours; of more, today in UTC and the days before it."""
        if days == 1:
            return [(-DAY_S, 0.0)]
        today_s = self._wall_s() // DAY_S * DAY_S
        past = [(today_s - number * DAY_S, DAY_S) for number in range(days - 1, 0, -1)]
        return [*past, (today_s, 0.0)]

    def _is_old(self, key: Key, made: Made) -> bool:
        grows = key[1] == 0.0
        least_s = ANEW_S if grows else LATER_S
        is_due = self._steady_s() - made.at_s > max(least_s, PAUSES * made.took_s)
        return is_due and (grows or not made.is_settled)

    def _want(self, key: Key) -> None:
        if key not in self._wanted:
            self._wanted.append(key)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="reckoning", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._thread = None
                    return
                key = self._wanted[-1]  # what was asked for last, and of a span its newest day
            made = self._reckon(key)
            with self._lock:
                self._made[key] = made
                self._made.move_to_end(key)
                while len(self._made) > KEPT:
                    self._made.popitem(last=False)
                self._wanted.remove(key)
                self.changes += 1

    def _reckon(self, key: Key) -> Made:
        began_s, now_s = self._steady_s(), self._wall_s()
        from_s, lasts_s = key
        span = Period(from_s=from_s if from_s >= 0 else now_s + from_s, to_s=from_s + lasts_s if lasts_s else now_s)
        harvest, trouble = None, ""
        try:
            harvest = self._make(span, BUCKET_S[1] if from_s < 0 else LONG_BUCKET_S)
        except (BadInput, Unavailable) as exc:
            trouble = str(exc)
        except Exception as exc:  # noqa: BLE001 - a day that cannot be reckoned must not end all others
            self._log("defect", span=span, traceback="".join(traceback.format_exception(exc)))
            trouble = "a day could not be reckoned: a defect, which the log of shepherd-web tells of"
        ended_s = self._steady_s()
        is_settled = not trouble and now_s - span.to_s > SETTLED_S
        return Made(
            span=span, harvest=harvest, trouble=trouble, is_settled=is_settled, at_s=ended_s, took_s=ended_s - began_s
        )
