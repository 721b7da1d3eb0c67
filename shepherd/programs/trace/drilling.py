"""The drill's turns: hear the connection, then ask until the record has it, or is no longer waited for."""

from collections.abc import Callable
from typing import Protocol

from shepherd.core.trace.drill import drill_question, judged, truth_of
from shepherd.errors import Unavailable
from shepherd.model.drill import DrillResult, Heard, Truth
from shepherd.model.question import Question
from shepherd.model.tracing import Tracing, Verdict

AGAIN_S = 1.0
"""So often it is seen whether all of a drill is on record."""
OWN_CLOCK_S = 1.0
"""How far apart the listener's clock and the shepherd's are, at most, when both are one machine's."""


class Listener(Protocol):
    """Hears connections at the drill's target."""

    def next(self, deadline_s: float) -> Heard | None:
        """The next one with a whole line, or none until `deadline_s` of the steady clock. Raises CommandFailed."""


class Times(Protocol):
    """Clocks, and waiting."""

    def wall_s(self) -> float:
        """Epoch seconds."""

    def steady_s(self) -> float:
        """Never set."""

    def pause(self, seconds: float) -> None:
        """Wait."""


def hear(listener: Listener, token: str, wait_s: float, times: Times) -> tuple[Heard, Truth]:
    """The drill's own connection; others are none of ours. Raises Unavailable: it did not come."""
    deadline_s = times.steady_s() + wait_s
    while (heard := listener.next(deadline_s)) is not None:
        if (truth := truth_of(heard.line, token)) is not None:
            return heard, truth
    raise Unavailable(
        f"no job of the drill {token} connected within {wait_s:g} s; does it wait in its queue, or was it refused?"
    )


def ask(
    heard: Heard,
    truth: Truth,
    target: tuple[str, int],
    within_s: float,
    record_s: float,
    asking: Callable[[Question], Tracing],
    times: Times,
) -> DrillResult:
    """Ask from time and ports alone, until there is an answer that time does not change, or `record_s` are over."""
    question = drill_question(heard, *target, within_s)
    until_s = times.steady_s() + record_s
    while True:
        begun_s = times.steady_s()
        found = asking(question)
        asked_s = times.steady_s() - begun_s
        result = judged(truth, heard, found, max(times.wall_s() - heard.at_s, 0.0), asked_s)
        if result.is_right or times.steady_s() >= until_s or found.verdict is Verdict.NAMED:
            return result
        times.pause(AGAIN_S)
