"""Single difficulties of telling who made a connection, one at a time."""

import dataclasses
from typing import Any

import pytest

from shepherd.core.trace.around import AROUND_S, to_hold
from shepherd.model.question import Question
from shepherd.model.trace import (
    ClockSeen,
    EndSeen,
    FlowBegun,
    FlowEnded,
    Gap,
    JobBegun,
    JobEnded,
    StayBegun,
    StayEnded,
    TraceRecord,
)
from shepherd.model.tracing import LinkKind, Standing, Tracing, Verdict
from shepherd.programs.trace.asking import Asking
from shepherd.sim.trace_store import SimTraceStore

T = 1_770_000_000.5
HOST: dict[str, Any] = {"source": "p205", "host": "p205"}
CONTAINER = "c".ljust(64, "0")
LETTER = Question(from_s=T, until_s=T, within_s=1.0, nat_port=41822, far_address="192.0.2.7", far_port=443, protocol=6)


def stay(from_s: float = T - 900, container: str = CONTAINER, lease: str = "p205-1") -> StayBegun:
    return StayBegun(**HOST, at_s=from_s, herd="flock", lease=lease, container=container, address="10.27.2.5")


def job(number: int = 1, from_s: float = T - 300, uid: int | None = None, slot: str = "") -> JobBegun:
    return JobBegun(
        **HOST, container=CONTAINER, slot=slot or f"slot1_{number}", begun=f"{number}", at_s=from_s,
        uid=2000 + number if uid is None else uid, job=f"ce#{number}.0", user=f"user{number}@campus", schedd="ce",
    )  # fmt: skip


def over(begun: JobBegun, at_s: float, how: EndSeen = EndSeen.SEEN) -> JobEnded:
    return JobEnded(**HOST, container=CONTAINER, slot=begun.slot, begun=begun.begun, at_s=at_s, how=how)


def flow(source: str, at_s: float = T - 2, *, number: int = 1, uid: int = -1, port: int = 40001) -> FlowBegun:
    at_gateway = source == "gateway"
    return FlowBegun(
        source=source, flow=number, at_s=at_s, protocol=6, address="10.27.2.5", port=port,
        nat_address="198.51.100.7" if at_gateway else "", nat_port=41822 if at_gateway else 0,
        far_address="192.0.2.7", far_port=443, uid=uid,
    )  # fmt: skip


def ended(begun: FlowBegun, at_s: float, how: EndSeen = EndSeen.SEEN) -> FlowEnded:
    return FlowEnded(source=begun.source, flow=begun.flow, begun_s=begun.at_s, at_s=at_s, how=how)


def clocks(within_s: float = 0.01) -> list[TraceRecord]:
    return [ClockSeen(source="p205", at_s=T - 30, ahead_s=0.0, within_s=within_s)]


def around() -> list[TraceRecord]:
    """Each source told of something long before, and long after."""
    at = [("gateway", T - 5000), ("gateway", T + 500), ("p205", T + 500)]
    return [dataclasses.replace(flow(of, at_s, number=99), nat_port=9, far_port=9, uid=0) for of, at_s in at]


def asked(*records: TraceRecord, question: Question = LETTER, within_s: float = 0.01) -> Tracing:
    store = SimTraceStore([*clocks(within_s), *around(), *records])
    return Asking(store, T + 10_000).ask(question)


def named(found: Tracing) -> set[str]:
    return {one.job.begun.job for one in found.suspects()}


def test_the_account_tells_jobs_of_one_container_apart():
    """Two jobs ran, and both users were written to."""
    found = asked(stay(), job(1), job(2), flow("gateway"), flow("p205", uid=2002))
    assert (found.verdict, named(found)) == (Verdict.NAMED, {"ce#2.0"})
    links = {link.kind: link.standing for link in found.suspects()[0].links}
    assert links == {
        LinkKind.FLOW: Standing.PROVEN, LinkKind.STAY: Standing.PROVEN, LinkKind.ACCOUNT: Standing.PROVEN,
        LinkKind.JOB: Standing.PROVEN, LinkKind.SENDER: Standing.CLAIMED, LinkKind.USER: Standing.CLAIMED,
    }  # fmt: skip


def test_the_job_that_had_the_account_before_is_not_it():
    """The slot had another job a second earlier, and both were named."""
    first, second = job(1, T - 300, slot="slot1_1", uid=2001), job(2, T - 3.25, slot="slot1_1", uid=2001)
    found = asked(stay(), first, over(first, T - 3.5), second, flow("gateway"), flow("p205", uid=2001))
    assert (found.verdict, named(found)) == (Verdict.NAMED, {"ce#2.0"})


def test_one_job_alone_is_not_certain_without_its_account():
    """The container's HTCondor had opened the connection, and the only job that ran was blamed."""
    found = asked(stay(), job(1), flow("gateway"))
    assert (found.verdict, named(found)) == (Verdict.AMBIGUOUS, {"ce#1.0"})
    assert found.flows[0].may_be_container


def test_a_job_that_began_after_the_connection_did_not_make_it():
    """A letter came about a long connection, and all who ran while it lasted were named."""
    late = job(2, T - 1)
    found = asked(stay(), job(1), late, flow("gateway", T - 60), question=LETTER)
    assert named(found) == {"ce#1.0"}


def test_what_a_logger_found_at_its_restart_may_have_begun_before():
    """It listed the connection when it was back; the job that had made it was over by then, and left out."""
    first = job(1, T - 300, slot="slot1_1")
    gone = Gap(source="gateway", what="flows", from_s=T - 100, to_s=T - 50, count=None, why="restarted")
    second = job(2, T - 60, slot="slot1_1")
    found = asked(stay(), first, over(first, T - 70), second, gone, flow("gateway", T - 50))
    assert (found.verdict, named(found)) == (Verdict.AMBIGUOUS, {"ce#1.0", "ce#2.0"})


def test_a_port_that_was_used_again_gives_both_connections():
    """The NAT gave the port to another within the second that their clock was off."""
    first = flow("gateway", T - 30)
    second = flow("gateway", T + 0.5, number=2, port=40002)
    at_host = [flow("p205", T - 30, uid=2001), flow("p205", T + 0.5, number=2, uid=2002, port=40002)]
    found = asked(stay(), job(1), job(2), first, ended(first, T - 0.75), second, *at_host)
    assert (found.verdict, named(found)) == (Verdict.AMBIGUOUS, {"ce#1.0", "ce#2.0"})
    exact = dataclasses.replace(LETTER, within_s=0.1)
    none = asked(stay(), job(1), job(2), first, ended(first, T - 0.75), second, *at_host, question=exact)
    assert none.verdict is Verdict.NOTHING


def test_clocks_that_are_not_known_well_make_two_lends_one_answer():
    """The host had been lent twice within a minute, and the gateway's clock was known to a minute."""
    other = "d".ljust(64, "0")
    first = StayEnded(**HOST, at_s=T - 20, lease="p205-1")
    second = dataclasses.replace(job(2, T - 9), container=other)
    records: list[TraceRecord] = [stay(), job(1), first, stay(T - 10, other, "p205-2"), second, flow("gateway")]
    assert named(asked(*records)) == {"ce#2.0"}
    found = asked(*records, within_s=30.0)
    assert (found.verdict, named(found)) == (Verdict.AMBIGUOUS, {"ce#1.0", "ce#2.0"})
    assert any("2 containers can have had the address" in why for why in found.flows[0].why)


@pytest.mark.parametrize(
    ("source", "what", "expected"),
    [
        ("gateway", "flows", Verdict.UNANSWERABLE), ("p205", "jobs", Verdict.UNANSWERABLE),
        ("p205", "flows", Verdict.AMBIGUOUS), ("p206", "jobs", Verdict.NAMED), ("shepherd", "schedds", Verdict.NAMED),
    ],
)  # fmt: skip
def test_only_gaps_that_bear_on_it_make_an_answer_uncertain(source, what, expected):
    """Any host's restart made every letter of that day unanswerable."""
    short, seen = job(1, T - 2.5), flow("gateway")
    gap = Gap(source=source, what=what, from_s=T - 10, to_s=T + 10, count=3, why="restarted")
    found = asked(stay(), short, over(short, T - 1.5), seen, ended(seen, T + 0.25), flow("p205", uid=2001), gap)
    assert found.verdict is expected


def test_a_job_that_was_there_all_through_a_gap_is_certain():
    """A job of a week was doubted because its keeper had been restarted in between."""
    gap = Gap(source="p205", what="jobs", from_s=T - 10, to_s=T - 5, count=None, why="restarted")
    long = job(1)
    found = asked(stay(), long, over(long, T + 300), flow("gateway"), flow("p205", uid=2001), gap)
    assert (found.verdict, named(found)) == (Verdict.NAMED, {"ce#1.0"})


def test_while_a_host_is_silent_what_it_saw_is_not_known():
    """The host had died with the only record of the job on its disk, and the others were all named, as all."""
    records = [*clocks(), *around()[:2], stay(), job(1), flow("gateway")]
    found = Asking(SimTraceStore(records), T + 10_000).ask(LETTER)
    assert found.verdict is Verdict.UNANSWERABLE
    assert "nothing that p205 told after this is here" in found.flows[0].why[0]


def test_an_address_that_no_host_had_is_not_explained_away():
    """A container's address was forged, and the answer was an empty page."""
    found = asked(flow("gateway"))
    assert found.verdict is Verdict.UNANSWERABLE
    assert found.flows[0].why == ("no host is on record as having had 10.27.2.5 then",)


def test_every_connection_of_a_job_and_no_other_is_its_own():
    """Another job's connections of the same container were in the letter's appendix."""
    own, others, later = flow("p205", uid=2002), flow("p205", T - 1, number=2, uid=2001, port=40002), job(2)
    store = SimTraceStore([
        *clocks(), *around(), stay(), job(1), later, flow("gateway"), own, others,
        flow("p205", T - 1.5, number=3, uid=2002, port=40003), flow("gateway", T - 1.5, number=3, port=40003),
    ])  # fmt: skip
    (suspect,) = Asking(store, T + 10_000).ask(LETTER, flows=True).suspects()
    assert suspect.others is not None
    assert [(one.flow.begun.port, one.nat_port, one.by_account) for one in suspect.others] == [
        (40001, 41822, True), (40003, 41822, True),
    ]  # fmt: skip


def test_without_accounts_the_containers_connections_are_told_as_such():
    """All that the container had done was told as one job's."""
    store = SimTraceStore([*clocks(), *around(), stay(), job(1), flow("gateway"), flow("p205", uid=-1)])
    (suspect,) = Asking(store, T + 10_000).ask(LETTER, flows=True).suspects()
    assert suspect.others is not None
    assert [(one.flow.begun.source, one.by_account) for one in suspect.others][:1] == [("gateway", False)]
    assert not any(one.by_account for one in suspect.others)


def test_what_is_held_is_what_was_found_and_what_was_around_it():
    """The neighbour's job, which had attacked the minute before, was not in what had been put aside."""
    found = asked(stay(), job(1), flow("gateway"), flow("p205", uid=2001))
    sought = to_hold(found)
    assert sought is not None
    stays, jobs, flows = sought
    assert (list(stays.hosts), list(jobs.hosts), list(flows.addresses)) == (["p205"], ["p205"], ["10.27.2.5"])
    assert flows.span.from_s <= T - 300 - AROUND_S
    assert flows.span.to_s >= T + AROUND_S
    assert to_hold(asked(question=dataclasses.replace(LETTER, nat_port=1))) is None


def twice(*, blocked: bool = False) -> list[TraceRecord]:
    """Two jobs, from one port to one place, seconds apart; `blocked`: one more that the firewall kept in."""
    made: list[TraceRecord] = [stay(), job(1), job(2)]
    for number, (at_s, nat_port) in enumerate([(T - 6, 41000), (T - 2, 41822)], 1):
        there = dataclasses.replace(flow("gateway", at_s, number=number), nat_port=nat_port)
        here = flow("p205", at_s, number=number, uid=2000 + number)
        made += [there, ended(there, at_s + 1), here, ended(here, at_s + 1)]
    if blocked:
        kept_in = flow("p205", T - 4, number=3, uid=2001)
        made += [kept_in, ended(kept_in, T - 3.5)]
    return made


def test_a_port_that_two_jobs_had_in_turn_is_told_apart_by_their_order():
    """The host's clock was known to some seconds only, and both users were named."""
    found = asked(*twice(), within_s=5.0)
    assert (found.verdict, named(found)) == (Verdict.NAMED, {"ce#2.0"})


def test_order_tells_nothing_if_one_saw_more():
    """The firewall kept one connection in, and the next one was taken for it."""
    found = asked(*twice(blocked=True), within_s=5.0)
    assert (found.verdict, named(found)) == (Verdict.AMBIGUOUS, {"ce#1.0", "ce#2.0"})


def test_order_tells_nothing_if_they_were_not_as_far_apart():
    """As many, but not the same: one that the firewall kept in, and one that the gateway had twice."""
    first, second = flow("gateway", T - 6), flow("gateway", T - 2, number=2)
    there = [dataclasses.replace(first, nat_port=41000), second]
    here = [flow("p205", T - 6, uid=2001), flow("p205", T - 4, number=2, uid=2002)]
    found = asked(stay(), job(1), job(2), *there, *here, *(ended(one, one.at_s + 1) for one in here), within_s=5.0)
    assert (found.verdict, named(found)) == (Verdict.AMBIGUOUS, {"ce#1.0", "ce#2.0"})


@pytest.mark.parametrize("source", ["gateway", "p205"])
def test_order_tells_nothing_if_one_was_away(source):
    """What one of them missed shifted all that came after it by one."""
    away = Gap(source=source, what="flows", from_s=T - 12, to_s=T - 9, count=None, why="restarted")
    found = asked(*twice(), away, within_s=5.0)
    assert found.verdict is not Verdict.NAMED
    assert "ce#2.0" in named(found)


def udp(*records: TraceRecord) -> list[TraceRecord]:
    return [dataclasses.replace(one, protocol=17) if isinstance(one, FlowBegun) else one for one in records]


UDP = dataclasses.replace(LETTER, protocol=17)


def test_who_takes_up_another_jobs_udp_port_is_named_for_what_comes_then():
    """A job sent from the port that one before it had used, within the two minutes that the gateway's kernel remembers
    it: all that it sent was the other's, for certain."""
    first, second = flow("p205", T - 90, uid=2001), flow("p205", T - 20, number=2, uid=2002)
    one = job(1)
    records = udp(flow("gateway", T - 90), first, ended(first, T - 20), second)
    found = asked(stay(), one, over(one, T - 60), job(2, T - 50), *records, question=UDP)
    assert (found.verdict, named(found)) == (Verdict.NAMED, {"ce#2.0"})
    early = dataclasses.replace(UDP, from_s=T - 90, until_s=T - 90)
    found = asked(stay(), one, over(one, T - 60), job(2, T - 50), *records, question=early)
    assert (found.verdict, named(found)) == (Verdict.NAMED, {"ce#1.0"})
    both = dataclasses.replace(UDP, from_s=T - 90, until_s=T)
    found = asked(stay(), one, over(one, T - 60), job(2, T - 50), *records, question=both)
    assert (found.verdict, named(found)) == (Verdict.AMBIGUOUS, {"ce#1.0", "ce#2.0"})


def test_the_next_job_of_a_slot_is_named_for_what_its_account_sends():
    """Both had one account and one UDP port, and the kernel took it for one connection: the first job, which had been
    over for a minute, was named."""
    one, two = job(1, slot="slot1_1", uid=2001), job(2, T - 50, slot="slot1_1", uid=2001)
    records = udp(flow("gateway", T - 90), flow("p205", T - 90, uid=2001))
    found = asked(stay(), one, over(one, T - 60), two, *records, question=UDP)
    assert (found.verdict, named(found)) == (Verdict.NAMED, {"ce#2.0"})


def test_what_is_left_of_a_udp_connection_that_nobody_uses_is_its_first_users():
    """The kernel remembers for minutes what a job sent in a moment; nobody was named for it."""
    at_host, one = flow("p205", T - 90, uid=2001), job(1)
    records = udp(flow("gateway", T - 90), at_host, ended(at_host, T - 60))
    found = asked(stay(), one, over(one, T - 80), *records, question=UDP)
    assert (found.verdict, named(found)) == (Verdict.NAMED, {"ce#1.0"})


def test_a_short_job_is_named_for_what_it_sent_however_clocks_are_apart():
    """Their clocks were known to two seconds, and all who had the account within them were named for a datagram."""
    first, one, last = (job(n, at_s, slot="slot1_1", uid=2001) for n, at_s in ((1, T - 4), (2, T - 1.5), (3, T + 1.5)))
    records = udp(flow("gateway", T - 0.25), flow("p205", T - 0.25, uid=2001))
    jobs: list[TraceRecord] = [first, over(first, T - 2), one, over(one, T + 1.25), last]
    exact = dataclasses.replace(UDP, within_s=0.0)
    found = asked(stay(), *jobs, *records, question=exact, within_s=1.0)
    assert (found.verdict, named(found)) == (Verdict.NAMED, {"ce#2.0"})


def test_a_udp_connection_that_outlives_its_job_is_still_that_jobs():
    """The letter's time was a minute after the datagram; the host's kernel had not forgotten it either."""
    one = job(1)
    records = udp(flow("gateway", T - 90), flow("p205", T - 90, uid=2001))
    found = asked(stay(), one, over(one, T - 80), *records, question=UDP)
    assert (found.verdict, named(found)) == (Verdict.NAMED, {"ce#1.0"})


def test_a_job_without_an_end_is_not_certain_while_its_host_is_silent():
    """Its keeper had died, the job was over and its slot had another one: the first was named for what the second did,
    because nothing said that it had ended."""
    heard = [one for one in around() if one.source != "p205"]
    records = [*clocks(), *heard, stay(), job(1), flow("gateway"), flow("p205", uid=2001)]
    found = Asking(SimTraceStore(records), T + 10_000).ask(LETTER)
    assert (found.verdict, named(found)) == (Verdict.UNANSWERABLE, {"ce#1.0"})
    assert any("nothing that p205 told after this is here" in why for why in found.flows[0].why)


@pytest.mark.parametrize("how", [None, EndSeen.WITH_CONTAINER])
def test_a_job_whose_end_may_be_missing_is_not_certain(how):
    """Its end was lost with a segment, and so was the next job of its slot; what that did was the first one's."""
    gap = Gap(source="p205", what="jobs", from_s=T - 60, to_s=T - 40, count=None, why="segment 7 makes no sense")
    one = job(1)
    known = [over(one, T + 300, how)] if how else []
    found = asked(stay(), one, *known, gap, flow("gateway"), flow("p205", uid=2001))
    assert (found.verdict, named(found)) == (Verdict.UNANSWERABLE, {"ce#1.0"})
    before = dataclasses.replace(gap, from_s=T - 900, to_s=T - 300)
    assert asked(stay(), one, *known, before, flow("gateway"), flow("p205", uid=2001)).verdict is Verdict.NAMED
