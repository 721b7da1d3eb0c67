"""The shepherd's part in the record of who ran what: it collects, and notes what it sees itself. Beside the loop."""

from collections.abc import Callable, Mapping

from shepherd.errors import ShepherdError
from shepherd.model.observation import Snapshot
from shepherd.model.traced import Anchored, Traced
from shepherd.ports import Clock
from shepherd.programs.errand import Background, Errand
from shepherd.programs.trace.collecting import Collecting
from shepherd.programs.trace.witnessing import Witnessing

LOOK_S = 5.0
"""How often the gateway's spool is looked at."""


def nobody() -> None:
    """There is no logger."""


class Gathering:
    """Used from the loop's thread."""

    def __init__(
        self,
        *,
        collecting: Collecting,
        witnessing: Witnessing,
        here: Callable[[Mapping[str, int]], Mapping[str, int]],
        background: Background,
        clock: Clock,
        anchored: Callable[[], Anchored | None] = nobody,
    ) -> None:
        """`here`: told what is stored, hands that on to the sources on this machine, and answers with their newest
        segments. Called elsewhere, raises CommandFailed. `anchored`: what the site's logger knows."""
        self.collecting, self.witnessing = collecting, witnessing
        self._here, self._clock, self._anchored = here, clock, anchored
        self._errand: Errand[Mapping[str, int]] = Errand(background)
        self._asked_s = float("-inf")
        self._local: Mapping[str, int] = {}
        self._local_problem = ""

    def follow(self, snapshot: Snapshot) -> None:
        """Go on. Called at every tick, while no other shepherd runs this pool."""
        keepers = {str(host): facts.keeper for host, facts in snapshot.hosts.items() if facts.keeper}
        self._look_here()
        self.collecting.note(self.witnessing.notes(keepers))
        spooled = {host: keeper.spooled for host, keeper in keepers.items() if keeper.spooled}
        self.collecting.follow({**spooled, **self._local})

    @property
    def problem(self) -> str:
        """Why something is not recorded; empty if all is."""
        return self.collecting.problem or self._local_problem

    def traced(self) -> Traced:
        """How the record is doing."""
        collecting = self.collecting
        return Traced(
            is_storable=not collecting.problem,
            stored_at_s=collecting.stored_at_s,
            behind=collecting.behind,
            gaps=collecting.gaps,
            anchored=self._anchored(),
        )

    def _look_here(self) -> None:
        outcome, now_s = self._errand.take(), self._clock.steady_s()
        if isinstance(outcome, ShepherdError):
            self._local_problem = outcome.diagnosis()
        elif outcome is not None:
            self._local, self._local_problem = {name: number for name, number in outcome.items() if number}, ""
        stored = dict(self.collecting.stored)
        if now_s - self._asked_s >= LOOK_S and self._errand.start(lambda: self._here(stored)):
            self._asked_s = now_s
