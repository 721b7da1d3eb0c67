"""Questions to generated worlds: the answer is what truly happened, or says that it cannot be known."""

import itertools
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.core.trace.clocks import DRIFT, MOVED_S
from shepherd.model.question import Question
from shepherd.model.tracing import Tracing, Verdict
from shepherd.programs.trace.asking import Asking
from shepherd.sim.trace_store import SimTraceStore
from tests.core.trace.worlds import DAY_S, NAT, START, Flow, Job, Stay, World, worlds

LATER_S = START + 2 * DAY_S


def asked(world: World, question: Question) -> Tracing:
    return Asking(SimTraceStore(world.records()), LATER_S).ask(question)


@st.composite
def letters(draw, world: World) -> tuple[Flow, Question]:
    """A letter about one true connection, by a clock that is a little off, with or without the far end."""
    flow = draw(st.sampled_from(world.flows))
    at_s = flow.from_s + draw(st.floats(0.0, 1.0)) * (flow.to_s - flow.from_s)
    within_s = draw(st.sampled_from([0.0, 1.0, 5.0]))
    off_s = draw(st.floats(-1.0, 1.0)) * within_s
    far = {"far_address": flow.far, "far_port": 443, "protocol": 6} if draw(st.booleans()) else {}
    told_s = at_s + off_s
    question = Question(
        from_s=told_s, until_s=told_s, within_s=within_s + 1e-6, nat_address=NAT, nat_port=flow.nat_port, **far
    )
    return flow, question


def names(tracing: Tracing) -> set[str]:
    return {suspect.job.begun.begun for suspect in tracing.suspects()}


@settings(max_examples=300)
@given(st.data())
def test_nobody_is_named_who_did_not_do_it(data):
    """The wrong user was cut off and written to, because the logger had been restarted and nobody said so."""
    world = data.draw(worlds())
    flow, question = data.draw(letters(world))
    tracing = asked(world, question)
    maker = flow.job.name if flow.job else None
    match tracing.verdict:
        case Verdict.NAMED:
            assert names(tracing) == {maker}
        case Verdict.NO_JOB:
            assert maker is None
        case Verdict.AMBIGUOUS:
            among = any(found.may_be_container or not found.suspects for found in tracing.flows)
            assert among if maker is None else maker in names(tracing)
        case _:
            assert tracing.verdict is Verdict.UNANSWERABLE
            assert world.away or world.fetched_until_s, "nothing was missing, and yet it was not answered"


@settings(max_examples=300)
@given(st.data())
def test_without_gaps_all_who_can_have_done_it_are_named_and_nobody_else(data):
    """"Ambiguous" was said to be safe; then it was said of everything."""
    world = data.draw(worlds(gaps=False))
    _, question = data.draw(letters(world))
    tracing = asked(world, question)
    found = fitting(world, question)
    possible = set[str | None](itertools.chain.from_iterable(makers(world, flow) for flow in found))
    expected = Verdict.AMBIGUOUS if len(possible) > 1 else Verdict.NO_JOB if None in possible else Verdict.NAMED
    if any(is_one_of_several(world, flow) for flow in found):
        assert names(tracing) <= possible - {None}
        assert tracing.verdict is expected or expected is Verdict.AMBIGUOUS
        assert tracing.verdict is not Verdict.UNANSWERABLE
        return
    assert names(tracing) == possible - {None}
    assert tracing.verdict is expected


def is_one_of_several(world: World, flow: Flow) -> bool:
    """Whether there were others with its ends: their order may tell more than their times."""
    return sum((one.host, one.port, one.far) == (flow.host, flow.port, flow.far) for one in world.flows) > 1


def fitting(world: World, question: Question) -> list[Flow]:
    """Connections that can have been there in the time asked for, by the clocks' comparisons."""
    slack = question.within_s + abs(world.error_s["gateway"]) + world.within_s + MOVED_S + 1.0
    near = [
        flow for flow in world.flows
        if flow.nat_port == question.nat_port and question.far_address in {"", flow.far}
        and flow.from_s <= question.until_s + slack
        and (world.is_open(flow) or question.from_s - slack <= flow.to_s)
    ]  # fmt: skip
    return [flow for flow in near if is_there(world, flow, question)]


def is_there(world: World, flow: Flow, question: Question) -> bool:
    """Whether one of the offsets that the gateway's clock can have had lets the connection touch the time asked for."""
    begun, ended = (at_s + world.ahead_s["gateway"] for at_s in (flow.from_s, flow.to_s))
    most, least = offsets(world, "gateway", flow.from_s)[1], offsets(world, "gateway", flow.to_s)[0]
    is_over = question.earliest_s > ended - least and not world.is_open(flow)
    return begun - most <= question.latest_s and not is_over


def offsets(world: World, source: str, at_s: float) -> tuple[float, float]:
    """The least and the most that a source's clock can have been ahead, as far as its comparisons tell."""
    compared = (START - 60, START + DAY_S / 2, START + DAY_S + 60)
    seen = world.ahead_s[source] + world.error_s[source]
    told_s = at_s + world.ahead_s[source] - seen
    within = world.within_s + MOVED_S + DRIFT * min(abs(told_s - when) for when in compared)
    return seen - within, seen + within


def makers(world: World, flow: Flow) -> set[str | None]:
    """Jobs' names, and None for the container itself, by which the records of a connection can be explained."""
    told_s = flow.from_s + world.ahead_s["gateway"]
    latest, earliest = (told_s - ahead for ahead in offsets(world, "gateway", flow.from_s))
    low, high = offsets(world, flow.host, flow.from_s)
    then = (earliest + low, latest + high)
    here = [stay for stay in world.stays if stay.host == flow.host and lasts_through(world, stay, *then)]
    jobs = [job for job in world.jobs if job.container in {stay.container for stay in here}]
    if not world.tells_accounts:
        return {None, *(job.name for job in jobs if runs(world, job, earliest + low, latest + high))}
    found: set[str | None] = set()
    for one in world.flows:
        if (one.host, one.port, one.far) == (flow.host, flow.port, flow.far):
            begun, ended = one.from_s + world.ahead_s[one.host], one.to_s + world.ahead_s[one.host]
            if begun <= latest + high and (world.is_open(one) or earliest + low <= ended):
                found |= holders(world, one, jobs, begun)
    return found


def holders(world: World, flow: Flow, jobs: list[Job], moment: float) -> set[str | None]:
    """Who had a connection's account when it began, by its host's clock."""
    uid = flow.job.uid if flow.job else 0
    held = [job for job in jobs if job.uid == uid and runs(world, job, moment, moment)]
    sure = [job for job in held if runs(world, job, moment, moment, sure=True)]
    return {job.name for job in sure or held} or {None}


def lasts_through(world: World, stay: Stay, earliest: float, latest: float) -> bool:
    """Whether a host can have been lent between two times of its clock."""
    begun, ended = stay.from_s + world.ahead_s[stay.host], stay.to_s + world.ahead_s[stay.host]
    return begun <= latest and (stay.lasts or earliest <= ended)


def runs(world: World, job: Job, earliest: float, latest: float, *, sure: bool = False) -> bool:
    """Whether a job can have run between two times of its host's clock, given that its times may be cut."""
    begun, ended = job.from_s + world.ahead_s[job.host], job.to_s + world.ahead_s[job.host]
    ended = math.inf if world.lasts(job) else ended
    if not world.whole_seconds:
        return begun <= latest and earliest <= ended
    first, last = begun // 1, ended if world.lasts(job) else ended // 1
    return (first + 1 <= earliest and latest <= last) if sure else (first <= latest and earliest <= last + 1)
