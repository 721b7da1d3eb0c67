"""Collecting what hosts record: nothing is lost or doubled, nobody is waited for, and what cannot be had is told."""

import dataclasses
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.core.lease.pages import Beside
from shepherd.core.trace.collect import WITHIN_S, Clocks, believed, oldest
from shepherd.errors import LedgerUnavailable, TraceRefused
from shepherd.model.trace import ClockSeen, EvidenceKept, Gap, JobBegun, ScheddSeen, Segment, StayBegun, TraceRecord
from shepherd.programs.pages import LeasePages
from shepherd.programs.trace.collecting import Collecting
from shepherd.sim.recording import SimSource, SimSpool, SimTraceWriter

HOSTS = ("p201", "p202", "p203")


def stay(host: str, number: int, source: str = "") -> StayBegun:
    return StayBegun(source=source or host, host=host, at_s=1000.0 + number, herd="flock", lease=f"{number}")


class Pages:
    """What goes onto the next lease pages."""

    def __init__(self) -> None:
        self.beside = Beside()


class Place:
    """Hosts, a store, and a shepherd that may be killed."""

    def __init__(self) -> None:
        self.spools = {host: SimSpool(host) for host in HOSTS}
        self.source, self.store = SimSource(self.spools), SimTraceWriter()
        self.now_s = 0.0
        self.counts = dict.fromkeys(HOSTS, 0)
        self.work: list[Callable[[], None]] = []
        self.said: list[str] = []
        self.start()

    def start(self) -> None:
        """Another process."""
        self.work, self.pages = [], Pages()
        self.collecting = Collecting(
            source=self.source, store=self.store, background=self._beside, clock=self,
            log=lambda _event, **fields: self.said.append(str(fields.get("problem"))),
            pages=cast(LeasePages, self.pages), fetchers=2, fetch_s=5.0,
        )  # fmt: skip

    def _beside(self, work: Callable[[], None]) -> None:
        self.work.append(work)

    def wall_s(self) -> float:
        return self.now_s

    def steady_s(self) -> float:
        return self.now_s

    def record(self, host: str, segments: int = 1) -> None:
        """It has something to tell."""
        for _ in range(segments):
            self.spools[host].append([stay(host, self.counts[host])])
            self.spools[host].seal()
            self.counts[host] += 1

    def tick(self, ticks: int = 1, *, works: bool = True) -> None:
        for _ in range(ticks):
            self.now_s += 1.0
            self.collecting.follow({host: spool.newest for host, spool in self.spools.items() if spool.newest})
            work, self.work = (self.work, []) if works else ([], self.work)
            for one in work:
                one()

    def acknowledge(self) -> None:
        """Hosts read the next pages."""
        for host, number in self.pages.beside.spooled:
            self.spools[host].drop(number)

    def leases(self, host: str) -> list[int]:
        return [int(one.lease) for one in self.store.records() if isinstance(one, StayBegun) and one.host == host]

    def gaps(self) -> list[Gap]:
        return [one for one in self.store.records() if isinstance(one, Gap)]


@pytest.fixture(name="place")
def a_place() -> Place:
    return Place()


def test_what_hosts_have_recorded_is_stored_and_acknowledged_on_the_next_pages(place):
    """A host that hears nothing fills its disk; one that hears too early loses what is on its way."""
    place.record("p201", 3)
    place.record("p202")
    place.tick(3)
    assert place.pages.beside.spooled == ()
    place.tick(3)
    assert place.pages.beside.spooled == (("p201", 3), ("p202", 1))
    place.acknowledge()
    assert place.spools["p201"].segments == {}
    assert place.leases("p201") == [0, 1, 2]


def test_a_host_that_does_not_answer_holds_up_no_other(place):
    """One dead host in the alphabet's middle, and nothing after it was collected for a day."""
    place.source.silent.add("p201")
    for host in HOSTS:
        place.record(host)
    place.tick(30)
    assert (place.leases("p202"), place.leases("p203")) == ([0], [0])
    assert place.said == ["p201 does not answer"]
    place.source.silent.clear()
    place.tick(60)
    assert place.leases("p201") == [0]


def test_a_loop_is_never_held_up_by_workers_that_hang(place):
    """The lease pages were not renewed while a tool waited for a stopped host."""
    for host in HOSTS:
        place.record(host)
    place.tick()
    place.tick(3)
    place.tick(100, works=False)
    assert len(place.work) <= 3


def test_a_shepherd_that_was_away_for_a_month_gets_all_of_it(place):
    """Ten thousand segments in one go must neither be skipped nor fetched at once."""
    place.record("p201", 500)
    place.tick(2)
    before = place.source.asked
    place.tick()
    assert place.source.asked - before <= 10
    place.tick(400)
    assert place.leases("p201") == list(range(500))


def test_segments_that_are_gone_are_told_and_the_rest_is_fetched(place):
    """A spool was full for a week; the shepherd waited for the first of its segments for ever."""
    place.record("p201", 3)
    place.tick(6)
    place.record("p201", 40)
    for number in range(4, 30):
        del place.spools["p201"].segments[number]
    place.tick(60)
    assert place.leases("p201") == [*range(3), *range(29, 43)]
    assert {gap.what for gap in place.gaps()} == {"jobs", "stays", "flows"}
    assert all("segments 4 to 29" in gap.why and gap.from_s <= gap.to_s for gap in place.gaps())


def test_the_first_that_is_heard_of_a_host_is_no_gap(place):
    """Numbers begin at the time of a spool's birth: a million segments were said to be lost."""
    place.spools["p201"] = SimSpool("p201", first=1_790_000_000)
    place.record("p201", 2)
    place.tick(8)
    assert place.leases("p201") == [0, 1]
    assert place.gaps() == []


def test_a_host_that_was_installed_anew_is_not_taken_for_its_old_self(place):
    """Its first segments had numbers that were stored: they were acknowledged, and nobody had them."""
    place.record("p201", 9)
    place.tick(12)
    place.spools["p201"] = SimSpool("p201")
    place.record("p201", 2)
    place.tick(10)
    assert place.leases("p201") == list(range(9))
    place.acknowledge()
    place.tick(20)
    assert place.leases("p201") == list(range(11))


def test_a_segment_that_makes_no_sense_is_asked_for_again_and_then_told(place):
    """One damaged block on a host's disk ended the collecting of that host."""
    place.record("p201", 3)
    place.source.damaged.add(("p201", 2))
    place.tick(20)
    assert place.leases("p201") == [0]
    place.tick(200)
    assert place.leases("p201") == [0, 2]
    assert all("segment 2 makes no sense" in gap.why for gap in place.gaps())
    assert len(place.gaps()) == 3


@pytest.mark.parametrize("bad", [1, 12])
def test_what_is_given_up_is_told_for_all_the_time_that_it_was_of(place, bad):
    """Segments were given up, and the gap that told of it had no length: whoever asked for that time was told that
    nothing had happened."""
    place.record("p201", 1 + bad)
    place.source.damaged |= {("p201", number) for number in range(2, 2 + bad)}
    place.tick(2000)
    assert (place.leases("p201"), place.gaps()) == ([0], [])
    place.record("p201")
    place.tick(2000)
    assert place.leases("p201") == [0, 1 + bad]
    sealed_s = {one.number: one.sealed_at_s for one in place.store.segments["p201"]}
    assert {(gap.from_s, gap.to_s) for gap in place.gaps()} == {(sealed_s[1], sealed_s[2 + bad])}


def test_a_loss_is_told_before_what_comes_after_it(place, monkeypatch):
    """The shepherd died between the two: the segment was there, and nothing said that the one before was not."""
    place.record("p201", 3)
    place.source.damaged.add(("p201", 2))
    written: list[str] = []
    add, note = place.store.add, place.store.note

    def adding(segment: Segment) -> None:
        written.append(f"segment {segment.number}")
        add(segment)

    def noting(records: list[TraceRecord]) -> None:
        written.append("note")
        note(records)

    monkeypatch.setattr(place.store, "add", adding)
    monkeypatch.setattr(place.store, "note", noting)
    place.tick(300)
    assert written.index("note") < written.index("segment 3")


def test_a_host_speaks_for_itself_alone():
    """A host that was taken over wrote the history of another one."""
    job = JobBegun(
        source="p201", host="p202", container="c", slot="slot1_1", begun="b", at_s=1.0, uid=1, job="j", user="u"
    )
    for records in ([stay("p202", 1)], [stay("p202", 1, source="p201")], [job]):
        with pytest.raises(TraceRefused, match="speaks for somebody else"):
            believed(Segment(source="p201", number=1, sealed_at_s=1.0, records=tuple(records)), "p201", 1)
    with pytest.raises(TraceRefused, match="handed out segment 2 of p202"):
        believed(Segment(source="p202", number=2, sealed_at_s=1.0, records=()), "p201", 1)


def test_no_host_says_who_signed_in_or_whose_clock_is_off():
    """A host that was taken over made the claim of a schedd a proof, and moved another's jobs by an hour."""
    seen = ScheddSeen(source="p201", at_s=1.0, schedd="s", address="192.0.2.1:9618", identity="guest.a.1@f", guest="a")
    clock = ClockSeen(source="p201", at_s=1.0, ahead_s=3600.0, within_s=0.1)
    kept = EvidenceKept(
        source="p201", host="p202", at_s=1.0, quarantine="q", container="c", manifest="m", size_bytes=1, lost=""
    )
    for record in (seen, clock, kept):
        with pytest.raises(TraceRefused, match="speaks for somebody else"):
            believed(Segment(source="p201", number=1, sealed_at_s=1.0, records=(record,)), "p201", 1)


def test_a_store_that_cannot_write_loses_nothing(place, monkeypatch):
    """A full disk at the shepherd: what was fetched meanwhile was acknowledged."""
    place.tick(2)
    place.record("p201", 2)

    def full(_segment):
        raise LedgerUnavailable("no space")

    with monkeypatch.context() as patched:
        patched.setattr(place.store, "add", full)
        place.tick(20)
        assert place.collecting.problem == "no space"
        assert place.pages.beside.spooled == ()
    place.record("p201")
    place.tick(20)
    assert place.leases("p201") == [0, 1, 2]
    assert place.collecting.problem == ""
    assert place.pages.beside.spooled == (("p201", 3),)


def test_bans_beside_what_is_acknowledged_stay_there(place):
    """Two parts of the shepherd write onto the same pages."""
    place.pages.beside = Beside(spooled=(("p209", 4),))
    place.record("p201")
    place.tick(8)
    assert place.pages.beside == Beside(spooled=(("p201", 1),))
    kept = dataclasses.replace(place.pages.beside, bans=())
    place.collecting.acknowledge()
    assert place.pages.beside is not None
    assert place.pages.beside == kept


acts = st.lists(
    st.tuples(st.sampled_from(["record", "tick", "restart", "acknowledge", "silent", "heard"]), st.sampled_from(HOSTS)),
    max_size=80,
)


@settings(deadline=None, max_examples=60)
@given(acts)
def test_whatever_dies_every_record_is_stored_once(done):
    """Shepherds killed with segments in their hands, hosts that are away, acknowledgements at any moment."""
    place = Place()
    for act, host in done:
        match act:
            case "record":
                place.record(host, 3)
            case "tick":
                place.tick(4)
            case "restart":
                place.start()
            case "acknowledge":
                place.acknowledge()
            case "silent":
                place.source.silent.add(host)
            case "heard":
                place.source.silent.discard(host)
    place.source.silent.clear()
    place.tick(700)
    for host in HOSTS:
        assert place.leases(host) == list(range(place.counts[host]))
    assert place.gaps() == []


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_the_oldest_is_found_in_few_questions(above: int, before: int, there: int):
    """A thousand tools were started to find one file."""
    first, newest = above + before + 1, above + before + there
    asked = []

    def is_there(number: int) -> bool:
        asked.append(number)
        return first <= number <= newest

    assert oldest(newest, above, is_there) == (first if there else None)
    assert len(asked) <= 20


@given(st.floats(-1e4, 1e4), st.lists(st.floats(0.0, 60.0), min_size=1, max_size=5), st.floats(0.0, 2.0))
def test_a_clocks_difference_is_within_what_is_said(ahead_s: float, delays_s: list[float], best_s: float):
    """A host five minutes ahead: its jobs were blamed for what others did."""
    clocks = Clocks()
    for number, delay_s in enumerate([*delays_s[:-1], best_s]):
        sent_s = 1_790_000_000.25 + number * 300
        clocks = clocks.heard(sent_s + ahead_s, float(int(sent_s + delay_s)))
    assert abs(clocks.ahead_s - ahead_s) <= WITHIN_S + 0.001
