"""One turn of requests to the monitoring, carried out in a thread beside the loop."""

import dataclasses
from collections.abc import Sequence

from shepherd.errors import MonitoringRefused, MonitoringUnavailable
from shepherd.model.monitoring import Begin, Call, End, Heartbeat, Silence, SilenceKind
from shepherd.ports import Clock, Monitoring


@dataclasses.dataclass(frozen=True, kw_only=True)
class Turn:
    """What came of one turn of requests."""

    listed: tuple[Silence, ...] | None = None
    unseen: str = ""
    """Why silences of the kind that is not in use could not be listed."""
    done: tuple[tuple[Call, Silence | None], ...] = ()
    """Requests that were granted, and the silence that a Begin made."""
    refused: tuple[tuple[Call, str], ...] = ()
    unasked: tuple[Call, ...] = ()
    """Requests that the turn did not come to."""
    problem: str = ""
    """Why the rest of the turn was given up: nothing is known then of its last request."""
    beat_problem: str | None = None
    """None: no sign of life was handed in."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Work:
    """What to ask for in one turn."""

    monitoring: Monitoring
    clock: Clock
    within_s: float
    """After this no further request is begun."""
    beat: Heartbeat | None = None
    kinds: Sequence[SilenceKind] = ()
    """List silences of these kinds, the one in use first."""
    calls: Sequence[Call] = ()

    def run(self) -> Turn:
        """The sign of life first. A turn ends with the first request that is not answered, or when it lasts long."""
        turn = Turn(beat_problem=self._report())
        try:
            if self.kinds:
                return self._list(turn)
        except (MonitoringRefused, MonitoringUnavailable) as exc:
            return dataclasses.replace(turn, problem=exc.diagnosis())
        return self._carry_out(turn)

    def _report(self) -> str | None:
        if self.beat is None:
            return None
        try:
            self.monitoring.report(self.beat)
        except (MonitoringRefused, MonitoringUnavailable) as exc:
            return exc.diagnosis()
        return ""

    def _list(self, turn: Turn) -> Turn:
        """The first kind is the one in use: without it nothing is known."""
        first, *others = self.kinds
        found, unseen = [*self.monitoring.silences(first)], ""
        for kind in others:
            try:
                found += self.monitoring.silences(kind)
            except MonitoringRefused as exc:
                unseen = exc.diagnosis()
        return dataclasses.replace(turn, listed=tuple(found), unseen=unseen)

    def _carry_out(self, turn: Turn) -> Turn:
        done: list[tuple[Call, Silence | None]] = []
        refused: list[tuple[Call, str]] = []
        until_s, problem, asked = self.clock.steady_s() + self.within_s, "", 0
        for call in self.calls:
            try:
                done.append((call, self._ask(call)))
            except MonitoringRefused as exc:
                refused.append((call, exc.diagnosis()))
                problem = exc.diagnosis() if exc.is_user else ""
            except MonitoringUnavailable as exc:
                problem = exc.diagnosis()
            asked += 1
            if problem or self.clock.steady_s() > until_s:
                break
        left = tuple(self.calls[asked:])
        return dataclasses.replace(turn, done=tuple(done), refused=tuple(refused), unasked=left, problem=problem)

    def _ask(self, call: Call) -> Silence | None:
        match call:
            case Begin():
                return self.monitoring.begin(call)
            case End():
                self.monitoring.end(call.silence)
                return None
