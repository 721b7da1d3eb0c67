"""Whether an answer is right, wrong, or says with reason that it cannot be given. Pure."""

import dataclasses
import enum
from collections.abc import Iterable, Iterator, Sequence

from shepherd.lab.drill.expected import Expected, expected
from shepherd.lab.drill.questions import Asked
from shepherd.lab.drill.told import Named, Told, run_of
from shepherd.lab.drill.truth import Connection, Truth
from shepherd.model.tracing import Verdict

NEAR_S = 10.0
"""How far from a measured outage an answer may still fear it: who was killed knows only when it was last alive."""


ALIVE_S = 1.0
"""The same of the flow logger, which says every moment that it is alive."""
GATEWAY = "gateway"


class Judgement(enum.Enum):
    """What an answer was worth."""

    RIGHT = "right"
    UNANSWERABLE = "unanswerable"
    """It says that it cannot be given for certain, and something that it needs was really down."""
    WRONG = "wrong"


class What(enum.Enum):
    """What an outage keeps from being recorded."""

    FLOWS = "flows"
    JOBS = "jobs"
    SCHEDDS = "schedds"
    EVERYTHING = "everything"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outage:
    """A recorder was really down, as was measured."""

    what: What
    source: str
    """The host; `gateway`, or `shepherd`."""
    from_s: float
    to_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """One answer, and why it is what it is."""

    asked: Asked
    told: Told
    judgement: Judgement
    why: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Faults:
    """What would be wrong with an answer if all of it were meant for certain, a sentence each."""

    false: tuple[str, ...]
    """Named, and not so."""
    idle: tuple[str, ...]
    """Named as one of several, and not so."""
    missing: tuple[str, ...]
    """So, and not named."""

    def __str__(self) -> str:
        return "; ".join((*self.false, *self.idle, *self.missing))

    @property
    def are_none(self) -> bool:
        """Whether it is right as it stands."""
        return not self.false and not self.idle and not self.missing


def judge(asked: Asked, told: Told, truth: Truth, outages: Sequence[Outage]) -> Judged:
    """Hold one answer against the truth."""
    right = expected(asked.question, blurred(truth, outages), with_flows=asked.with_flows)
    faults = Faults(
        false=(*strangers(told.named - told.possible, right, truth), *strange_flows(told, right)),
        idle=tuple(strangers(told.possible, right, truth)), missing=tuple(missing_of(told, right, truth)),
    )  # fmt: skip
    is_one = len(right.may) == 1 and len(told.named) < 2
    worth = worth_of(told.verdict, faults, is_one=is_one, is_excused=is_excused(asked, right, truth, outages))
    why = "" if worth is Judgement.RIGHT else str(faults) or f"says {told.verdict.value}, and names the right"
    return Judged(asked=asked, told=told, judgement=worth, why=why)


def blurred(truth: Truth, outages: Sequence[Outage]) -> Truth:
    """As far as anybody can know it: of what began or ended while the flow logger was down only that it did."""
    down = [(one.from_s, one.to_s) for one in outages if one.what is What.FLOWS and one.source == GATEWAY]
    return dataclasses.replace(truth, connections=[blurred_by(one, down) for one in truth.connections])


def blurred_by(one: Connection, down: Iterable[tuple[float, float]]) -> Connection:
    """One of them."""
    for from_s, to_s in ((from_s - ALIVE_S, to_s + ALIVE_S) for from_s, to_s in down):
        if from_s <= one.seen_s and one.begun_s <= to_s:
            one = dataclasses.replace(one, begun_s=min(one.begun_s, from_s))
        if one.ended_s is not None and one.last_s <= to_s and from_s <= one.ended_s:
            one = dataclasses.replace(one, ended_s=max(one.ended_s, to_s))
    return one


def strangers(named: Iterable[Named], right: Expected, truth: Truth) -> Iterator[str]:
    """Who of them it was not."""
    for one in sorted(named):
        if run_of(one, truth) not in right.may:
            yield f"names {one}, who it was not"


def strange_flows(told: Told, right: Expected) -> Iterator[str]:
    """What the jobs had nothing to do with."""
    for flow in sorted(told.flows - right.may_flows):
        yield f"has a connection {flow} that was not the job's"


def missing_of(told: Told, right: Expected, truth: Truth) -> Iterator[str]:
    """Whom and what it does not name."""
    for run in sorted(right.must - {run_of(one, truth) for one in told.named}):
        yield f"does not name {truth.runs[run]}"
    for flow in sorted(right.must_flows - told.flows):
        yield f"lacks the connection {flow}"


def worth_of(verdict: Verdict, faults: Faults, *, is_one: bool, is_excused: bool) -> Judgement:
    """What the answer is worth. `is_one`: there is one who it can have been, and it names no other."""
    if_excused = Judgement.UNANSWERABLE if is_excused else Judgement.WRONG
    match verdict:
        case Verdict.NAMED | Verdict.NO_JOB | Verdict.NOTHING:
            return Judgement.RIGHT if faults.are_none else Judgement.WRONG
        case Verdict.AMBIGUOUS if faults.are_none and not is_one:
            return Judgement.RIGHT
        case Verdict.AMBIGUOUS:
            return Judgement.WRONG if faults.missing else if_excused
        case Verdict.INCOMPLETE:
            return Judgement.WRONG if faults.false else if_excused
        case Verdict.UNANSWERABLE:
            return if_excused


def is_excused(asked: Asked, right: Expected, truth: Truth, outages: Iterable[Outage]) -> bool:
    """Whether a recorder that bears on the question was down about the time that is asked for, or when what is meant
    began."""
    question = asked.question
    lo, hi = min(question.earliest_s, right.since_s) - NEAR_S, question.latest_s + NEAR_S
    near = (one for one in outages if one.from_s <= hi and lo <= one.to_s)
    return any(bears_on(one, asked, right, truth) for one in near)


def bears_on(outage: Outage, asked: Asked, right: Expected, truth: Truth) -> bool:
    """Whether the answer needs what was not recorded."""
    question, hosts = asked.question, {truth.runs[run].host for run in right.may}
    if not question.is_of_flows:
        hosts = {question.host} if question.host else set(truth.addresses)
    match outage.what:
        case What.EVERYTHING:
            return True
        case What.FLOWS:
            return (question.is_of_flows or asked.with_flows) and outage.source in {GATEWAY, *hosts}
        case What.JOBS:
            return outage.source in hosts
        case What.SCHEDDS:
            return bool(question.guest)
