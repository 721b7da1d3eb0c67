"""The drill's own judgement: right answers pass, and every planted mistake is found."""

import dataclasses
import json
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shepherd.lab.drill.asking import told_in
from shepherd.lab.drill.expected import expected
from shepherd.lab.drill.judge import Judged, Judgement, Outage, What, judge
from shepherd.lab.drill.missed import missed
from shepherd.lab.drill.questions import SHORT_S, TABLE, Asked, Asks, questions
from shepherd.lab.drill.told import Told, run_of
from shepherd.lab.drill.truth import Line, Truth, joined, lines_of
from shepherd.model.question import Question
from shepherd.model.trace import FlowBegun, Gap, JobBegun
from shepherd.model.trace_rows import Flow, Job
from shepherd.model.tracing import Verdict
from tests.lab.drilled import BEGUN_S, ENDED_S, as_named, but, right_answer, truths

seeds = st.integers(min_value=0, max_value=1 << 20).map(str)
DOWN = Outage(what=What.FLOWS, source="gateway", from_s=BEGUN_S - 60, to_s=ENDED_S + 60)
"""Throughout."""


def asked_of(truth: Truth, seed: str) -> list[Asked]:
    """Three turns of all kinds of questions."""
    return questions(truth, 3 * len(TABLE), BEGUN_S, ENDED_S, seed)


def judged(asked: Asked, told: Told, truth: Truth, *outages: Outage) -> Judgement:
    """What the judge says."""
    return judge(asked, told, truth, outages).judgement


def answered(truth: Truth, seed: str) -> tuple[Asked, Told]:
    """Some question whose right answer names somebody."""
    luck = random.Random(seed)
    pairs = [(asked, right_answer(asked, truth)) for asked in asked_of(truth, seed)]
    naming = [pair for pair in pairs if pair[1].named]
    assume(naming)
    return luck.choice(naming)


@given(truth=truths(), seed=seeds)
def test_who_knows_the_truth_is_right_about_everything(truth, seed):
    """A judge that finds mistakes in right answers is switched off before long."""
    for asked in asked_of(truth, seed):
        told = right_answer(asked, truth)
        found = judge(asked, told, truth, ())
        assert found.judgement is Judgement.RIGHT, found


@given(truth=truths(), seed=seeds)
def test_somebody_else_in_place_of_the_one_who_did_it_is_wrong(truth, seed):
    """The wrong user is locked out, and the right one goes on."""
    asked, told = answered(truth, seed)
    right = expected(asked.question, truth)
    others = [run for run in truth.runs.values() if run.run not in right.may]
    assume(others)
    one, other = min(told.named), random.Random(seed).choice(others)
    assert judged(asked, but(told, one, as_named(other)), truth) is Judgement.WRONG
    assert judged(asked, dataclasses.replace(told, named=told.named | {as_named(other)}), truth) is Judgement.WRONG


@given(truth=truths(), seed=seeds)
def test_one_who_is_left_out_is_missed(truth, seed):
    """Two did it, the answer named one for certain."""
    asked, told = answered(truth, seed)
    assert judged(asked, but(told, min(told.named), None), truth) is Judgement.WRONG


@given(
    truth=truths(), seed=seeds,
    change=st.sampled_from([
        {"user": "mallory@campus.lab"}, {"host": "p299"}, {"slot": "slot1_9"}, {"uid": 1}, {"schedd": "elsewhere"},
        {"guest": "elsewhere"}, {"job": "campus#1000.0#1770000000"},
    ]),
)  # fmt: skip
def test_each_word_about_a_job_counts(truth, seed, change):
    """The job was right, and the host that was cut off was another's."""
    asked, told = answered(truth, seed)
    one = min(told.named)
    assert judged(asked, but(told, one, dataclasses.replace(one, **change)), truth) is Judgement.WRONG


@given(truth=truths(), seed=seeds, by_s=st.sampled_from([-600.0, -45.0, 45.0, 600.0]))
def test_a_shifted_time_is_wrong(truth, seed, by_s):
    """The clock of one host was off, and another run of the same job was named."""
    asked, told = answered(truth, seed)
    one = min(told.named)
    assert judged(asked, but(told, one, dataclasses.replace(one, begun_s=one.begun_s + by_s)), truth) is Judgement.WRONG


@given(truth=truths(), seed=seeds)
def test_a_connection_dropped_or_invented_is_wrong(truth, seed):
    """The list of a job's connections was short by the one that mattered."""
    asked = next(one for one in asked_of(truth, seed) if one.asks is Asks.JOB)
    told = right_answer(asked, truth)
    for flow in told.flows:
        assert judged(asked, dataclasses.replace(told, flows=told.flows - {flow}), truth) is Judgement.WRONG
    more = dataclasses.replace(told, flows=told.flows | {(6, 1, "192.0.2.1", 1)})
    assert judged(asked, more, truth) is Judgement.WRONG


@given(truth=truths(), seed=seeds, verdict=st.sampled_from([Verdict.UNANSWERABLE, Verdict.INCOMPLETE]))
def test_doubt_needs_a_reason(truth, seed, verdict):
    """`It cannot be said` is the easiest way never to be wrong."""
    asked, told = answered(truth, seed)
    doubtful = dataclasses.replace(told, verdict=verdict)
    assert judged(asked, doubtful, truth) is Judgement.WRONG
    reason = dataclasses.replace(DOWN, what=What.EVERYTHING)
    assert judged(asked, doubtful, truth, reason) is Judgement.UNANSWERABLE
    long_over = dataclasses.replace(reason, from_s=BEGUN_S - 3600, to_s=BEGUN_S - 3000)
    assert judged(asked, doubtful, truth, long_over) is Judgement.WRONG


@given(truth=truths(), seed=seeds)
def test_one_of_several_must_be_one_of_several(truth, seed):
    """An answer that names everybody who was there is never wrong either."""
    asked, told = answered(truth, seed)
    right = expected(asked.question, truth)
    several = dataclasses.replace(told, verdict=Verdict.AMBIGUOUS)
    expectation = Judgement.WRONG if len(right.may) == 1 else Judgement.RIGHT
    assert judged(asked, several, truth) is expectation
    everybody = dataclasses.replace(several, named=frozenset(map(as_named, truth.runs.values())))
    if len(right.may) < len(truth.runs):
        assert judged(asked, everybody, truth) is Judgement.WRONG


@given(truth=truths(), seed=seeds)
def test_an_outage_excuses_no_wrong_name(truth, seed):
    """The logger was down, and the answer was sure all the same."""
    asked, told = answered(truth, seed)
    one = min(told.named)
    stranger = dataclasses.replace(one, user="mallory@campus.lab")
    down = dataclasses.replace(DOWN, what=What.EVERYTHING)
    assert judged(asked, but(told, one, stranger), truth, down) is Judgement.WRONG
    nobody = Told(verdict=Verdict.NOTHING, named=frozenset())
    assert judged(asked, nobody, truth, down) is Judgement.WRONG


@given(truth=truths())
def test_each_name_is_one_run(truth):
    """Two runs of one job, and the earlier one was taken for both."""
    assert {run: run_of(as_named(one), truth) for run, one in truth.runs.items()} == {run: run for run in truth.runs}


def rows_of(truth: Truth) -> tuple[list[Job], list[Flow]]:
    """A record of everything."""
    jobs = [
        Job(begun=JobBegun(
            source=run.host, host=run.host, container="c", slot=run.slot, begun=run.run, at_s=float(int(run.begun_s)),
            uid=run.uid, job=run.job, user=run.user,
        ))
        for run in truth.runs.values()
    ]  # fmt: skip
    flows = [
        Flow(begun=FlowBegun(
            source="gateway", flow=number, at_s=one.begun_s, protocol=one.protocol, address=one.address, port=one.port,
            nat_address=one.nat_address, nat_port=one.nat_port, far_address=one.far_address, far_port=one.far_port,
        ))
        for number, one in enumerate(truth.connections)
    ]  # fmt: skip
    return jobs, flows


@given(truth=truths(), seed=seeds)
def test_what_is_not_on_record_is_counted_one_by_one(truth, seed):
    """`None missed`, because one record counted for two runs."""
    jobs, flows = rows_of(truth)
    whole = missed(truth, jobs, flows, (), ())
    assert not whole.jobs
    assert not whole.flows
    luck = random.Random(seed)
    few_jobs, few_flows = luck.sample(jobs, len(jobs) // 2), luck.sample(flows, len(flows) // 2)
    found = missed(truth, few_jobs, few_flows, (), ())
    assert (len(found.jobs), len(found.flows)) == (len(jobs) - len(few_jobs), len(flows) - len(few_flows))
    down = missed(truth, jobs, [], (), [DOWN])
    assert (down.flows, down.flows_in_outages) == ([], len(flows))


@given(truth=truths(), seed=seeds)
def test_nothing_is_asked_of_a_time_after_the_drill(truth, seed):
    """An answer was wrong because it said, rightly, that records of the last minute were still on their way."""
    assert all(one.question.until_s <= ENDED_S + SHORT_S for one in asked_of(truth, seed))
    assert all(one.question.until_s <= ENDED_S for one in asked_of(truth, seed) if one.asks is Asks.USER)


@given(truth=truths(), seed=seeds)
def test_what_began_after_the_drill_is_not_missed(truth, seed):
    """Four connections of the wave that only shows that all was heard were still on their way."""
    middle_s = random.Random(seed).uniform(BEGUN_S, ENDED_S)
    before, after = truth.begun_within(BEGUN_S, middle_s), truth.begun_within(middle_s, ENDED_S)
    assert {*before.runs, *after.runs} == {*truth.runs}
    assert [*before.connections, *after.connections] == truth.connections
    found = missed(before, *rows_of(before), (), ())
    assert (found.jobs, found.flows) == ([], [])


@pytest.mark.parametrize(
    ("gaps", "is_reported"),
    [([(-61.0, 400.0)], True), ([(-61.0, 100.0), (99.0, 400.0)], True), ([(-61.0, 100.0)], False), ([], False)],
)  # fmt: skip
def test_an_outage_that_no_gap_tells_of_is_found(gaps, is_reported):
    """The logger was down for seconds, and the record said nothing of it."""
    told = [
        Gap(source="gateway", what="flows", from_s=BEGUN_S + lo, to_s=BEGUN_S + hi, count=None, why="killed")
        for lo, hi in gaps
    ]
    found = missed(Truth(runs={}, connections=()), (), (), told, [DOWN])
    assert (found.outages_unreported == []) == is_reported


WHO = {"run": "r", "job": "campus#7.0#1", "user": "alice@campus.lab", "slot": "slot1_1", "host": "f201", "uid": 20001,
       "pid": 2, "begun_s": 100.0, "lasts_s": 3.0}  # fmt: skip
SAID = {"run": "r", "number": 0, "kind": "tcp", "far_address": "203.0.113.80", "far_port": 9001, "begun_s": 100.1,
        "port": 40000, "address": "10.27.2.1"}  # fmt: skip
SEEN = {"seen": "tcp", "seen_s": 100.2, "nat_address": "203.0.113.1", "nat_port": 40000, "far_address": "203.0.113.80",
        "far_port": 9001, "token": {**SAID, "who": WHO}}  # fmt: skip


def test_both_ends_of_a_connection_are_joined():
    """The NAT's port is known outside, its job's end inside."""
    told: list[Line] = [{"begun": WHO}, {**SAID, "ended_s": 102.0}, {"ended": "r", "ended_s": 102.1}]
    truth = joined(told, [SEEN, {"closed": "r", "number": 0, "closed_s": 102.05}], {"f201": "p201"})
    (one,) = truth.connections
    assert (one.run, one.port, one.nat_port) == ("r", 40000, 40000)
    assert (one.seen_s, one.last_s, one.ended_s) == (100.2, 102.0, 102.05)
    assert (truth.runs["r"].host, truth.runs["r"].ended_s, truth.runs["r"].pool) == ("p201", 102.1, "campus")


def test_of_a_killed_job_the_other_end_knows():
    """Its output never came back."""
    truth = joined([], [SEEN], {"f201": "p201"})
    (one,) = truth.connections
    assert (one.ended_s, one.last_s) == (None, 100.2)
    assert (truth.runs["r"].last_s, truth.runs["r"].ended_s) == (100.2, 103.0)


def test_a_refusal_is_known_by_its_port():
    """Nobody can give a token to somebody who is not there."""
    place = {"far_address": "203.0.113.81", "far_port": 30005}
    refused = {"run": "r", "number": 1, "kind": "refused", **place, "port": 40001, "begun_s": 101.0, "ended_s": 101.1}
    seen = {**SEEN, "seen": "refused", "seen_s": 101.05, **place, "token": None}
    other = {**seen, "far_port": 30006}
    truth = joined([{"begun": WHO}, {**SAID, "ended_s": 102.0}, refused], [other, SEEN, seen], {})
    found = [one for one in truth.connections if one.kind == "refused"]
    assert [(one.run, one.port, one.nat_port, one.address, one.far_port) for one in found] == [
        ("r", 40001, 40000, "10.27.2.1", 30005)
    ]
    assert truth.attempts == []


def test_a_line_that_was_cut_short_is_left_out():
    """The listener was killed in the middle of a line."""
    assert list(lines_of(json.dumps(SEEN) + "\n" + json.dumps(SEEN)[:40])) == [SEEN]


def test_a_wrong_answer_says_what_is_wrong():
    """A number of wrong answers, and nobody knows which."""
    truth = joined([{"begun": WHO}, {**SAID, "ended_s": 102.0}], [SEEN], {"f201": "p201"})
    asked = next(one for one in questions(truth, len(TABLE), 100.0, 103.0, "1") if one.asks is Asks.LETTER)
    found: Judged = judge(asked, Told(verdict=Verdict.NOTHING, named=frozenset()), truth, ())
    assert (found.judgement, "alice" in found.why) == (Judgement.WRONG, True)


def test_what_began_in_an_outage_may_have_begun_anywhere_in_it():
    """The logger found a connection when it was started again, and was blamed for not knowing since when it was."""
    truth = joined([{"begun": WHO}, {**SAID, "ended_s": 102.0}], [SEEN], {"f201": "p201"})
    down = Outage(what=What.FLOWS, source="gateway", from_s=90.0, to_s=101.0)
    earlier = letter_of(92.0)
    told = Told(verdict=Verdict.INCOMPLETE, named=frozenset(map(as_named, truth.runs.values())))
    assert judged(earlier, told, truth, down) is Judgement.UNANSWERABLE
    elsewhere = dataclasses.replace(down, source="p202")
    assert judged(earlier, told, truth, elsewhere) is Judgement.WRONG
    assert judged(letter_of(80.0), told, truth, down) is Judgement.WRONG


def letter_of(at_s: float) -> Asked:
    """Where `SEEN` went, at some time."""
    where = Question(
        from_s=at_s, until_s=at_s, far_address=str(SEEN["far_address"]), far_port=int(str(SEEN["far_port"]))
    )
    return Asked(number=1, asks=Asks.LETTER_FAR, question=where)


@given(truth=truths(), seed=seeds)
def test_one_of_several_is_not_named(truth, seed):
    """An answer that told who can have made a connection was blamed for saying that all of them had."""
    asked, told = answered(truth, seed)
    right = expected(asked.question, truth)
    others = [run for run in truth.runs.values() if run.run not in right.may]
    assume(others)
    other = as_named(random.Random(seed).choice(others))
    assume(run_of(other, truth) not in right.may)
    perhaps = dataclasses.replace(
        told, verdict=Verdict.INCOMPLETE, named=told.named | {other}, possible=frozenset({other})
    )  # fmt: skip
    throughout = dataclasses.replace(DOWN, what=What.EVERYTHING)
    assert judged(asked, perhaps, truth, throughout) is Judgement.UNANSWERABLE
    assert judged(asked, perhaps, truth) is Judgement.WRONG
    surely = dataclasses.replace(perhaps, possible=frozenset())
    assert judged(asked, surely, truth, throughout) is Judgement.WRONG


def test_who_is_named_for_certain_is_told_from_who_can_have_done_it():
    """Both were in one list."""
    suspects = [suspect_of("campus#1.0#1"), suspect_of("campus#2.0#1")]
    flows = [
        {"verdict": "named", "suspects": suspects[:1]}, {"verdict": "ambiguous", "suspects": suspects},
    ]  # fmt: skip
    told = told_in({"verdict": "incomplete", "flows": flows, "stays": []}, 0.0)
    assert {one.job for one in told.named} == {"campus#1.0#1", "campus#2.0#1"}
    assert {one.job for one in told.possible} == {"campus#2.0#1"}


def suspect_of(job: str) -> dict[str, object]:
    """As an answer in JSON has one."""
    begun = {"job": job, "user": "u", "host": "p201", "slot": "slot1_1", "uid": 3001, "at_s": 1.0}
    return {"job": {"begun": begun}, "sender": {"schedd": "campus", "guest": "campus"}, "others": None}
