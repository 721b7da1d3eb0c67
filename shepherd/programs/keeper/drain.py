"""Watching whether our own regular startd sits drained by a shepherd that has forgotten it."""

from shepherd.errors import ShepherdError
from shepherd.model.host import HostName
from shepherd.model.lease import drained_for
from shepherd.ports_node import LocalStartd
from shepherd.programs.errand import Background, Errand

PROBE_S = 2.0
"""How often our own startd is asked whether it is drained."""
LEND_TAIL_S = 300.0
"""How long after a lend, or our own start, it is still looked at: UPDATE_INTERVAL, when it would restart itself."""
FRESH_S = 7.0
"""An answer to an older question is none to act on: the keeper itself was stopped. Above a question's deadline."""


class DrainWatch:
    """For how long our startd has been Drained by our mark."""

    def __init__(self, host: HostName, startd: LocalStartd, background: Background) -> None:
        self._host, self._startd = host, startd
        self._errand: Errand[str] = Errand(background)
        self._asked_s: float | None = None
        self._wanted = False
        """Somebody would act on the answer to the next question."""
        self._proving = False
        """The question under way was asked for that."""
        self._proof_s: float | None = None
        """When the question was asked whose answer came in this tick and may be acted on."""
        self._since_s: float | None = None
        self._until_s: float | None = None
        self._resting = True

    @property
    def busy(self) -> bool:
        """A question is under way."""
        return self._errand.busy

    def collect(self, now_s: float) -> None:
        """Take an answer that is there. Once a tick, before anything is decided."""
        reason = self._errand.take()
        self._proof_s = None
        if reason is None:
            return
        if isinstance(reason, ShepherdError) or drained_for(reason) is None:
            self._since_s = None
        else:
            self._since_s = now_s if self._since_s is None else self._since_s
            self._proof_s = self._asked_s if self._proving else None
        self._proving = False

    def tick(self, now_s: float, *, lent: bool, regular: bool) -> None:
        """Ask while a lend is on or was of late, and our regular startd has the lock."""
        if lent or self._until_s is None:
            self._until_s = now_s + LEND_TAIL_S
        if not regular:
            self._since_s = None
        if now_s >= self._until_s:
            self._rest()
            return
        due = self._wanted or self._asked_s is None or now_s - self._asked_s >= PROBE_S
        if regular and due and self._errand.start(lambda: self._startd.drain_reason(self._host)):
            self._asked_s, self._resting = now_s, False
            self._proving, self._wanted = self._wanted, False

    def drained_s(self, now_s: float) -> float:
        """Seconds; 0 if it is not drained, or does not say."""
        return now_s - self._since_s if self._since_s is not None else 0.0

    def confirmed(self, now_s: float) -> bool:
        """Whether it said so in this tick, to a question that was asked because of an earlier call.

        If not, it is asked at the next `tick`: what it said before may be seconds old, and a local job may run since.
        """
        proof_s, self._proof_s = self._proof_s, None
        if proof_s is not None and now_s - proof_s <= FRESH_S:
            return True
        self._wanted = not self._proving
        return False

    def _rest(self) -> None:
        """Nobody will ask for long: hosts that are never lent pay for nothing."""
        self._since_s = None
        if not self._resting and not self._errand.busy:
            self._resting = True
            self._startd.close()
