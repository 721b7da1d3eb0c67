"""What is recorded of connections against what there was, whatever is lost, forgotten, used again or listed."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.core.trace.open_flows import OpenFlows
from shepherd.model.flow import Ends, FlowChange, FlowSeen, Traffic
from shepherd.model.trace import EndSeen, FlowBegun, FlowEnded, TraceRecord
from shepherd.sim.clock import SimClock
from shepherd.sim.tracking import SimTracking
from tests.core.trace.flow_truth import ENDS, Deeds, Truth, deeds

ONE, OTHER = ENDS[:2]


def flows(most: int = 1000) -> OpenFlows:
    return OpenFlows("gateway", lambda mark: mark, most)


def seen(change: FlowChange, at_s: float, **more: Any) -> FlowSeen:
    return FlowSeen(flow=7, change=change, at_s=at_s, ends=ONE)._replace(**more)


def hear(known: OpenFlows, *told: FlowSeen) -> list[TraceRecord]:
    return [record for one in told for record in known.hear(one)]


@settings(max_examples=400)
@given(deeds())
def test_if_nothing_is_lost_every_connection_is_recorded_as_it_was(done: Deeds) -> None:
    """A record that is nearly right names the wrong job."""
    truth, known = Truth(room=10_000), flows()
    records: list[TraceRecord] = []
    for deed in done:
        truth.do(deed)
        if deed.reads:
            records += [record for one in truth.kernel.events() for record in known.hear(one)]
        if deed.looks:
            records += look(truth.kernel, known, truth.clock)
    records += look(truth.kernel, known, truth.clock)
    assert begun_in(records) == Counter((one.flow, one.begun_s, one.ends, one.uid) for one in truth.all)
    assert ended_in(records) == Counter((one.flow, one.begun_s, one.ended_s) for one in truth.all if one.ended_s)


@settings(max_examples=400)
@given(deeds(), st.integers(1, 6))
def test_after_a_loss_and_a_look_what_is_open_is_known_and_nothing_else(done: Deeds, room: int) -> None:
    """After one overflow ended connections stayed open for ever, and open ones were never recorded."""
    truth, known = Truth(room=room), flows()
    records: list[TraceRecord] = []
    for deed in done:
        truth.do(deed)
        if deed.reads:
            records += [record for one in truth.kernel.events() for record in known.hear(one)]
        if deed.looks:
            records += look(truth.kernel, known, truth.clock)
    truth.step()
    records += look(truth.kernel, known, truth.clock)
    begun, ended = begun_in(records), Counter((one.flow, one.begun_s) for one in ends_of(records))
    assert max([*begun.values(), *ended.values()], default=1) == 1
    assert set(ended) <= {(one.flow, one.at_s) for one in begins_of(records)}
    still = [one for one in begins_of(records) if (one.flow, one.at_s) not in ended]
    really = [one for one in truth.all if not one.ended_s]
    assert Counter((one.flow, ends(one), one.uid) for one in still) == Counter(
        (one.flow, one.ends, one.uid) for one in really
    )
    known_since = {one.flow: one.at_s for one in still}
    assert all(known_since[one.flow] == one.begun_s for one in really if not one.has_been_handed_over)


@settings(max_examples=400)
@given(deeds())
def test_what_another_knew_is_known_as_if_nobody_had_died(done: Deeds) -> None:
    """A restarted logger began all connections anew, and their ends belonged to none of them."""
    truth, known, twin = Truth(room=10_000), flows(), flows()
    for deed in done:
        truth.do(deed)
        told = truth.kernel.events()
        records = [record for one in told for record in known.hear(one)]
        assert [record for one in told for record in twin.hear(one)] == records
        before, twin = twin, flows()
        twin.recall(before.memory())


def test_a_connection_has_its_bytes_and_ends_at_its_close_not_when_the_kernel_forgets_it() -> None:
    """The kernel keeps a closed connection for two minutes; nobody who asked in that time had its end."""
    known = flows()
    hear(known, seen(FlowChange.NEW, 10.0))
    (ended,) = hear(known, seen(FlowChange.CHANGED, 12.0, is_closed=True, traffic=Traffic(3, 400, 2, 200)))
    assert ended == FlowEnded(
        source="gateway", flow=7, begun_s=10.0, at_s=12.0, sent_packets=3, sent_bytes=400, received_packets=2,
        received_bytes=200,
    )  # fmt: skip
    assert hear(known, seen(FlowChange.GONE, 132.0, traffic=Traffic(3, 400, 2, 200))) == []


def test_a_close_whose_bytes_are_gone_waits_for_the_kernels_last_word() -> None:
    """The port was used again before anybody could ask; the record had the next connection's bytes."""
    known = flows()
    hear(known, seen(FlowChange.NEW, 10.0))
    assert hear(known, seen(FlowChange.CHANGED, 12.0, is_closed=True)) == []
    (ended,) = hear(known, seen(FlowChange.GONE, 12.5, begun_s=10.0, is_closed=True, traffic=Traffic(3, 400, 2, 200)))
    assert isinstance(ended, FlowEnded)
    assert (ended.at_s, ended.sent_bytes, ended.how) == (12.0, 400, EndSeen.SEEN)


def test_a_connection_that_is_refused_and_then_taken_up_by_the_kernel_is_two() -> None:
    """A second try from the same port went on under the kernel's same entry, and was recorded as refused."""
    known = flows()
    hear(known, seen(FlowChange.NEW, 10.0))
    hear(known, seen(FlowChange.CHANGED, 10.1, is_closed=True, traffic=Traffic(1, 60, 1, 40)))
    (begun,) = hear(known, seen(FlowChange.CHANGED, 11.0, is_opening=True))
    assert isinstance(begun, FlowBegun)
    assert begun.at_s == 11.0
    (ended,) = hear(known, seen(FlowChange.CHANGED, 13.0, is_closed=True, traffic=Traffic(9, 900, 9, 900)))
    assert isinstance(ended, FlowEnded)
    assert ended.begun_s == 11.0


def test_the_kernels_last_word_about_an_unknown_connection_is_recorded_whole() -> None:
    """A connection whose beginning was lost was left out, although the kernel told all of it at its end."""
    begun, ended = hear(flows(), seen(FlowChange.GONE, 30.0, begun_s=10.0, traffic=Traffic(1, 60, 0, 0)))
    assert isinstance(begun, FlowBegun)
    assert isinstance(ended, FlowEnded)
    assert (begun.at_s, ended.begun_s, ended.at_s, ended.sent_bytes) == (10.0, 10.0, 30.0, 60)


def test_another_account_under_the_same_ends_is_another_connection() -> None:
    """Two jobs used one UDP port in turn, and the second one's packets were the first one's."""
    known = flows()
    hear(known, seen(FlowChange.NEW, 10.0, mark=3001))
    ended, begun = hear(known, seen(FlowChange.CHANGED, 15.0, mark=3002))
    assert isinstance(ended, FlowEnded)
    assert isinstance(begun, FlowBegun)
    assert (ended.at_s, begun.at_s, begun.uid) == (15.0, 15.0, 3002)


def test_what_finds_no_room_is_counted_and_recorded_at_its_end() -> None:
    """A spray of packets took the gateway's memory."""
    known = flows(most=1)
    hear(known, seen(FlowChange.NEW, 10.0))
    assert hear(known, seen(FlowChange.NEW, 11.0, flow=8, ends=OTHER)) == []
    assert (known.late, len(known)) == (1, 1)
    gone = seen(FlowChange.GONE, 41.0, flow=8, ends=OTHER, begun_s=11.0, traffic=Traffic(1, 60, 0, 0))
    assert [type(record) for record in hear(known, gone)] == [FlowBegun, FlowEnded]
    assert len(known) == 1


def test_when_the_container_ends_all_of_its_connections_do() -> None:
    """Connections of a container that died were open for ever."""
    known = flows()
    hear(known, seen(FlowChange.NEW, 10.0))
    hear(known, seen(FlowChange.NEW, 11.0, flow=8, ends=OTHER))
    listed = [seen(FlowChange.LISTED, 20.0, begun_s=10.0, traffic=Traffic(3, 400, 2, 200))]
    one, other = known.end_all(listed, 20.0, EndSeen.WITH_CONTAINER)
    assert isinstance(one, FlowEnded)
    assert isinstance(other, FlowEnded)
    assert (one.at_s, one.how, one.sent_bytes, other.sent_bytes) == (20.0, EndSeen.WITH_CONTAINER, 400, 0)
    assert len(known) == 0


def look(kernel: SimTracking, known: OpenFlows, clock: SimClock) -> list[TraceRecord]:
    """As a recorder looks."""
    records = [record for one in kernel.events() for record in known.hear(one)]
    known.look()
    return [*records, *known.compare(kernel.listed(), clock.wall_s() + 0.5)]


def begins_of(records: Sequence[TraceRecord]) -> list[FlowBegun]:
    return [record for record in records if isinstance(record, FlowBegun)]


def ends_of(records: Sequence[TraceRecord]) -> list[FlowEnded]:
    return [record for record in records if isinstance(record, FlowEnded)]


def begun_in(records: Sequence[TraceRecord]) -> Counter[tuple[int, float, Ends, int]]:
    return Counter((one.flow, one.at_s, ends(one), one.uid) for one in begins_of(records))


def ended_in(records: Sequence[TraceRecord]) -> Counter[tuple[int, float, float]]:
    return Counter((one.flow, one.begun_s, one.at_s) for one in ends_of(records))


def ends(begun: FlowBegun) -> Ends:
    values = dataclasses.asdict(begun)
    return Ends(**{name: values[name] for name in Ends._fields})
