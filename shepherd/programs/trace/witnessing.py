"""What the shepherd itself sees, for the record: which identity has signed in as which schedd, and clocks apart."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from shepherd.core.trace.collect import WITHIN_S, Clocks
from shepherd.errors import ShepherdError
from shepherd.model.observation import KeeperReport
from shepherd.model.one_line import one_line
from shepherd.model.trace import ClockSeen, Gap, ScheddSeen, TraceRecord
from shepherd.ports import Clock, Log
from shepherd.ports_trace import ScheddLook
from shepherd.programs.errand import Background, Errand

SOURCE = "shepherd"
LOOK_S = 15.0
"""How often the flock pool's schedds are looked at."""
AGAIN_S = 3600.0
"""What has not changed is said again after this: a record of a day is complete in itself."""
MOVED_S = 1.0
WORDS = 200
MOST = 100
"""New names and addresses of one identity that are recorded at once."""

Seen = tuple[str, str, str]


class Witnessing:
    """Used from the loop's thread; the question to the flock collector is asked elsewhere."""

    def __init__(
        self,
        *,
        look: ScheddLook,
        guests: Callable[[], Mapping[str, str]],
        background: Background,
        clock: Clock,
        log: Log,
        dark_since_s: float | None = None,
    ) -> None:
        """`guests`: names of guests by their identities; asked elsewhere, too; raises ShepherdError. `dark_since_s`:
        since when no shepherd looked; None: one did until now, or never."""
        self.look, self._guests, self._clock, self._log = look, guests, clock, log
        self._errand: Errand[tuple[Sequence[Seen], Mapping[str, str]]] = Errand(background)
        self._asked_s = float("-inf")
        self._said: dict[Seen, float] = {}
        self._dark_s = dark_since_s
        self._silent_s: float | None = None
        """Since when nobody has answered. Wall clock."""
        self._answered_s: float | None = None
        self._heard: dict[str, float] = {}
        self._clocks: dict[str, Clocks] = {}
        self._told: dict[str, tuple[float, float]] = {}
        """By source: when its clock was told last, and how far ahead it was."""

    def notes(self, keepers: Mapping[str, KeeperReport]) -> list[TraceRecord]:
        """What is to be recorded now."""
        now_s = self._clock.steady_s()
        told = self._taken()
        if now_s - self._asked_s >= LOOK_S and self._errand.start(lambda: (self.look.flock_schedds(), self._guests())):
            self._asked_s = now_s
        return [*told, *self._apart(keepers)]

    def _taken(self) -> list[TraceRecord]:
        outcome, wall_s = self._errand.take(), self._clock.wall_s()
        if outcome is None:
            return []
        if isinstance(outcome, ShepherdError):
            if self._silent_s is None:
                self._log("the flock pool's schedds cannot be seen", problem=outcome.diagnosis())
                self._silent_s = self._answered_s if self._answered_s is not None else wall_s
            return []
        told: list[TraceRecord] = []
        if self._silent_s is not None:
            told.append(gap(self._silent_s, wall_s, "the flock collector did not say which schedds there are"))
        if self._dark_s is not None:
            told.append(gap(self._dark_s, wall_s, "no shepherd looked which schedds there are"))
        since_s = wall_s if self._answered_s is None else self._answered_s
        self._silent_s, self._dark_s, self._answered_s = None, None, wall_s
        seen, guests = outcome
        new, left_out = self._new(seen)
        if left_out:
            told.append(gap(since_s, wall_s, f"a guest had more than {MOST} new schedds at once", left_out))
        return [*told, *(self._seen(one, guests, wall_s) for one in new)]

    def _new(self, seen: Sequence[Seen]) -> tuple[list[Seen], int]:
        """What was not there at the last look, or was told long ago, and how many more of it there are: of each who has
        signed in so many at once, that nobody floods the record. What is gone is new when it comes back."""
        now_s, of_identity = self._clock.steady_s(), Counter[str]()
        due = [one for one in seen if now_s - self._said.get(one, float("-inf")) >= AGAIN_S]
        new = list[Seen]()
        for one in due:
            of_identity[one[2]] += 1
            new += [one] if of_identity[one[2]] <= MOST else []
        told = dict.fromkeys(new, now_s)
        self._said = {one: told[one] if one in told else self._said[one] for one in seen if one in told | self._said}
        return new, len(due) - len(new)

    def _seen(self, seen: Seen, guests: Mapping[str, str], at_s: float) -> ScheddSeen:
        words = (one_line(word, WORDS).encode("ascii", "backslashreplace").decode() for word in seen)
        schedd, address, identity = words
        guest = guests.get(seen[2], "")
        return ScheddSeen(source=SOURCE, at_s=at_s, schedd=schedd, address=address, identity=identity, guest=guest)

    def _apart(self, keepers: Mapping[str, KeeperReport]) -> list[TraceRecord]:
        """Clocks of hosts whose keepers were heard anew."""
        told: list[TraceRecord] = []
        for host, report in keepers.items():
            if self._heard.get(host) == report.sent_at_s or not report.sent_at_s:
                continue
            self._heard[host] = report.sent_at_s
            clocks = self._clocks.get(host, Clocks()).heard(report.sent_at_s, report.heard_at_s)
            self._clocks[host] = clocks
            if self._is_news(host, clocks.ahead_s):
                told.append(
                    ClockSeen(source=host, at_s=self._clock.wall_s(), ahead_s=clocks.ahead_s, within_s=WITHIN_S)
                )
        return told

    def _is_news(self, host: str, ahead_s: float) -> bool:
        now_s = self._clock.steady_s()
        told_s, before_s = self._told.get(host, (float("-inf"), 0.0))
        if now_s - told_s < AGAIN_S and abs(ahead_s - before_s) < MOVED_S:
            return False
        self._told[host] = (now_s, ahead_s)
        return True


def gap(from_s: float, to_s: float, why: str, count: int | None = None) -> Gap:
    """Who signed in then may not be on record."""
    return Gap(source=SOURCE, what="schedds", from_s=min(from_s, to_s), to_s=to_s, count=count, why=why)
