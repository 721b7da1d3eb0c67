"""Days that an older release has written: read, verified, and gone on with."""

import contextlib
import dataclasses
import pathlib
import sqlite3

import pytest

from shepherd.edges.trace_store.check import schema
from shepherd.edges.trace_store.read import StoreReader
from shepherd.edges.trace_store.schema import MIGRATION
from shepherd.model.trace import JobBegun
from shepherd.model.trace_rows import JobsSought
from tests.edges.trace_stores import DAY_S, MARCH_1, Clock, flow, job, segment, stay, store_in
from tests.edges.trace_tampering import change_value, faults, opened, rewrite

T = MARCH_1 + DAY_S + 3600
BEFORE, DAY, AFTER = "2026-03-01.sqlite", "2026-03-02.sqlite", "2026-03-03.sqlite"
OLD = [dataclasses.replace(job(at_s, number), cpus=0) for number, at_s in enumerate((T - DAY_S, T), start=1)]


def made_older(path: pathlib.Path) -> None:
    """As it was written before jobs had cores."""
    with opened(path) as connection:
        connection.execute("ALTER TABLE job DROP COLUMN cpus")
        connection.execute("PRAGMA user_version = 1")
    with contextlib.closing(sqlite3.connect(path)) as found, contextlib.closing(sqlite3.connect(":memory:")) as old:
        old.executescript(MIGRATION)
        assert schema(found) == schema(old)


def version_of(path: pathlib.Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def jobs_in(directory: pathlib.Path) -> list[JobBegun]:
    answer = StoreReader(directory, reveal=True).jobs(JobsSought())
    assert not answer.unasked
    return [row.begun for row in answer.rows]


@pytest.fixture(name="place")
def a_store_that_an_older_release_has_left(tmp_path: pathlib.Path) -> pathlib.Path:
    clock = Clock(T - DAY_S)
    store = store_in(tmp_path, clock)
    store.add(segment([stay(T - DAY_S), OLD[0], flow(T - DAY_S)]))
    clock.now = T
    store.add(segment([OLD[1]], 2))
    store.close()
    made_older(tmp_path / BEFORE)
    made_older(tmp_path / DAY)
    return tmp_path


def test_a_day_that_is_over_stays_as_it_was_and_is_read(place):
    """An upgrade must not touch a record that a court may ask for, nor call it altered."""
    before = (place / BEFORE).read_bytes()
    assert (jobs_in(place), faults(place)) == (OLD, [])
    store = store_in(place, Clock(T + DAY_S))
    store.add(segment([job(T + DAY_S, 3)], 3))
    heads = (store.head(),)
    store.close()
    assert ((place / BEFORE).read_bytes(), version_of(place / BEFORE), version_of(place / AFTER)) == (before, 1, 2)
    assert (jobs_in(place), faults(place, heads)) == ([*OLD, job(T + DAY_S, 3)], [])


def test_a_day_goes_on_after_an_upgrade_and_its_heads_hold(place):
    """Half of the day was written without a column, and the logger has the hashes of that half."""
    clock = Clock(T)
    store = store_in(place, clock)
    lifted = store.head()
    store.add(segment([job(T + 5, 3), dataclasses.replace(job(T + 6, 4), cpus=0)], 3))
    heads = (lifted, store.head())
    assert [one.cpus for one in jobs_in(place)] == [0, 0, 3, 0]
    store.close()
    assert (version_of(place / DAY), faults(place, heads)) == (2, [])


@pytest.mark.parametrize("row", [0, 2])
def test_cores_that_were_changed_or_added_later_are_found(row, place):
    """Who pays by the core would like to have had fewer."""
    store = store_in(place, Clock(T))
    store.add(segment([job(T + 5, 3)], 3))
    heads = (store.head(),)
    store.close()
    assert change_value(place / DAY, "job", row, 13)
    assert any("hash" in fault or "not what" in fault for fault in faults(place)), faults(place)
    rewrite(place)
    assert faults(place) == []
    assert faults(place, heads) != []


def test_a_day_that_says_it_is_older_than_it_is_is_found(place):
    """Its cores would be passed over."""
    store = store_in(place, Clock(T))
    store.add(segment([job(T + 5, 3)], 3))
    store.close()
    with opened(place / DAY) as connection:
        connection.execute("PRAGMA user_version = 1")
    assert any("its tables, indices or rules" in fault for fault in faults(place))
