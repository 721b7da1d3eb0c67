"""Watching whether our own regular startd sits drained by a shepherd that has forgotten it."""

from shepherd.errors import ShepherdError
from shepherd.model.host import HostName
from shepherd.model.lease import OUR_MARK
from shepherd.ports_node import LocalStartd
from shepherd.programs.errand import Background, Errand

PROBE_S = 2.0
LEND_TAIL_S = 300.0
"""How long after a lend, or our own start, it is still looked at: UPDATE_INTERVAL, when it would restart itself."""


class DrainWatch:
    """For how long our startd has been Drained by our mark."""

    def __init__(self, host: HostName, startd: LocalStartd, background: Background) -> None:
        self._host, self._startd = host, startd
        self._errand: Errand[str] = Errand(background)
        self._asked_s: float | None = None
        self._since_s: float | None = None
        self._until_s: float | None = None
        self._resting = True

    def tick(self, now_s: float, *, lent: bool, regular: bool) -> None:
        """Ask while a lend is on or was of late, and our regular startd has the lock."""
        self._collect(now_s)
        if lent or self._until_s is None:
            self._until_s = now_s + LEND_TAIL_S
        if not regular:
            self._since_s = None
        if now_s >= self._until_s:
            self._rest()
            return
        due = self._asked_s is None or now_s - self._asked_s >= PROBE_S
        if regular and due and self._errand.start(lambda: self._startd.drain_reason(self._host)):
            self._asked_s, self._resting = now_s, False

    def drained_s(self, now_s: float) -> float:
        """Seconds; 0 if it is not drained, or does not say."""
        return now_s - self._since_s if self._since_s is not None else 0.0

    def _rest(self) -> None:
        """Nobody will ask for long: hosts that are never lent pay for nothing."""
        self._since_s = None
        if not self._resting and not self._errand.busy:
            self._resting = True
            self._startd.close()

    def _collect(self, now_s: float) -> None:
        reason = self._errand.take()
        if reason is None:
            return
        if isinstance(reason, ShepherdError) or not reason.startswith(OUR_MARK):
            self._since_s = None
        elif self._since_s is None:
            self._since_s = now_s
