"""What is kept for how long: days, keys of persons, holds."""

import os
import stat

import pytest

from shepherd.edges.trace_store.holds import StoreHolds
from shepherd.edges.trace_store.overdue import Retention
from shepherd.edges.trace_store.read import StoreReader
from shepherd.errors import LedgerUnavailable, UsageError
from shepherd.model.trace import TraceRecord
from shepherd.model.trace_rows import FlowsSought, Hidden, JobsSought, SeenSought, Span, StaysSought
from tests.edges.trace_stores import (
    DAY_S,
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
    store_in,
)
from tests.edges.trace_tampering import faults

T = MARCH_1 + 3600
SHORT = Retention(keep_days=10, pseudonymise_days=3)


@pytest.fixture(name="clock")
def a_clock() -> Clock:
    return Clock(T)


def lived(directory, clock, days):
    """A store of some days, one job and one flow a day."""
    store = store_in(directory, clock, SHORT)
    for day in range(days):
        clock.now = T + day * DAY_S
        ran, one = job(clock.now, 1), flow(clock.now, day)
        over: list[TraceRecord] = [flow_over(one, clock.now + 5), job_over(ran, clock.now + 5)]
        store.add(segment([ran, one, *over], day + 1))
        store.upkeep()
    return store


def test_days_go_when_it_is_time_and_not_before(clock, tmp_path):
    """Retention that was a day too eager lost the day of the letter."""
    lived(tmp_path, clock, 15)
    assert days_of(tmp_path)[0] == "2026-03-05"
    assert min(path.stem for path in (tmp_path / "keys").glob("*.keys")) == "2026-03-12"
    assert [row.begun.flow for row in StoreReader(tmp_path, reveal=True).flows(FlowsSought()).rows] == [*range(4, 15)]


def test_after_a_day_was_pseudonymised_nobody_is_told_and_counts_stay_right(clock, tmp_path):
    """Half a year later every user's jobs could still be read; after the mending nothing could be counted."""
    store = store_in(tmp_path, clock, SHORT)
    users = ["alice@x", "bob@x", "alice@x", "carol@x"]
    store.add(segment([job(T + number, number, user) for number, user in enumerate(users)]))
    key = (tmp_path / "keys/2026-03-01.keys").read_text()
    assert "alice@x" in key
    clock.now = T + DAY_S  # Monday: another week
    store.add(segment([job(clock.now, 9, "alice@x")], 2))
    clock.now = T + 5 * DAY_S
    store.upkeep()
    assert not (tmp_path / "keys/2026-03-01.keys").exists()
    reader = StoreReader(tmp_path, reveal=True)
    first_day = Span(to_s=T + 10)
    jobs = reader.jobs(JobsSought(span=first_day)).rows
    assert [row.hidden for row in jobs] == [None] * 4  # they still run, and were carried into days that have keys
    store.add(segment([job_over(job(T + number, number, user), T + 20) for number, user in enumerate(users)], 3))
    store.close()
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("2026-03-01*"))
    assert b"alice" not in content


def test_who_is_looked_for_is_found_while_there_are_keys_and_else_it_is_said(clock, tmp_path):
    """'No such user' was taken for 'was never here'."""
    lived(tmp_path, clock, 8)
    reader = StoreReader(tmp_path, reveal=True)
    told = reader.jobs(JobsSought(users=["alice@campus.example"]))
    assert [row.begun.at_s for row in told.rows] == [T + day * DAY_S for day in (4, 5, 6, 7)]
    assert [why[:10] for why in told.unasked] == [f"2026-03-0{day}" for day in (1, 2, 3, 4)]
    assert "was pseudonymised" in told.unasked[0]
    every = reader.jobs(JobsSought()).rows
    assert [row.hidden for row in every] == [Hidden.DESTROYED] * 4 + [None] * 4
    week = {row.pseudonym for row in every[1:]}
    assert len(week) == 1
    assert week != {every[0].pseudonym}
    assert len(reader.jobs(JobsSought(pseudonyms=[*week])).rows) == 7


def test_the_weeks_key_goes_with_the_week(clock, tmp_path):
    """With it anybody's pseudonym of any week could be made by trying names."""
    store = lived(tmp_path, clock, 12)
    assert [path.name for path in (tmp_path / "keys").glob("*.week")] == ["2026-W11.week"]
    store.close()


def test_a_hold_outlives_its_days_and_answers_as_they_did(clock, tmp_path):
    """The court asked after a year."""
    store = lived(tmp_path, clock, 2)
    store.note([schedd(clock.now)])
    begun = stay(clock.now)
    store.add(segment([begun], 3))
    holds = StoreHolds(tmp_path, wall_s=clock)
    day = Span(from_s=T + DAY_S - 10, to_s=T + DAY_S + 10)
    made = holds.hold(
        "letter-1", why="attack\nof the 2nd", by="officer", stays=StaysSought(span=day),
        jobs=JobsSought(span=day, limit=1), flows=FlowsSought(span=day),
    )  # fmt: skip
    pseudonym = StoreReader(tmp_path, reveal=True).jobs(JobsSought(span=day)).rows[0].pseudonym
    clock.now = T + 40 * DAY_S
    store.add(segment([flow(clock.now, 99)], 4))
    store.upkeep()
    store.close()
    assert days_of(tmp_path) == ["2026-04-10"]
    assert holds.holds() == [made]
    assert made.records == 6
    kept = holds.read("letter-1", reveal=True)
    assert [row.begun for row in kept.flows(FlowsSought(span=day)).rows] == [flow(T + DAY_S, 1)]
    [held] = kept.jobs(JobsSought(users=["alice@campus.example"])).rows
    assert (held.begun, held.pseudonym, held.hidden) == (job(T + DAY_S, 1), pseudonym, None)
    assert [row.begun for row in kept.stays(StaysSought()).rows] == [begun]
    assert kept.schedds(SeenSought()).rows == [schedd(T + DAY_S)]
    assert holds.read("letter-1", reveal=False).jobs(JobsSought()).rows[0].hidden is Hidden.NOT_ASKED
    assert faults(tmp_path) == []


@pytest.mark.parametrize("name", ["", "../x", "A", "a b", "x" * 65, ".hidden"])
def test_a_hold_has_a_name_that_is_a_files(name, clock, tmp_path):
    """Somebody's hold was written over the settings."""
    with pytest.raises(UsageError, match="no name of a hold"):
        StoreHolds(tmp_path, wall_s=clock).hold(name, why="w", by="b", flows=FlowsSought())


def test_a_hold_is_made_once_of_something_and_of_all_of_it(clock, tmp_path):
    """The second hold of that name was empty, and replaced the first."""
    lived(tmp_path, clock, 3).close()
    holds = StoreHolds(tmp_path, wall_s=clock)
    with pytest.raises(UsageError, match="say what to hold"):
        holds.hold("a", why="w", by="b")
    holds.hold("a", why="w", by="b", flows=FlowsSought())
    with pytest.raises(UsageError, match="there is a hold a already"):
        holds.hold("a", why="w", by="b", flows=FlowsSought())
    with pytest.raises(UsageError, match="there is no hold b"):
        holds.release("b", by="x")
    (tmp_path / "2026-03-02.sqlite").write_bytes(b"damaged" * 1000)
    with pytest.raises(LedgerUnavailable, match="not all records can be copied"):
        holds.hold("c", why="w", by="b", flows=FlowsSought())
    assert [held.name for held in holds.holds()] == ["a"]


def test_a_copy_that_was_broken_off_is_no_hold_and_hinders_none(clock, tmp_path):
    """The disk was full in the middle of it."""
    lived(tmp_path, clock, 2).close()
    holds = StoreHolds(tmp_path, wall_s=clock)
    (tmp_path / "holds").mkdir()
    (tmp_path / "holds/a.sqlite").write_bytes(b"half")
    (tmp_path / "holds/a.released").write_text("somebody, long ago")
    assert holds.holds() == []
    made = holds.hold("a", why="w", by="b", flows=FlowsSought())
    assert holds.holds() == [made]
    assert made.released_by == ""


def test_holds_are_readable_by_the_group_for_personal_data_alone(clock, tmp_path):
    """An incident's users were in a file that everybody could read."""
    lived(tmp_path, clock, 2).close()
    group = "nogroup" if os.geteuid() == 0 else ""
    StoreHolds(tmp_path, group=group, wall_s=clock).hold("a", why="w", by="b", jobs=JobsSought())
    mode = stat.S_IMODE((tmp_path / "holds/keys/a.keys").stat().st_mode)
    assert mode == (0o640 if group else 0o600)
    assert b"alice" not in (tmp_path / "holds/a.sqlite").read_bytes()
