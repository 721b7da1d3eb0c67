"""Whatever somebody does to the trace store is found; what retention and pseudonymising do is never called that."""

import contextlib
import pathlib
import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shepherd.cli.ledger_trace import verified_trace
from shepherd.edges.trace_store.holds import StoreHolds
from shepherd.model.chain import Head
from shepherd.model.trace_rows import FlowsSought, JobsSought, StaysSought
from tests.edges.trace_stores import DAY_S, MARCH_1, Clock, days_of, flow, flow_over, job, segment, store_in
from tests.edges.trace_tampering import (
    CHANGES,
    EVERY_TABLE,
    SHORT,
    Scene,
    change_value,
    content_of,
    faults,
    insert_row,
    lay_out_anew,
    remove_day,
    rename_hold,
    rewrite,
    scene_in,
    truncate,
)


@pytest.fixture(name="scene", scope="module")
def a_scene(tmp_path_factory) -> Scene:
    return scene_in(tmp_path_factory.mktemp("scene"))


@pytest.fixture(name="copy")
def a_copy_of_the_store(scene, tmp_path) -> pathlib.Path:
    return pathlib.Path(shutil.copytree(scene.store, tmp_path / "copy"))


def test_a_store_that_was_only_kept_is_whole(scene):
    """A check that cries wolf is switched off: retention and pseudonymising are no tampering."""
    result = verified_trace(scene.store, scene.heads)
    assert result.faults == ()
    assert days_of(scene.store)[0] == "2026-03-04"
    assert min(path.stem for path in (scene.store / "keys").glob("*.keys")) == "2026-03-07"
    assert result.anchored >= 10
    assert any("retention has removed" in what for what in result.unchecked)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    change=st.sampled_from(CHANGES),
    table=st.sampled_from(EVERY_TABLE),
    numbers=st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 20)),
    is_thorough=st.booleans(),
)
@example(change=change_value, table="block", numbers=(0, 7, 0), is_thorough=True)
@pytest.mark.limit(300)
def test_any_change_of_any_file_is_found(scene, change, table, numbers, is_thorough):
    """Who had broken in took himself out of the records, and made all hashes anew."""
    with tempfile.TemporaryDirectory() as place:
        copy = pathlib.Path(shutil.copytree(scene.store, f"{place}/copy"))
        paths = [*(copy / f"{day}.sqlite" for day in days_of(copy)), copy / "holds/letter.sqlite"]
        path = paths[numbers[2] % len(paths)]
        before = content_of(path)
        was_there = change(path, table, numbers[0], numbers[1])
        if not was_there or (content_of(path) == before and change is not lay_out_anew):
            return
        is_hold = path.parent.name == "holds"
        if is_thorough and follows_all(path, paths[-2], change, table, numbers[1]):
            return  # behind the last head that was told anything may be said, if all hashes are right
        if is_thorough and not is_hold and change is not lay_out_anew:
            with contextlib.suppress(Exception):  # what cannot be made whole again is found without that
                rewrite(copy)
            if content_of(path) == before:
                return  # a hash that was changed is as it was
        assert faults(copy, scene.heads) != [], (change.__name__, path.name, table)


def follows_all(path: pathlib.Path, newest: pathlib.Path, change: object, table: str, column: int) -> bool:
    """Whether what was done is one more block behind all others."""
    return path == newest and change is insert_row and table == "block" and column % 3 != 0


def test_a_store_whose_hashes_were_all_made_anew_is_found_by_the_heads_alone(scene, copy):
    """A chain that holds in itself proves nothing about who wrote it: one user less, and all hashes right."""
    path = copy / "2026-03-08.sqlite"
    assert change_value(path, "flow", 0, 6)
    assert faults(copy) != []
    rewrite(copy)
    assert faults(copy) == []
    told = faults(copy, scene.heads)
    assert told != []
    assert all("is not what was there when its head was noted" in fault for fault in told)


def test_what_is_younger_than_the_last_head_is_not_vouched_for(scene, copy):
    """How far the check reaches must be known: as far as the last head that the logger has."""
    path = copy / f"{days_of(copy)[-1]}.sqlite"
    blocks = len(content_of(path)["block"])
    store = store_in(copy, Clock(scene_clock() + DAY_S + 60), SHORT)
    store.add(segment([flow(scene_clock(), 999)], 99))
    later = store.head()
    store.close()
    assert len(content_of(path)["block"]) == blocks + 1
    truncate(path, "", blocks, 0)
    assert faults(copy, scene.heads) == []
    assert any("was removed: it ends at" in fault for fault in faults(copy, (*scene.heads, later)))


@pytest.mark.parametrize("day", ["2026-03-04", "2026-03-06", "2026-03-09"])
def test_a_day_that_retention_did_not_remove_is_missed(day, scene, copy):
    """The oldest, one in the middle, the newest: each could have been the day of the attack."""
    remove_day(copy, day)
    assert faults(copy, scene.heads) != []


def test_days_that_are_gone_from_the_old_end_are_not_taken_for_retired(scene, copy):
    """Removing all that is old looks most like retention."""
    for day in days_of(copy)[:4]:
        remove_day(copy, day)
    assert any("retention did not remove it" in fault for fault in faults(copy))


def test_all_days_gone_is_no_new_store(scene, copy):
    """An empty directory has a whole chain."""
    for day in days_of(copy):
        remove_day(copy, day)
    assert len(faults(copy, scene.heads)) >= 1
    shutil.rmtree(copy)
    assert faults(copy, scene.heads) != []


def test_files_that_changed_places_are_found(scene, copy):
    """Tuesday's file says that it is Wednesday."""
    one, other = copy / "2026-03-05.sqlite", copy / "2026-03-06.sqlite"
    one.rename(copy / "x")
    other.rename(one)
    (copy / "x").rename(other)
    assert any("the file holds the day" in fault for fault in faults(copy))


@pytest.mark.parametrize("whole", [True, False])
def test_an_older_copy_of_the_store_is_found(whole, scene, copy):
    """From last night's backup: every hash of it is right."""
    if whole:
        assert faults(scene.older, scene.heads) != []
        return
    shutil.copy(scene.older / "2026-03-08.sqlite", copy / "2026-03-08.sqlite")
    assert faults(copy) != []


def test_the_newest_day_cut_short_is_found_by_the_heads_alone(scene, copy):
    """Nothing comes after it that could tell."""
    truncate(copy / f"{days_of(copy)[-1]}.sqlite", "", 1, 0)
    assert faults(copy) == [] or all("hold" not in fault for fault in faults(copy))
    assert any("was removed: it ends at" in fault for fault in faults(copy, scene.heads))


@pytest.mark.parametrize("what", ["removed", "changed", "emptied", "another's"])
def test_keys_that_went_before_their_time_are_missed(what, scene, copy):
    """Nobody can be told any more, and it looks like pseudonymising."""
    keys = copy / "keys/2026-03-07.keys"
    text = keys.read_text()
    match what:
        case "removed":
            keys.unlink()
        case "changed":
            keys.write_text(text.replace("user0@", "user1@").replace("zoe@", "zoo@"))
        case "emptied":
            keys.write_text("")
        case "another's":
            shutil.copy(copy / "keys/2026-03-08.keys", keys)
    assert any("2026-03-07" in fault and "keys" in fault for fault in faults(copy))


@pytest.mark.parametrize("suffix", [".sqlite", ".json", "all"])
def test_a_hold_that_was_removed_and_not_released_is_missed(suffix, scene, copy):
    """Retention had removed the rest by then."""
    for path in (copy / "holds").glob("letter.*"):
        if suffix in {path.suffix, "all"}:
            path.unlink()
    assert any("hold letter" in fault for fault in faults(copy))


def test_a_hold_whose_manifest_says_something_else_is_found(scene, copy):
    """Who made it, and what for, is part of the chain of custody."""
    rename_hold(copy)
    assert any("is not what was noted" in fault for fault in faults(copy))


def test_a_hold_that_was_made_anew_is_found(scene, copy):
    """With one flow less in it, and every hash right."""
    now = Clock(scene_clock())
    holds = StoreHolds(copy, wall_s=now)
    for path in (copy / "holds").glob("letter.*"):
        path.unlink()
    holds.hold("letter", why="an attack", by="officer", stays=StaysSought())
    assert any("is not what was noted" in fault for fault in faults(copy))


def scene_clock() -> float:
    return MARCH_1 + 3600 + 7 * DAY_S


def test_a_released_hold_is_gone_and_no_fault(scene, copy):
    """The court is done; its records must not stay for ever."""
    clock = Clock(scene_clock() + DAY_S)
    StoreHolds(copy, wall_s=clock).release("letter", by="officer")
    assert faults(copy) == []
    store = store_in(copy, clock, SHORT)
    store.upkeep(may_retire=False)
    assert list((copy / "holds").glob("letter*")) == []
    assert faults(copy, scene.heads) == []
    store.upkeep()
    store.close()
    assert faults(copy, scene.heads) == []


def test_a_record_added_by_hand_in_a_retired_past_is_found(scene, copy):
    """What is noted of retention is on the chain as well."""
    assert change_value(copy / f"{days_of(copy)[-1]}.sqlite", "seen", 0, 5)
    assert faults(copy) != []


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 30)),
        st.tuples(st.just("days"), st.integers(1, 9)),
        st.tuples(st.just("upkeep"), st.booleans()),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("hold"), st.integers(0, 3)),
        st.tuples(st.just("release"), st.integers(0, 3)),
        st.tuples(st.just("back"), st.integers(1, 3)),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(steps=steps)
@pytest.mark.limit(300)
def test_whatever_the_daemon_does_is_never_called_tampering(steps):
    """Days without records, restarts, clocks that go back, holds, retention: the check stays believed."""
    with tempfile.TemporaryDirectory() as place:
        life = Life(pathlib.Path(place))
        for what, number in steps:
            getattr(life, what)(number)
            life.heads.append(life.store.head())
        assert faults(life.directory, tuple(life.heads)) == []
        life.store.close()
        assert faults(life.directory, tuple(life.heads)) == []


class Life:
    """A store, and what may happen to it."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.clock = Clock()
        self.store = store_in(directory, self.clock, SHORT)
        self.heads: list[Head] = []
        self.number = 0

    def add(self, count: int) -> None:
        now, self.number = self.clock.now, self.number + 1
        flows = [flow(now, self.number * 100 + number) for number in range(count)]
        over = [flow_over(one, now + 1) for one in flows[::2]]
        self.store.add(segment([*flows, job(now, count, f"user{count % 4}@x"), *over], self.number))

    def days(self, count: int) -> None:
        self.clock.now += count * DAY_S

    def back(self, count: int) -> None:
        self.clock.now -= count * 7000

    def upkeep(self, may_retire: bool) -> None:
        self.store.upkeep(may_retire=may_retire)

    def restart(self, _: int) -> None:
        self.store.close()
        self.store = store_in(self.directory, self.clock, SHORT)

    def hold(self, number: int) -> None:
        holds = StoreHolds(self.directory, wall_s=self.clock)
        if f"h{number}" not in {held.name for held in holds.holds()}:
            holds.hold(f"h{number}", why="w", by="b", jobs=JobsSought(), flows=FlowsSought())

    def release(self, number: int) -> None:
        holds = StoreHolds(self.directory, wall_s=self.clock)
        if f"h{number}" in {held.name for held in holds.holds()}:
            holds.release(f"h{number}", by="officer")
