"""The trace store: what was recorded is found, by every question, after a restart and on later days."""

import dataclasses
import os
import pathlib
import stat

import pytest

from shepherd.edges.trace_store.read import StoreReader
from shepherd.errors import AnotherShepherd
from shepherd.model.trace import ClockSeen, EvidenceKept, Gap, TraceRecord
from shepherd.model.trace_rows import FlowsSought, Hidden, JobsSought, SeenSought, Span, StaysSought
from tests.edges.trace_stores import (
    DAY_S,
    KEEP,
    MARCH_1,
    Clock,
    days_of,
    flow,
    flow_over,
    job,
    job_over,
    schedd,
    segment,
    stay,
    stay_over,
    store_in,
)
from tests.left_open import closed_at_the_end

T = MARCH_1 + 3600
HERE = Span(from_s=T, to_s=T + 60)


def reader(directory: pathlib.Path) -> StoreReader:
    return StoreReader(directory, reveal=True)


def test_the_letter_is_answered(tmp_path):
    """'Your address attacked us at this time from this port': flow, container, job and user are found."""
    store = store_in(tmp_path, Clock())
    attack = flow(T + 10, 7)
    store.add(segment([stay(T), job(T + 5, 1), job(T + 5, 2, "bob@campus.example")]))
    store.add(segment([flow(T + 8, 6), attack, flow_over(attack, T + 12), flow(T + 500, 8)], source="gateway"))
    asked = reader(tmp_path)
    second = Span(from_s=T + 10, to_s=T + 11)
    found = asked.flows(FlowsSought(span=second, nat_addresses=["203.0.113.5"], nat_ports=[attack.nat_port]))
    assert [row.begun for row in found.rows] == [attack]
    assert found.rows[0].ended == flow_over(attack, T + 12)
    [where] = asked.stays(StaysSought(span=second, addresses=[attack.address])).rows
    jobs = asked.jobs(JobsSought(span=second, hosts=[where.begun.host])).rows
    assert {row.begun.user for row in jobs} == {"alice@campus.example", "bob@campus.example"}
    assert [row.hidden for row in jobs] == [None, None]
    assert {row.begun for row in jobs} == {job(T + 5, 1), job(T + 5, 2, "bob@campus.example")}


def test_what_was_over_before_or_began_after_is_not_found(tmp_path):
    """Somebody whose job had ended a minute before was accused."""
    store = store_in(tmp_path, Clock())
    early, late = flow(T, 1), flow(T + 100, 2)
    done = job(T, 1)
    over: list[TraceRecord] = [flow_over(early, T + 10), job_over(done, T + 10), stay_over(T + 10)]
    store.add(segment([early, late, done, stay(T), *over]))
    asked = reader(tmp_path)
    between = Span(from_s=T + 11, to_s=T + 99)
    assert asked.flows(FlowsSought(span=between)).rows == []
    assert asked.jobs(JobsSought(span=between)).rows == []
    assert asked.stays(StaysSought(span=between)).rows == []
    assert len(asked.flows(FlowsSought()).rows) == 2


@pytest.mark.parametrize("days", [1, 3, 40])
def test_what_began_days_before_and_still_runs_is_found_on_each_day(days, tmp_path):
    """A flow that lasted over midnight was in nobody's file of the day on which it attacked."""
    clock = Clock()
    store = store_in(tmp_path, clock)
    long = flow(T, 1)
    ran = job(T, 1)
    store.add(segment([stay(T), ran, long]))
    for day in range(1, days + 1):
        clock.now = T + day * DAY_S
        other = flow(clock.now, 100 + day, "10.20.0.99")
        store.add(segment([other, flow_over(other, clock.now + 1)], day, "gateway"))
    ended = T + days * DAY_S + 5
    store.add(segment([flow_over(long, ended), job_over(ran, ended), stay_over(ended)], 2))
    asked = reader(tmp_path)
    for day in range(days + 1):
        then = Span(from_s=T + day * DAY_S + 1, to_s=T + day * DAY_S + 2)
        [row] = asked.flows(FlowsSought(span=then, addresses=[long.address])).rows
        assert (row.begun, row.ended) == (long, flow_over(long, ended))
        [done] = asked.jobs(JobsSought(span=then, users=[ran.user])).rows
        assert (done.begun, done.ended) == (ran, job_over(ran, ended))
        [where] = asked.stays(StaysSought(span=then, hosts=["p220"])).rows
        assert where.ended == stay_over(ended)
    after = Span(from_s=ended + 1)
    assert asked.flows(FlowsSought(span=after)).rows == []
    assert len(asked.flows(FlowsSought(limit=1000)).rows) == days + 1
    assert len(days_of(tmp_path)) == days + 1


def test_an_end_that_is_told_on_the_next_day_ends_on_the_day_it_was(tmp_path):
    """A host that was fetched from after midnight kept its container's address busy in the answers for a day."""
    clock = Clock(MARCH_1 + DAY_S - 10)
    store = store_in(tmp_path, clock)
    one = flow(clock.now, 1)
    store.add(segment([one]))
    clock.now += 20
    store.add(segment([flow_over(one, MARCH_1 + DAY_S - 5)], 2))
    asked = reader(tmp_path)
    assert asked.flows(FlowsSought(span=Span(from_s=MARCH_1 + DAY_S - 4, to_s=MARCH_1 + DAY_S - 1))).rows == []
    assert len(asked.flows(FlowsSought(span=Span(from_s=MARCH_1 + DAY_S - 6, to_s=MARCH_1 + DAY_S - 6))).rows) == 1


def test_records_of_a_host_that_was_away_for_days_are_found_by_their_own_time(tmp_path):
    """Its spool came on Thursday; who asked for Monday was told that nobody had been there."""
    clock = Clock()
    store = store_in(tmp_path, clock)
    store.add(segment([flow(T, 1, "10.20.0.99")], source="gateway"))
    clock.now = T + 3 * DAY_S
    ran = job(T + DAY_S, 3)
    store.add(segment([ran, job_over(ran, T + DAY_S + 9), stay(T + DAY_S)]))
    asked = reader(tmp_path)
    then = Span(from_s=T + DAY_S + 1, to_s=T + DAY_S + 2)
    assert [row.begun for row in asked.jobs(JobsSought(span=then)).rows] == [ran]
    assert len(asked.stays(StaysSought(span=then)).rows) == 1
    later = Span(from_s=T + 2 * DAY_S, to_s=T + 2 * DAY_S)
    assert len(asked.stays(StaysSought(span=later)).rows) == 1
    assert asked.jobs(JobsSought(span=later)).rows == []


def test_a_segment_is_stored_once_also_after_a_restart(tmp_path):
    """A shepherd that died between storing and acknowledging got the segment again, and counted its flows twice."""
    clock = Clock()
    store = store_in(tmp_path, clock)
    store.add(segment([flow(T, 1)], 4))
    store.add(segment([flow(T, 1)], 4))
    store.add_all([segment([flow(T, 2)], 5), segment([flow(T, 2)], 5), segment([flow(T, 3)], 1, "gateway")])
    assert store.stored() == {"p220": 5, "gateway": 1}
    store.close()
    clock.now += 5 * DAY_S
    store = store_in(tmp_path, clock)
    assert store.stored() == {"p220": 5, "gateway": 1}
    store.add(segment([flow(T, 2)], 5))
    store.note([schedd(T)])
    store.close()
    store = store_in(tmp_path, clock)
    assert store.stored() == {"p220": 5, "gateway": 1}
    assert len(reader(tmp_path).flows(FlowsSought()).rows) == 3


def test_what_had_begun_is_ended_also_by_a_writer_that_was_started_anew(tmp_path):
    """After a restart every end was the end of something unknown."""
    clock = Clock()
    store = store_in(tmp_path, clock)
    ran, one = job(T, 1), flow(T, 1)
    store.add(segment([stay(T), ran, one]))
    store.close()
    store = store_in(tmp_path, clock)
    store.add(segment([flow_over(one, T + 9), job_over(ran, T + 9), stay_over(T + 9)], 2))
    asked = reader(tmp_path)
    assert asked.flows(FlowsSought()).rows[0].ended == flow_over(one, T + 9)
    assert asked.jobs(JobsSought()).rows[0].ended == job_over(ran, T + 9)
    assert asked.stays(StaysSought()).rows[0].ended == stay_over(T + 9)


def test_an_end_of_something_unknown_is_kept(tmp_path):
    """Its begin was lost with a spool; that something ended there is still evidence."""
    store = store_in(tmp_path, Clock())
    store.add(segment([flow_over(flow(T, 1), T + 9)]))
    store.close()
    content = (tmp_path / "2026-03-01.sqlite").read_bytes()
    assert b'["FlowEnded","gateway",1,' in content


QUESTIONS = [
    JobsSought(jobs=["ce.campus.example#1.0#1772326800"]),
    JobsSought(users=["alice@campus.example"]),
    JobsSought(slots=["slot1_1"]),
    JobsSought(uids=[4001]),
    JobsSought(users=["alice@campus.example"], hosts=["p220"], containers=["c-p220-1"], schedds=["ce.campus.example"]),
]


@pytest.mark.parametrize("sought", QUESTIONS)
def test_a_job_is_found_by_each_of_its_names(sought, tmp_path):
    """A working group asks by user, by job, by host; each had to be answered by reading everything."""
    store = store_in(tmp_path, Clock())
    one, other = job(T, 1), job(T, 2, "bob@campus.example")
    store.add(segment([one, other]))
    assert [row.begun for row in reader(tmp_path).jobs(sought).rows] == [one]
    assert reader(tmp_path).jobs(dataclasses.replace(sought, hosts=["p221"])).rows == []


FLOW_QUESTIONS = [
    FlowsSought(addresses=["10.20.0.1"]),
    FlowsSought(ports=[40001]),
    FlowsSought(nat_ports=[30001]),
    FlowsSought(far_addresses=["198.51.100.1"]),
    FlowsSought(far_addresses=["198.51.100.1"], far_ports=[443], nat_ports=[30001], addresses=["10.20.0.1"]),
    FlowsSought(span=Span(from_s=T, to_s=T + 1), sources=["gateway"], protocols=[6], uids=[-1]),
    FlowsSought(far_addresses=["2001:db8::1"]),
]


@pytest.mark.parametrize("sought", FLOW_QUESTIONS)
def test_a_flow_is_found_by_each_of_its_ends(sought, tmp_path):
    """A question with one thing more in it must find less, and never something else."""
    far = "2001:db8::1" if "2001:db8::1" in sought.far_addresses else "198.51.100.1"
    store = store_in(tmp_path, Clock())
    one, other = flow(T, 1, "10.20.0.1", far), flow(T + 2, 2, "10.20.0.2", "198.51.100.2")
    store.add(segment([one, other]))
    assert [row.begun for row in reader(tmp_path).flows(sought).rows] == [one]
    assert reader(tmp_path).flows(dataclasses.replace(sought, ports=[1])).rows == []


def test_an_answer_says_that_there_is_more(tmp_path):
    """A thousand rows of a million looked like all of them."""
    store = store_in(tmp_path, Clock())
    store.add(segment([flow(T + number, number) for number in range(20)]))
    found = reader(tmp_path).flows(FlowsSought(limit=5))
    assert [row.begun.flow for row in found.rows] == [0, 1, 2, 3, 4]
    assert found.is_cut
    assert not reader(tmp_path).flows(FlowsSought(limit=20)).is_cut


def test_rows_that_turn_out_to_be_over_do_not_hide_that_there_are_more(tmp_path):
    """The first rows of a day had ended after all, as the next day's file says; the rest was never looked at."""
    clock = Clock(MARCH_1 + DAY_S - 100)
    store = store_in(tmp_path, clock)
    early = [flow(clock.now + number / 100, number) for number in range(10)]
    late = flow(clock.now + 50, 99)
    store.add(segment([*early, late]))
    clock.now += 200
    store.add(segment([flow_over(one, one.at_s + 1) for one in early], 2))
    asked = reader(tmp_path)
    then = Span(from_s=MARCH_1 + DAY_S - 60, to_s=MARCH_1 + DAY_S - 1)
    assert asked.flows(FlowsSought(span=then, limit=3)).is_cut
    whole = asked.flows(FlowsSought(span=then, limit=100))
    assert [row.begun for row in whole.rows] == [late]
    assert not whole.is_cut


def test_who_had_a_schedds_name_is_known_also_when_it_was_seen_days_before(tmp_path):
    """It is recorded when it changes; on all days between the name seemed to be nobody's."""
    clock = Clock()
    store = store_in(tmp_path, clock)
    apart = ClockSeen(source="p220", at_s=T, ahead_s=0.5, within_s=0.1)
    store.note([schedd(T), schedd(T + 9, "guest.other@flock"), apart])
    for day in range(1, 5):
        clock.now = T + day * DAY_S
        store.add(segment([flow(clock.now, day)], day))
    asked = reader(tmp_path)
    late = SeenSought(span=Span(from_s=T + 3 * DAY_S, to_s=T + 3 * DAY_S + 1), names=["ce.campus.example"])
    assert asked.schedds(late).rows == [schedd(T + 9, "guest.other@flock")]
    assert asked.schedds(SeenSought(span=HERE)).rows == [schedd(T), schedd(T + 9, "guest.other@flock")]
    assert asked.schedds(SeenSought(names=["nobody"])).rows == []
    assert [one.ahead_s for one in asked.clocks(SeenSought(span=late.span)).rows] == [0.5]


def test_gaps_and_evidence_are_told(tmp_path):
    """An outage of the flow logger looked like a quiet hour."""
    store = store_in(tmp_path, Clock())
    gap = Gap(source="gateway", what="flows", from_s=T, to_s=T + 30, count=None, why="the table overflowed")
    kept = EvidenceKept(
        source="p220", host="p220", at_s=T, quarantine="q1", container="c1", manifest="ab", size_bytes=1, lost=""
    )
    store.note([gap, kept])
    asked = reader(tmp_path)
    assert asked.gaps(SeenSought(span=Span(from_s=T + 29, to_s=T + 40))).rows == [gap]
    assert asked.gaps(SeenSought(span=Span(from_s=T + 31, to_s=T + 40))).rows == []
    assert asked.evidence(SeenSought(names=["q1"])).rows == [kept]


def test_only_who_may_see_personal_data_is_told_who_it_was(tmp_path):
    """The table of jobs was readable by everybody on the central manager."""
    store = store_in(tmp_path, Clock())
    store.add(segment([job(T, 1), job(T, 2), job(T, 3, "bob@campus.example")]))
    blind = StoreReader(tmp_path, reveal=False)
    jobs = blind.jobs(JobsSought()).rows
    assert {(row.begun.user, row.begun.owner, row.begun.job, row.hidden) for row in jobs} == {
        ("", "", "", Hidden.NOT_ASKED)
    }
    assert len({row.pseudonym for row in jobs}) == 2
    assert len(blind.jobs(JobsSought(pseudonyms=[jobs[0].pseudonym])).rows) == 2
    told = blind.jobs(JobsSought(users=["alice@campus.example"]))
    assert told.rows == []
    assert "may not read the keys" in told.unasked[0]
    store.close()
    content = (tmp_path / "2026-03-01.sqlite").read_bytes()
    assert b"alice" not in content
    assert b"#1.0#" not in content
    keys = tmp_path / "keys/2026-03-01.keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.parent.stat().st_mode) == 0o700


def test_the_group_for_personal_data_may_read_the_keys_and_nothing_more(tmp_path):
    """The officer needed root to answer a letter."""
    from shepherd.edges.trace_store.writer import TraceStore

    group = "nogroup" if os.geteuid() == 0 else ""
    store = closed_at_the_end(TraceStore(tmp_path, wall_s=Clock(), retention=KEEP, group=group))
    store.add(segment([job(T, 1)]))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()}
    assert modes == {"2026-03-01.keys": 0o640 if group else 0o600, "2026-W09.week": 0o600}


def test_there_is_one_writer(tmp_path):
    """Two shepherds wrote one chain, and broke it."""
    store = store_in(tmp_path, Clock())
    with pytest.raises(AnotherShepherd, match="trace store"):
        store_in(tmp_path, Clock())
    store.close()
    store_in(tmp_path, Clock()).close()
    assert days_of(tmp_path) == []
