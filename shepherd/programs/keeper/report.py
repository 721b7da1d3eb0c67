"""The keeper's ad: sent at every change, and now and then."""

import dataclasses

from shepherd.errors import ShepherdError
from shepherd.model.observation import KeeperReport
from shepherd.ports import Log
from shepherd.ports_node import Advertise
from shepherd.programs.errand import Background, Errand

RETRY_S = 5.0
"""After an ad that could not be sent."""


class Reporter:
    """Sends the newest report; what changed while one was under way is sent after it."""

    def __init__(self, advertise: Advertise, every_s: float, background: Background, log: Log) -> None:
        self._advertise, self._every_s, self._log = advertise, every_s, log
        self._errand: Errand[bool] = Errand(background)
        self._said: KeeperReport | None = None
        """What was sent last, times left out; None: what was sent may not have arrived."""
        self._sent_s: float | None = None
        self._failed = False

    @property
    def busy(self) -> bool:
        """A report is under way."""
        return self._errand.busy

    def tick(self, report: KeeperReport, now_s: float) -> None:
        """Send `report` if it is time."""
        self._collect()
        timeless = dataclasses.replace(report, sent_at_s=0.0, heard_at_s=0.0)
        every_s = RETRY_S if self._failed else self._every_s
        overdue = self._sent_s is None or now_s - self._sent_s >= every_s
        changed = timeless != self._said and not self._failed
        if (overdue or changed) and self._errand.start(lambda: self._send(report)):
            self._said, self._sent_s = timeless, now_s

    def _send(self, report: KeeperReport) -> bool:
        self._advertise.send(report)
        return True

    def _collect(self) -> None:
        outcome = self._errand.take()
        if isinstance(outcome, ShepherdError):
            if not self._failed:
                self._log("the keeper's ad could not be sent", problem=outcome.diagnosis())
            self._failed = True
        elif outcome is not None:
            self._failed = False
