"""The whole way of the drill's questions without a site: a truth is recorded as sources do, then asked and judged."""

import json
import math
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from shepherd.lab import foreign
from shepherd.lab.drill import inside
from shepherd.lab.drill.asking import told_in
from shepherd.lab.drill.judge import Judged, Judgement, Outage, What, judge
from shepherd.lab.drill.questions import TABLE, Asked, Asks, questions
from shepherd.lab.drill.report import Findings, figures
from shepherd.lab.drill.truth import Truth
from shepherd.model.trace import (
    ClockSeen,
    FlowBegun,
    FlowEnded,
    Gap,
    JobBegun,
    JobEnded,
    ScheddSeen,
    StayBegun,
    TraceRecord,
)
from shepherd.model.trace_rows import Span
from tests.edges.trace_stores import Clock, segment, store_in
from tests.lab.drilled import ADDRESSES, BEGUN_S, ENDED_S, IMAGE, busy_truth

GATEWAY = "gateway"
BEFORE = Outage(what=What.EVERYTHING, source="site", from_s=0.0, to_s=BEGUN_S - 100)
PEERS = {pool.name: pool.address for pool in (foreign.CAMPUS, foreign.INSTITUTE)}
Change = Callable[[TraceRecord], Sequence[TraceRecord]]


def records(truth: Truth, source: str) -> Iterator[TraceRecord]:
    """What a source would have written down."""
    if source in ADDRESSES:
        yield StayBegun(
            source=source, host=source, at_s=BEGUN_S - 90, herd="flock", lease=f"{source}-1", container=source * 16,
            image=IMAGE, address=ADDRESSES[source],
        )  # fmt: skip
        yield from jobs(truth, source)
    yield from containers_own(source, 9_000_000, BEGUN_S - 80)
    for number, one in enumerate(truth.connections, 1):
        host = truth.runs[one.run].host
        if source in {GATEWAY, host}:
            at_gateway = source == GATEWAY
            yield FlowBegun(
                source=source, flow=number, at_s=one.begun_s + 0.001, protocol=6, address=one.address, port=one.port,
                nat_address=one.nat_address if at_gateway else "", nat_port=one.nat_port if at_gateway else 0,
                far_address=one.far_address, far_port=one.far_port,
                uid=-1 if at_gateway else truth.runs[one.run].uid,
            )  # fmt: skip
            yield FlowEnded(source=source, flow=number, begun_s=one.begun_s + 0.001, at_s=one.last_s)
    yield from containers_own(source, 9_000_001, ENDED_S + 200)


def containers_own(source: str, number: int, at_s: float) -> Iterator[TraceRecord]:
    """A connection of HTCondor's, before or after all that is asked about: whoever tells of it was there."""
    begun = FlowBegun(
        source=source, flow=number, at_s=at_s, protocol=6, address=ADDRESSES.get(source, "10.27.2.1"), port=50000,
        nat_address="", nat_port=0, far_address="203.0.113.50", far_port=9618, uid=0,
    )  # fmt: skip
    yield begun
    yield FlowEnded(source=source, flow=number, begun_s=at_s, at_s=at_s + 1)


def jobs(truth: Truth, host: str) -> Iterator[TraceRecord]:
    """A host's runs, by HTCondor's whole seconds."""
    for run in truth.runs.values():
        if run.host == host:
            key: dict[str, Any] = {
                "source": host, "host": host, "container": host * 16, "slot": run.slot, "begun": run.run,
            }  # fmt: skip
            yield JobBegun(
                **key, at_s=float(math.floor(run.begun_s)), uid=run.uid, job=run.job, user=run.user,
                owner=run.user.partition("@")[0], schedd=run.pool, peer=f"{PEERS[run.pool]}:40000",
            )  # fmt: skip
            yield JobEnded(**key, at_s=float(math.floor(run.ended_s)), exit_code=0)


def record(place: pathlib.Path, truth: Truth, change: Change = lambda one: (one,)) -> pathlib.Path:
    """The store of all of it, each record changed."""
    store = store_in(place / "trace", Clock(ENDED_S))
    store.note([
        *(ClockSeen(source=of, at_s=BEGUN_S - 60, ahead_s=0.0, within_s=0.01) for of in (GATEWAY, *ADDRESSES)),
        *(
            ScheddSeen(
                source="shepherd", at_s=BEGUN_S - 60, schedd=name, address=f"{address}:9618",
                identity=f"guest.{name}.1@flock.lab", guest=name,
            )
            for name, address in PEERS.items()
        ),
    ])  # fmt: skip
    for source in (GATEWAY, *ADDRESSES):
        store.add(segment([new for one in records(truth, source) for new in change(one)], source=source))
    store.close()
    return place / "trace"


def asked_and_judged(directory: pathlib.Path, truth: Truth, *outages: Outage) -> list[Judged]:
    """Four turns of all kinds."""
    asked = questions(truth, 4 * len(TABLE), BEGUN_S, ENDED_S, "4")
    return [judge(one, told_in(*answer(directory, one)), truth, [BEFORE, *outages]) for one in asked]


def answer(directory: pathlib.Path, one: Asked) -> tuple[dict[str, object], float]:
    """As the process in the node gives it."""
    said = inside.asked(directory, json.dumps({"question": vars(one.question), "flows": one.with_flows}))
    told = json.loads(json.dumps(said))
    return told["tracing"], told["took_s"]


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_a_whole_record_answers_everything_rightly(seed, tmp_path):
    """The drill blamed the record for what it had itself misunderstood."""
    truth = busy_truth(seed)
    found = asked_and_judged(record(tmp_path, truth), truth)
    assert [one for one in found if one.judgement is Judgement.WRONG] == []
    assert {one.asked.asks for one in found if one.judgement is Judgement.UNANSWERABLE} <= {Asks.LONG_AGO}


def swapped(one: TraceRecord) -> Sequence[TraceRecord]:
    """The accounts of two slots, one for the other."""
    if isinstance(one, FlowBegun) and one.uid in {20001, 20002}:
        return [FlowBegun(**{**vars(one), "uid": 40003 - one.uid})]
    return [one]


def dropped(one: TraceRecord) -> Sequence[TraceRecord]:
    """One slot's jobs are not on record, and nobody says so."""
    return [] if isinstance(one, JobBegun | JobEnded) and one.slot == "slot1_3" else [one]


def shifted(one: TraceRecord) -> Sequence[TraceRecord]:
    """The gateway's clock was wrong, and nobody knew."""
    if isinstance(one, FlowBegun) and one.source == GATEWAY:
        return [FlowBegun(**{**vars(one), "at_s": one.at_s + 60})]
    if isinstance(one, FlowEnded) and one.source == GATEWAY:
        return [FlowEnded(**{**vars(one), "at_s": one.at_s + 60, "begun_s": one.begun_s + 60})]
    return [one]


@pytest.mark.parametrize("change", [swapped, dropped, shifted])
def test_a_record_that_was_spoilt_is_found_out(change, tmp_path):
    """The drill was content with a record in which two jobs had changed places."""
    truth = busy_truth("1")
    found = asked_and_judged(record(tmp_path, truth, change), truth)
    assert sum(one.judgement is Judgement.WRONG for one in found) >= 3


def in_the_middle(one: TraceRecord) -> Sequence[TraceRecord]:
    """The gateway's logger was down for a minute, and says so."""
    down = Gap(source=GATEWAY, what="flows", from_s=BEGUN_S + 100, to_s=BEGUN_S + 160, count=None, why="killed")
    if isinstance(one, FlowBegun) and one.source == GATEWAY and down.from_s <= one.at_s <= down.to_s:
        return [down] if one.flow % 7 == 0 else []
    if isinstance(one, FlowEnded) and one.source == GATEWAY and down.from_s <= one.begun_s <= down.to_s:
        return []
    return [one]


def test_what_was_missed_in_an_outage_is_said_to_be(tmp_path):
    """Unanswerable is right if it is so, and wrong if nothing was down."""
    truth = busy_truth("1")
    directory = record(tmp_path, truth, in_the_middle)
    down = Outage(what=What.FLOWS, source=GATEWAY, from_s=BEGUN_S + 100, to_s=BEGUN_S + 160)
    excused = asked_and_judged(directory, truth, down)
    assert [one for one in excused if one.judgement is Judgement.WRONG] == []
    assert any(
        one.judgement is Judgement.UNANSWERABLE and one.asked.asks is not Asks.LONG_AGO for one in excused
    )  # fmt: skip
    assert any(one.judgement is Judgement.WRONG for one in asked_and_judged(directory, truth))


def test_all_rows_come_back(tmp_path):
    """Nothing was missed, because nothing was looked at."""
    truth = busy_truth("1")
    lines = list(inside.rows(record(tmp_path, truth), Span(from_s=BEGUN_S - 100, to_s=ENDED_S + 300)))
    kinds = [json.loads(line)[0] for line in lines]
    assert kinds.count("JobBegun") == len(truth.runs)
    assert kinds.count("FlowBegun") == 2 * len(truth.connections) + 2 * (1 + len(ADDRESSES))


def test_nothing_asked_is_nothing_shown():
    """A drill without questions was a success."""
    from shepherd.lab.drill.missed import missed

    nothing = missed(Truth(runs={}, connections=()), (), (), (), ())
    empty = Findings(
        judged=(), judged_verb=(), missed=nothing, flow_logger_down_s=0.0, runs=0, connections=0, jobs_left=0
    )
    assert (empty.holds, figures(empty)["questions"]) == (False, 0)
