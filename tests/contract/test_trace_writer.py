"""What every TraceWriter must do: whoever collects relies on it, and the fake world's is held to the same."""

import pathlib
from collections.abc import Callable, Mapping

import pytest

from shepherd.edges.trace_store.overdue import Retention
from shepherd.edges.trace_store.writer import TraceStore
from shepherd.model.trace import Gap, Segment, StayBegun
from shepherd.ports_trace import TraceWriter
from shepherd.sim.recording import SimTraceWriter
from tests.left_open import closed_at_the_end

T0 = 1_790_000_000.0
MAKERS: Mapping[str, Callable[[pathlib.Path], TraceWriter]] = {
    "fake": lambda _: SimTraceWriter(),
    "store": lambda path: closed_at_the_end(
        TraceStore(path, wall_s=lambda: T0, retention=Retention(keep_days=180, pseudonymise_days=90))
    ),
}


@pytest.fixture(name="writer", params=sorted(MAKERS))
def every_writer(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> TraceWriter:
    return MAKERS[request.param](tmp_path)


def segment(source: str, number: int) -> Segment:
    stay = StayBegun(source=source, host=source, at_s=T0 + number, herd="flock", lease=f"{number}")
    return Segment(source=source, number=number, sealed_at_s=T0 + number, records=(stay,))


def test_nothing_is_stored_of_a_source_at_first(writer: TraceWriter) -> None:
    """The first fetch of all begins where the source does."""
    assert dict(writer.stored()) == {}


def test_the_newest_of_each_source_is_told(writer: TraceWriter) -> None:
    """What is acknowledged to a host is dropped there: it must be of that host, and stored."""
    for number in (1_790_000_000, 1_790_000_001):
        writer.add(segment("p201", number))
    writer.add(segment("gateway", 7))
    assert dict(writer.stored()) == {"p201": 1_790_000_001, "gateway": 7}


def test_a_segment_that_is_stored_already_is_none_again(writer: TraceWriter) -> None:
    """A shepherd that was killed after storing, before acknowledging, brings it again."""
    for number in (1, 2, 1, 2):
        writer.add(segment("p201", number))
    assert dict(writer.stored()) == {"p201": 2}


def test_numbers_may_break(writer: TraceWriter) -> None:
    """What is lost is told by a Gap; what comes after it is stored."""
    writer.add(segment("p201", 3))
    writer.note([Gap(source="p201", what="jobs", from_s=T0, to_s=T0 + 9, count=None, why="lost")])
    writer.add(segment("p201", 9))
    assert dict(writer.stored()) == {"p201": 9}


def test_what_the_shepherd_has_seen_itself_is_no_segment(writer: TraceWriter) -> None:
    """A note must not look like something that a host may drop."""
    writer.note([Gap(source="shepherd", what="schedds", from_s=T0, to_s=T0, count=None, why="a test")])
    assert dict(writer.stored()) == {}
