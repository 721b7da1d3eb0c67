"""Documents of `trace` and `drill`."""

from typing_extensions import TypedDict

from shepherd.model.drill import Heard, Truth
from shepherd.model.question import Question
from shepherd.model.trace import ClockSeen, Gap
from shepherd.model.trace_rows import Held
from shepherd.model.tracing import FlowFound, Link, StayFound, Verdict


class TraceJson(TypedDict):
    """`shepherd trace --json`. Times are epoch seconds of the shepherd's clock, but for those of records (`begun`,
    `ended`), which are their sources'."""

    at_s: float
    """When it was asked."""
    answered: bool
    personal: bool
    """Whether users and job ids are shown."""
    hidden_because: str
    question: Question
    verdict: Verdict
    flows: list[FlowFound]
    stays: list[StayFound]
    gaps: list[Gap]
    clocks: list[ClockSeen]
    notes: list[str]


class HoldsJson(TypedDict):
    """`shepherd trace --holds --json`."""

    holds: list[Held]


class DrillJson(TypedDict):
    """`--json` of `shepherd drill run` and `drill check`."""

    truth: Truth
    heard: Heard
    verdict: Verdict
    named: list[str]
    is_right: bool
    links: list[Link]
    why: list[str]
    complete_s: float
    asked_s: float
