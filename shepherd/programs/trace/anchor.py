"""Telling the site's logger where the records end, and keeping trace store and ledger tidy, beside the loop.

A clock that is wrong must not make retention remove what is needed: nothing is removed until the wall clock has gone
with the steady one for an hour.
"""

from collections.abc import Callable

from shepherd.core.heads import Anchor, anchor_message
from shepherd.errors import LedgerUnavailable, ShepherdError
from shepherd.model.chain import Head
from shepherd.model.traced import Anchored
from shepherd.ports import Clock, Log
from shepherd.ports_trace import SiteLog, TraceUpkeep
from shepherd.programs.errand import Background, Errand

SETTLED_S = 3600.0
"""So long after its last jump this machine's clock counts as settled."""
JUMP_S = 60.0


class Anchoring:
    """`tick` often; it acts when it is time. Nothing it waits for holds up its caller."""

    def __init__(
        self,
        *,
        store: TraceUpkeep,
        ledger_head: Callable[[], Head],
        ledger_upkeep: Callable[[], None],
        logger: SiteLog | None,
        background: Background,
        clock: Clock,
        log: Log,
        instance: str,
        anchor_s: float,
    ) -> None:
        """`ledger_head` and `ledger_upkeep`, which removes days that are old enough, may raise LedgerUnavailable. No
        `logger`: nobody is told."""
        self._store, self._ledger_head, self._logger = store, ledger_head, logger
        self._ledger_upkeep = ledger_upkeep
        self._clock, self._log, self._instance = clock, log, instance
        self._anchor_s = anchor_s
        self._errand: Errand[Anchor] = Errand(background)
        self._due_s = clock.steady_s()
        self._ahead_s = self._wall_ahead_s()
        self._settled_s = clock.steady_s()
        self._told_at_s = 0.0
        self.problem = ""
        """What is wrong; empty: nothing."""

    def adopt(self, logger: SiteLog | None, anchor_s: float) -> None:
        """New settings."""
        self._logger, self._anchor_s = logger, anchor_s
        self._due_s = self._clock.steady_s()

    @property
    def anchored(self) -> Anchored | None:
        """What the logger knows; None: there is none."""
        return Anchored(told_at_s=self._told_at_s, every_s=self._anchor_s) if self._logger is not None else None

    def tick(self) -> None:
        """Take what is back, begin what is due."""
        self._take()
        now = self._clock.steady_s()
        if now >= self._due_s and self._errand.start(self._work(may_retire=self._is_settled(now))):
            self._due_s = now + self._anchor_s

    def _work(self, *, may_retire: bool) -> Callable[[], Anchor]:
        def work() -> Anchor:
            self._store.upkeep(may_retire=may_retire)
            if may_retire:
                self._ledger_upkeep()
            return Anchor(instance=self._instance, ledger=self._ledger_head(), trace=self._store.head())

        return work

    def _take(self) -> None:
        match self._errand.take():
            case None:
                return
            case Anchor() as anchor:
                self._say("")
                self._tell(anchor)
            case LedgerUnavailable() as exc:
                self._say(f"the records' ends cannot be told to the site's logger: {exc}")
            case ShepherdError() as exc:
                self._say(exc.diagnosis())

    def _tell(self, anchor: Anchor) -> None:
        if self._logger is not None:
            self._logger.send(anchor_message(anchor, self._clock.wall_s()))
            self._say(self._logger.problem)
            if not self._logger.problem:
                self._told_at_s = self._clock.wall_s()

    def _say(self, problem: str) -> None:
        if problem and problem != self.problem:
            self._log("records are not anchored", problem=problem)
        self.problem = problem

    def _is_settled(self, now: float) -> bool:
        """Whether the wall clock has not jumped for long enough."""
        ahead_s = self._wall_ahead_s()
        if abs(ahead_s - self._ahead_s) > JUMP_S:
            self._ahead_s, self._settled_s = ahead_s, now
        return now - self._settled_s >= SETTLED_S

    def _wall_ahead_s(self) -> float:
        return self._clock.wall_s() - self._clock.steady_s()
