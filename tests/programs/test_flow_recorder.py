"""A recorder of connections that dies anywhere, with its memory and its spool on a real disk."""

import contextlib
import dataclasses
import pathlib
import tempfile
from collections import Counter
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.core.trace import lines
from shepherd.edges.flow_memory import FlowFile
from shepherd.edges.trace_spool.writer import Spooling, TraceSpool
from shepherd.errors import CommandFailed
from shepherd.model.trace import FlowBegun, FlowEnded, Gap, TraceRecord
from shepherd.programs.flow import log as flow_log
from shepherd.programs.flow import recorder as flow_recorder
from shepherd.programs.flow.log import FlowLog
from shepherd.programs.flow.recorder import FlowRecorder
from tests.core.trace.flow_truth import ENDS, Deeds, Truth, deeds
from tests.edges.trace_spools import sealed, told

SOURCE = "gateway"


class Stored:
    """Nothing was fetched."""

    def newest(self) -> int:
        return 0


class FullDisk:
    """A spool that cannot be written for a while."""

    newest = 0

    def __init__(self) -> None:
        self.is_full = True
        self.records: list[TraceRecord] = []

    def append(self, records: Sequence[TraceRecord]) -> None:
        if self.is_full:
            raise CommandFailed("the disk is full")
        self.records += records

    def seal(self) -> None:
        """Nobody fetches."""

    def drop(self, number: int) -> None:
        """Nobody has fetched."""


@dataclasses.dataclass
class Bench:
    """One source: its kernel, and its disk."""

    truth: Truth
    place: pathlib.Path

    def recorder(self) -> FlowRecorder:
        return FlowRecorder(
            SOURCE, self.truth.kernel, FlowFile(self.place, lines), self.truth.clock, uid_of=lambda mark: mark
        )

    def spool(self) -> TraceSpool:
        spooling = Spooling(source=SOURCE, what="flows", segment_bytes=2000)
        return TraceSpool(self.place, spooling, lines, self.truth.clock.wall_s)

    def records(self) -> list[TraceRecord]:
        with contextlib.closing(self.spool()) as spool:
            spool.seal()
        return told(sealed(self.place))


@dataclasses.dataclass
class Life:
    """A recorder until its death."""

    recorder: FlowRecorder
    spool: TraceSpool

    def turn(self, dies: str) -> None:
        """One turn; or death before it is spooled, or after."""
        self.finish(self.recorder.turn(), dies)

    def begin(self) -> None:
        self.finish(self.recorder.begin(), "")

    def end(self) -> None:
        """The kernel closes what a dead process had open."""
        self.spool.close()

    def finish(self, records: list[TraceRecord], dies: str) -> None:
        if dies != "before it is spooled":
            self.spool.append(records)
        if not dies:
            self.recorder.spooled()


DEATHS = ("", "", "", "before it is spooled", "after it is spooled")


@settings(max_examples=150)
@given(done=deeds(), deaths=st.lists(st.sampled_from(DEATHS), min_size=40, max_size=40), is_short=st.booleans())
def test_wherever_it_dies_every_connection_has_one_beginning_and_one_end(
    done: Deeds, deaths: list[str], is_short: bool
) -> None:
    """After a restart what was open had begun twice, or never ended."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        bench = Bench(Truth(room=10_000), pathlib.Path(place))
        life = Life(bench.recorder(), bench.spool())
        life.begin()
        room, flow_recorder.ROOM = flow_recorder.ROOM, 3 if is_short else flow_recorder.ROOM
        try:
            for deed, death in zip(done, deaths, strict=False):
                bench.truth.do(deed)
                life.turn(death)
                if death:
                    life.end()
                    bench.truth.step()
                    life = Life(bench.recorder(), bench.spool())
                    life.begin()
        finally:
            flow_recorder.ROOM = room
            life.end()
        records = bench.records()
    begun = Counter((one.flow, one.at_s) for one in records if isinstance(one, FlowBegun))
    ended = Counter((one.flow, one.begun_s) for one in records if isinstance(one, FlowEnded))
    real = bench.truth.all
    assert begun == Counter((one.flow, one.begun_s) for one in real)
    assert ended == Counter((one.flow, one.begun_s) for one in real if one.ended_s)
    assert len([one for one in records if isinstance(one, Gap)]) == len([one for one in deaths[: len(done)] if one])


@settings(max_examples=100)
@given(deeds(), st.integers(1, 3))
def test_what_the_kernel_could_not_tell_is_counted_exactly(done: Deeds, room: int) -> None:
    """A loss that nobody is told of is a lie in every later answer."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        bench = Bench(Truth(room=room), pathlib.Path(place))
        life = Life(bench.recorder(), bench.spool())
        life.begin()
        lost = 0
        for deed in done:
            bench.truth.do(deed)
            lost = bench.truth.kernel.dropped
            if deed.reads:
                life.turn("")
        for _ in range(8):
            bench.truth.step()
            life.turn("")
        life.end()
        records = bench.records()
    assert sum(one.count or 0 for one in records if isinstance(one, Gap)) == lost
    still = {one.flow for one in bench.truth.all if not one.ended_s}
    ended = {(one.flow, one.begun_s) for one in records if isinstance(one, FlowEnded)}
    assert {one.flow for one in records if isinstance(one, FlowBegun) and (one.flow, one.at_s) not in ended} == still


def test_a_gap_is_from_when_all_was_well_until_it_is_again(tmp_path: pathlib.Path) -> None:
    """A gap of the wrong time makes an answer look whole."""
    bench = Bench(Truth(room=1), tmp_path)
    recorder = bench.recorder()
    recorder.begin()
    bench.truth.now_s = 1100.0
    assert recorder.turn() == []
    bench.truth.now_s = 1107.0
    bench.truth.kernel.begin(1, ENDS[0])
    bench.truth.kernel.begin(2, ENDS[1])
    (gap,) = [one for one in recorder.turn() if isinstance(one, Gap)]
    assert (gap.from_s, gap.to_s, gap.count) == (1100.0, 1107.0, 1)


def test_a_full_disk_holds_records_back_and_loses_none(tmp_path: pathlib.Path) -> None:
    """The spool's disk was full for a minute, and what began then was never recorded."""
    bench = Bench(Truth(room=100), tmp_path)
    disk = FullDisk()
    log = FlowLog(bench.recorder(), disk, Stored(), 5.0, SOURCE, bench.truth.clock)
    assert "wait to be recorded: the disk is full" in log.begin()
    for flow in (1, 2):
        bench.truth.step()
        bench.truth.kernel.begin(flow, ENDS[flow])
        assert "the disk is full" in log.turn()
    disk.is_full = False
    assert log.turn() == "2 connections known"
    assert [one.flow for one in disk.records if isinstance(one, FlowBegun)] == [1, 2]


def test_what_no_memory_holds_is_told_from_when_it_was(tmp_path: pathlib.Path, monkeypatch) -> None:
    """A disk was full for an hour. The oldest connections were discarded, and the gap began when that was done, after
    them: who asked for them was told that there had been none."""
    monkeypatch.setattr(flow_log, "MOST_WAITING", 1)
    bench = Bench(Truth(room=100), tmp_path)
    disk = FullDisk()
    log = FlowLog(bench.recorder(), disk, Stored(), 5.0, SOURCE, bench.truth.clock)
    log.begin()
    for flow, ends in enumerate(ENDS[:3], 1):
        bench.truth.now_s = 2000.0 + 60 * flow
        bench.truth.kernel.begin(flow, ends)
        log.turn()
    bench.truth.now_s, disk.is_full = 2400.0, False
    log.turn()
    assert [one.flow for one in disk.records if isinstance(one, FlowBegun)] == [3]
    told_of = [one for one in disk.records if isinstance(one, Gap) and "too long" in one.why]
    assert [(one.from_s, one.to_s, one.count) for one in told_of] == [(2060.0, 2400.0, 2)]


def test_what_is_not_known_for_want_of_room_is_a_gap_for_as_long_as_it_lasts(tmp_path: pathlib.Path) -> None:
    """With more connections than there was room for, the gap lasted half a second, and the connection for hours."""
    bench = Bench(Truth(room=100), tmp_path)
    recorder = FlowRecorder(SOURCE, bench.truth.kernel, FlowFile(tmp_path, lines), bench.truth.clock, most=1)
    bench.truth.now_s = 2000.0
    recorder.begin()
    bench.truth.kernel.begin(1, ENDS[0])
    bench.truth.kernel.begin(2, ENDS[1])
    recorder.turn()
    gaps = list[Gap]()
    for _ in range(20):
        bench.truth.now_s += 60.0
        gaps += [one for one in recorder.turn() if isinstance(one, Gap)]
    assert {gap.from_s for gap in gaps} == {2000.0}
    assert gaps[-1].to_s == bench.truth.now_s
    bench.truth.kernel.forget(1)
    for _ in range(3):
        bench.truth.now_s += 400.0
        found = recorder.turn()
    assert [one for one in found if isinstance(one, Gap)] == []
    assert len(recorder) == 1
