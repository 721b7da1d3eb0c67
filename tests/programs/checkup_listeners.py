"""Who listens on the central manager as plain values, for `shepherd check`."""

import dataclasses

from shepherd.model.checkup import ListenSeen
from tests.core.checkup.central_cases import PAGE
from tests.core.checkup.seen import NOW_S, figures

FIGURES, DASHBOARD = ("127.0.0.1:9641", "/metrics"), ("127.0.0.1:9690", "/sources")


@dataclasses.dataclass
class Listeners:
    """`ports_checkup.Listening`."""

    figures: ListenSeen = dataclasses.field(default_factory=lambda: figures(NOW_S - 5))
    dashboard: ListenSeen = PAGE

    def seen(self, listen: str, path: str) -> ListenSeen:
        return {FIGURES: self.figures, DASHBOARD: self.dashboard}[listen, path]
