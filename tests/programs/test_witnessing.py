"""What the shepherd itself sees of schedds and clocks."""

import dataclasses
from collections.abc import Callable

import pytest

from shepherd.errors import PoolUnavailable
from shepherd.model.host import Nonce
from shepherd.model.observation import KeeperPhase, KeeperReport, LockHolder
from shepherd.model.trace import ClockSeen, Gap, ScheddSeen, TraceRecord
from shepherd.programs.trace.witnessing import MOST, Witnessing

T0 = 1_790_000_000.0
ALICE = ("schedd@campus", "203.0.113.9:9618", "guest.campus.1@flock.lab")
REPORT = KeeperReport(
    nonce=Nonce("n"), phase=KeeperPhase.IDLE, lock=LockHolder.REGULAR, lease=None, container=None, image=None,
    problem=None, sent_at_s=0.0, heard_at_s=0.0,
)  # fmt: skip


class Place:
    """The flock collector, guests, and a clock."""

    def __init__(self, dark_since_s: float | None = None) -> None:
        self.now_s = 0.0
        self.schedds = [ALICE]
        self.up = True
        self.keepers: dict[str, KeeperReport] = {}
        self.witnessing = Witnessing(
            look=self, guests=lambda: {ALICE[2]: "campus"}, background=self._at_once, clock=self,
            log=lambda *_args, **_more: None, dark_since_s=dark_since_s,
        )  # fmt: skip

    def _at_once(self, work: Callable[[], None]) -> None:
        work()

    def flock_schedds(self) -> list[tuple[str, str, str]]:
        if not self.up:
            raise PoolUnavailable("nobody answers")
        return self.schedds

    def wall_s(self) -> float:
        return T0 + self.now_s

    def steady_s(self) -> float:
        return self.now_s

    def run(self, seconds: float) -> list[TraceRecord]:
        told: list[TraceRecord] = []
        for _ in range(int(seconds)):
            self.now_s += 1.0
            told += self.witnessing.notes(self.keepers)
        return told


@pytest.fixture(name="place")
def a_place() -> Place:
    return Place()


def test_a_schedds_name_is_recorded_with_who_had_signed_in_as_it(place):
    """A job's schedd is its own word; who had that name then, nobody could say any more."""
    (seen,) = place.run(60)
    assert isinstance(seen, ScheddSeen)
    assert (seen.schedd, seen.address, seen.identity, seen.guest) == (*ALICE, "campus")


def test_it_is_said_at_every_change_and_at_least_every_hour(place):
    """Another pool's identity had the name for a minute at night."""
    assert len(place.run(7300)) == 3
    other = ("schedd@campus", "198.51.100.7:9618", "guest.else.1@flock.lab")
    place.schedds = [other]
    (seen,) = place.run(60)
    assert (seen.identity, seen.guest) == (other[2], "")
    place.schedds = [ALICE]
    assert [one.identity for one in place.run(60)] == [ALICE[2]]


def test_while_the_flock_collector_is_silent_nothing_is_claimed(place):
    """An hour without an answer looked like an hour without a change."""
    place.run(60)
    place.up = False
    assert place.run(100) == []
    place.up = True
    (gap,) = place.run(30)
    assert isinstance(gap, Gap)
    assert gap.what == "schedds"
    assert gap.from_s <= T0 + 61
    assert gap.to_s >= T0 + 160


def test_a_hosts_clock_is_told_hourly_and_when_it_moves(place: Place) -> None:
    """A host five minutes ahead put its jobs into the wrong five minutes of the gateway's record."""
    place.up = False
    place.witnessing.notes({})

    def hears(ahead_s: float) -> list[TraceRecord]:
        sent_s = place.wall_s()
        report = dataclasses.replace(REPORT, sent_at_s=sent_s + ahead_s, heard_at_s=float(int(sent_s + 0.1)))
        place.keepers = {"p201": report}
        return place.run(300)

    told = [record for _ in range(11) for record in hears(0.0)]
    assert [type(one) for one in told] == [ClockSeen]
    told = [record for _ in range(5) for record in hears(300.0)]
    assert isinstance(told[0], ClockSeen)
    assert abs(told[0].ahead_s - 300.0) <= told[0].within_s


def test_while_no_shepherd_ran_who_signed_in_is_not_known() -> None:
    """A schedd came and went while the shepherd was stopped, and the record of that time was said to be whole."""
    place = Place(dark_since_s=T0 - 600.0)
    gaps = [one for one in place.run(60) if isinstance(one, Gap)]
    assert [(gap.what, gap.from_s) for gap in gaps] == [("schedds", T0 - 600.0)]
    assert T0 <= gaps[0].to_s <= T0 + 5


def test_nobody_floods_the_record_with_names_of_schedds(place) -> None:
    """A guest advertised ten thousand schedds each quarter of a minute; the disk of the central manager was full."""
    place.schedds = [ALICE, *((f"s{number}@campus", "203.0.113.8:1", "guest.else.1@flock") for number in range(250))]
    told = place.run(5)
    seen = [one for one in told if isinstance(one, ScheddSeen)]
    assert (len(seen), seen[0].schedd) == (1 + MOST, ALICE[0])
    assert [one.count for one in told if isinstance(one, Gap)] == [250 - MOST]
    told = place.run(40)
    assert sum(isinstance(one, ScheddSeen) for one in told) == 250 - MOST
    assert [one.count for one in told if isinstance(one, Gap)] == [50]
