"""The trace store killed at every system call, killed while it is busy, and on a full disk."""

import contextlib
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys

import pytest

from shepherd.edges import day_files
from shepherd.edges.trace_store.read import StoreReader
from shepherd.errors import LedgerUnavailable
from shepherd.model.trace_rows import FlowsSought, JobsSought
from tests.edges.test_ledger_crash import no_file_grows_beyond
from tests.edges.test_ledger_full import Disk
from tests.edges.trace_crasher import LATE
from tests.edges.trace_stores import DAY_S, MARCH_1, Clock, days_of, flow, flow_over, job, segment, store_in
from tests.edges.trace_tampering import SHORT, faults

ROOT = pathlib.Path(__file__).parents[2]
STRIDE = 24


@pytest.fixture(name="template")
def a_store_of_one_old_day(tmp_path: pathlib.Path) -> pathlib.Path:
    place = tmp_path / "template"
    store = store_in(place, Clock(), SHORT)
    store.add(segment([flow(MARCH_1, 1), job(MARCH_1, 1)], 1))
    store.close()
    return place


@pytest.mark.large("trace-crash", sample=2)
@pytest.mark.limit(240)
@pytest.mark.parametrize("first", range(1, STRIDE + 1))
def test_killed_at_any_system_call_the_store_is_whole_and_what_was_promised_is_there(first, template, tmp_path):
    """The power went at midnight, between the keys and the rows that need them."""
    place = tmp_path / "crashes"
    argv = [sys.executable, "-m", "tests.edges.trace_crasher", str(template), str(place), str(first), str(STRIDE)]
    told = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True, timeout=200)
    survivors = {check_survivor(place / str(step)) for step in range(first, int(told.stdout), STRIDE)}
    assert int(told.stdout) > 300
    assert len(survivors) >= 3


def check_survivor(place: pathlib.Path) -> str:
    """The next daemon finds a whole store and goes on. Answers what the killed one was promised."""
    promises = place / "promised"
    promised = promises.read_text() if promises.exists() else ""
    clock = Clock(LATE + 60)
    store = store_in(place, clock, SHORT)
    newest = store.stored()["p220"]
    assert newest >= max((int(one) for one in promised if one != "u"), default=1), place
    assert newest in {1, 2, 4, 5}, place
    assert faults(place) == [], place
    for number, record in ((2, flow(LATE, 2)), (3, flow_over(flow(LATE, 2), LATE + 10)), (5, flow(LATE + 10, 5))):
        store.add(segment([record], number))  # fetched again, as far as it was not acknowledged
    store.upkeep()
    assert days_of(place)[-1] == "2026-03-08", place
    assert "2026-03-01" not in days_of(place), place
    found = StoreReader(place, reveal=True).flows(FlowsSought()).rows
    assert [row.begun.flow for row in found] == [1, 2, 5], place
    store.close()
    assert faults(place) == [], place
    return promised


BUSY = """
import sys, pathlib
from tests.edges.trace_stores import *
place, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
clock = Clock(MARCH_1 + seed * DAY_S)
store = store_in(place, clock)
number = store.stored().get("p220", 0)
while True:
    number += 1
    clock.now += 4000
    one = flow(clock.now, number)
    store.add(segment([one, job(clock.now, number, f"user{number % 50}@x"), flow_over(one, clock.now + 1)], number))
    print(number, flush=True)
"""


@pytest.mark.limit(120)
def test_killed_again_and_again_while_it_is_busy_nothing_is_lost_or_doubled(tmp_path):
    """A machine that rebooted every few minutes had holes in its record that nobody saw."""
    chance, promised = random.Random(5), 0
    for round_ in range(8):
        argv = [sys.executable, "-c", BUSY, str(tmp_path / "store"), str(round_)]
        with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for _ in range(chance.randint(1, 40)):
                promised = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
            promised = max([promised, *map(int, child.stdout.read().split())])
    store = store_in(tmp_path / "store", Clock(MARCH_1 + 20 * DAY_S))
    newest = store.stored()["p220"]
    asked = StoreReader(tmp_path / "store", reveal=True)
    assert newest >= promised
    assert sorted(row.begun.flow for row in asked.flows(FlowsSought()).rows) == list(range(1, newest + 1))
    assert {row.hidden for row in asked.jobs(JobsSought()).rows} == {None}
    assert faults(tmp_path / "store") == []


@pytest.mark.parametrize("limit", [*range(0, 320_000, 23_571)])
def test_when_no_file_can_grow_any_further_nothing_is_lost_and_it_goes_on_later(limit, template):
    """A full disk: the source keeps what was not stored, and is asked for it again."""
    clock, promised = Clock(LATE), 1
    store = store_in(template, clock, SHORT)
    with no_file_grows_beyond(limit):
        for number in range(2, 10):
            clock.now = LATE + number * 3
            with contextlib.suppress(LedgerUnavailable):
                if promised == number - 1:
                    store.add(segment([flow(clock.now, number), job(clock.now, number, f"u{number}@x")] * 20, number))
                    promised = number
    assert store.stored()["p220"] == promised
    for number in range(promised + 1, 12):
        store.add(segment([flow(clock.now + number, number), job(clock.now, number, f"u{number}@x")], number))
    store.close()
    assert store_in(template, clock, SHORT).stored()["p220"] == 11
    asked = StoreReader(template, reveal=True)
    assert {row.begun.flow for row in asked.flows(FlowsSought()).rows} == set(range(1, 12))
    assert faults(template) == []


def test_a_full_disk_costs_no_second_reading_of_the_day(monkeypatch, tmp_path):
    """Each attempt on a full disk read the whole day anew, and the loop stood still."""
    disk = Disk(monkeypatch)
    assert day_files.open_to_write is not None
    store = store_in(tmp_path, Clock())
    store.add(segment([flow(MARCH_1, 1), job(MARCH_1, 1)], 1))
    disk.fill()
    before = disk.opened
    for _ in range(5):
        with pytest.raises(LedgerUnavailable, match="free space"):
            store.add(segment([flow(MARCH_1, number) for number in range(2000)], 2))
    assert disk.opened == before
    assert store.stored() == {"p220": 1}
    disk.free()
    store.add(segment([flow(MARCH_1, 2), flow_over(flow(MARCH_1, 1), MARCH_1 + 5)], 2))
    store.close()
    assert [row.ended is None for row in StoreReader(tmp_path, reveal=True).flows(FlowsSought()).rows] == [False, True]
    assert faults(tmp_path) == []


def test_a_damaged_day_is_named_and_the_others_are_asked(tmp_path):
    """One bad block on the disk, and no letter could be answered any more."""
    clock = Clock()
    store = store_in(tmp_path, clock)
    for day in range(3):
        clock.now = MARCH_1 + 3600 + day * DAY_S
        one = flow(clock.now, day)
        store.add(segment([one, flow_over(one, clock.now + 1)], day + 1))
    store.close()
    (tmp_path / "2026-03-02.sqlite").write_bytes(b"no database at all" * 500)
    told = StoreReader(tmp_path, reveal=True).flows(FlowsSought())
    assert [row.begun.flow for row in told.rows] == [0, 2]
    assert "2026-03-02" in told.unasked[0]
    assert any("2026-03-02" in fault for fault in faults(tmp_path))
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(tmp_path / "2026-03-02.sqlite").execute("SELECT * FROM flow")
