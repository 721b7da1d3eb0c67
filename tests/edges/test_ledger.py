"""The ledger: what was recorded is there, in order, after a restart, a new day, another writer."""

import contextlib
import os
import pathlib
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shepherd.edges.day_files import migrate, open_to_write
from shepherd.edges.ledger_files import MIGRATIONS
from shepherd.edges.ledger_present import read_present
from shepherd.edges.ledger_read import newest_standing
from shepherd.edges.writer_lock import writer_pid
from shepherd.errors import AnotherShepherd, InvariantBroken, LedgerUnavailable
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import HostName
from shepherd.model.orders import HostMemory, Stage
from tests.edges.ledgers import (
    DAY_S,
    MARCH_1,
    faults,
    home,
    ledger_in,
    note,
    remembered,
    rows,
    sum_of_all,
    switch,
    switched,
    texts,
)

HOLD = """
import pathlib, signal, sys
from shepherd.edges.writer_lock import WriterLock
WriterLock(pathlib.Path(sys.argv[1])).take()
print("taken", flush=True)
signal.pause()
"""


def shown(directory: pathlib.Path) -> object:
    """The body that was published last."""
    found = read_present(directory)
    return found[0] if found else None


@contextlib.contextmanager
def another_writer(directory: pathlib.Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that has the ledger's lock."""
    argv = [sys.executable, "-c", HOLD, str(directory)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "taken\n"
            yield process
        finally:
            process.kill()


def test_a_switch_is_remembered_over_a_restart(tmp_path):
    """A restarted daemon that forgot a lend would have left the host to its lease."""
    ledger = ledger_in(tmp_path)
    record, memory = switch(), HostMemory(failures=2, not_before_s=MARCH_1 + 600, last_problem="no image")
    ledger.append([switched(record), switched(switch("p221")), remembered("p221", memory)])
    ledger.append([home("p221")])
    ledger.close()
    again = ledger_in(tmp_path)
    assert again.switches() == {HostName("p220"): record}
    assert again.memories() == {HostName("p221"): memory}
    again.close()


def test_the_newest_of_a_kind_is_found_also_from_days_ago(tmp_path):
    """The flockoff of last week, forgotten at midnight, let flocking resume by itself."""
    ledger = ledger_in(tmp_path)
    off = Entry(at_s=MARCH_1, kind=EntryKind.FLOCKOFF, cause="flockoff", body={"who": "root"})
    ledger.append([off])
    ledger.append([note("later", MARCH_1 + 3 * DAY_S)])
    ledger.close()
    again = ledger_in(tmp_path)
    found = again.last("flockoff")
    again.close()
    assert found == off
    assert again.last("gap") is None


def test_a_new_day_begins_a_new_file_in_the_same_chain(tmp_path):
    """A ledger in one file could neither be pruned nor given to somebody by day."""
    ledger = ledger_in(tmp_path)
    for day in range(3):
        ledger.append([note(f"day {day}", MARCH_1 + day * DAY_S), note("more", MARCH_1 + day * DAY_S)])
    ledger.close()
    names = sorted(path.name for path in tmp_path.glob("2026*.sqlite"))
    assert names == ["2026-03-01.sqlite", "2026-03-02.sqlite", "2026-03-03.sqlite"]
    assert [row.seq for row in rows(tmp_path)] == [1, 2, 3, 4, 5, 6]
    assert faults(tmp_path) == []


def test_a_clock_set_back_does_not_reopen_a_day_that_is_over(tmp_path):
    """A host whose clock jumped to 2099 and back must not write into yesterday, or be stuck in 2099."""
    ledger = ledger_in(tmp_path)
    for at_s in (MARCH_1, MARCH_1 + 9000 * DAY_S, MARCH_1, MARCH_1 + DAY_S):
        ledger.append([note(str(at_s), at_s)])
        ledger.close()
        ledger = ledger_in(tmp_path)
    ledger.close()
    assert [row.seq for row in rows(tmp_path)] == [1, 2, 3, 4]
    assert (tmp_path / "2026-03-02.sqlite").exists()
    assert faults(tmp_path) == []


def test_what_stands_is_the_sum_of_all_records_from_the_first(tmp_path):
    """The shortcut (what a day carries over, and its own rows) and the long way must agree."""
    ledger = ledger_in(tmp_path)
    for step in range(40):
        at_s = MARCH_1 + step * DAY_S / 7
        host = f"p{step % 5}"
        stage = list(Stage)[step % len(Stage)]
        entries = [home(host, at_s)] if step % 3 == 0 else [switched(switch(host, stage), at_s)]
        ledger.append([*entries, remembered(f"p{step % 4}", HostMemory(failures=step), at_s), note("x", at_s)])
    ledger.close()
    assert newest_standing(tmp_path) == sum_of_all(tmp_path)
    assert newest_standing(tmp_path).bodies(EntryKind.SWITCH).keys() == {"p0", "p2", "p3"}


BODIES = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=5,
    ),
    max_size=4,
)
ENTRIES = st.builds(
    Entry,
    at_s=st.floats(min_value=0, max_value=4e9),
    kind=st.sampled_from([k for k in EntryKind if k not in {EntryKind.SWITCH, EntryKind.MEMORY}]),
    cause=st.text(st.characters(codec=None), max_size=8),
    host=st.sampled_from(["", "p1", "p2"]),
    body=BODIES,
)


@given(batches=st.lists(st.lists(ENTRIES, min_size=1, max_size=4), max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_recorded_is_read_back_and_the_chain_holds(batches):
    """Reasons come from strangers' ads: any text, any number, must neither be lost nor stop the record."""
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        ledger = ledger_in(place)
        for batch in batches:
            ledger.append(batch)
        ledger.close()
        written = [entry for batch in batches for entry in batch]
        read = [row.stored().entry for row in rows(place)]
        assert [(e.at_s, e.kind, e.host, e.body) for e in read] == [
            (e.at_s, e.kind, e.host, e.body) for e in written
        ]
        assert faults(place) == []
        assert newest_standing(place) == sum_of_all(place)


def test_a_body_that_is_not_json_is_a_defect_and_records_nothing(tmp_path):
    """Half a batch on record, for a mistake of ours, would break "all or nothing"."""
    ledger = ledger_in(tmp_path)
    bad = Entry(at_s=MARCH_1, kind=EntryKind.STEP, cause="x", body={"what": object()})
    with pytest.raises(InvariantBroken, match="cannot be kept"):
        ledger.append([note("good"), bad])
    ledger.append([note("next")])
    ledger.close()
    assert texts(tmp_path) == ["next"]


def test_records_cannot_be_changed_or_removed_by_sql(tmp_path):
    """A tidy-minded administrator with a shell in the database must be stopped by the database."""
    ledger = ledger_in(tmp_path)
    ledger.append([note("one")])
    ledger.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "2026-03-01.sqlite")) as connection:
        for deed in ("UPDATE record SET body = '{}'", "DELETE FROM record"):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                connection.execute(deed)
    assert texts(tmp_path) == ["one"]


def test_every_commit_is_on_the_disk_before_it_returns(tmp_path):
    """An order carried out and then lost in a power failure had no cause on record."""
    with contextlib.closing(open_to_write(tmp_path / "2026-03-01.sqlite")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_second_writer_is_refused_and_told_who_the_first_is(tmp_path):
    """Two daemons on one ledger would have broken the chain and ordered against each other."""
    with another_writer(tmp_path) as first:
        with pytest.raises(AnotherShepherd, match=f"process {first.pid}"):
            ledger_in(tmp_path)
        assert writer_pid(tmp_path) == first.pid
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert writer_pid(tmp_path) is None
        ledger_in(tmp_path).close()


def test_a_second_writer_in_the_same_process_is_refused(tmp_path):
    """The kernel gives a process its own lock twice, and asking carelessly takes it away."""
    ledger = ledger_in(tmp_path)
    with pytest.raises(AnotherShepherd):
        ledger_in(tmp_path)
    assert writer_pid(tmp_path) == os.getpid()
    ledger.close()
    ledger_in(tmp_path).close()


def test_the_view_is_replaced_and_notes_the_head(tmp_path):
    """`shepherd -s` showed a view of yesterday because the new one was added beside it."""
    ledger = ledger_in(tmp_path)
    ledger.append([note("one")])
    ledger.publish_present({"schema": 1, "n": 1})
    ledger.append([note("two")])
    ledger.publish_present({"schema": 1, "n": 2})
    found = read_present(tmp_path)
    ledger.close()
    assert found is not None
    assert found[0] == {"schema": 1, "n": 2}
    assert found[1].seq == 2


def test_a_damaged_view_is_put_aside_and_written_anew(tmp_path):
    """The view can be lost; that must never need a person."""
    (tmp_path / "present.sqlite").write_bytes(b"not a database at all" * 100)
    ledger = ledger_in(tmp_path)
    ledger.append([note("one")])
    ledger.publish_present({"schema": 1})
    ledger.close()
    assert shown(tmp_path) == {"schema": 1}
    assert (tmp_path / "present.sqlite.damaged").exists()


def test_a_damaged_newest_day_is_named_and_nothing_is_written_over_it(tmp_path):
    """Starting afresh over a damaged record would have destroyed the evidence."""
    ledger = ledger_in(tmp_path)
    ledger.append([note("one")])
    ledger.close()
    path = tmp_path / "2026-03-01.sqlite"
    damaged = b"\0" * path.stat().st_size
    path.write_bytes(damaged)
    again = ledger_in(tmp_path)
    with pytest.raises(LedgerUnavailable, match=r"2026-03-01\.sqlite.*keep .* aside"):
        again.append([note("two", MARCH_1 + DAY_S)])
    with pytest.raises(LedgerUnavailable):
        again.switches()
    again.close()
    assert path.read_bytes() == damaged


def test_after_a_damaged_day_is_put_aside_the_record_goes_on_and_says_so(tmp_path):
    """What a person repaired must be visible to whoever reads the record later."""
    ledger = ledger_in(tmp_path)
    ledger.append([note("one"), note("two", MARCH_1)])
    ledger.append([note("three", MARCH_1 + DAY_S)])
    ledger.publish_present({"schema": 1})
    ledger.close()
    (tmp_path / "2026-03-02.sqlite").rename(tmp_path / "aside")
    again = ledger_in(tmp_path)
    again.append([note("four", MARCH_1 + DAY_S)])
    gap = again.last("gap")
    again.close()
    assert gap is not None
    assert "record 3 was there and is missing" in str(gap.body["problem"])
    assert texts(tmp_path) == ["one", "two", "four"]


def test_a_damaged_old_day_does_not_stop_the_record(tmp_path):
    """A bad block under last March must not stop lending today; `ledger verify` tells of it."""
    ledger = ledger_in(tmp_path)
    ledger.append([note("one")])
    ledger.append([note("two", MARCH_1 + DAY_S)])
    ledger.close()
    (tmp_path / "2026-03-01.sqlite").write_bytes(b"\1" * 8192)
    again = ledger_in(tmp_path)
    again.append([note("three", MARCH_1 + DAY_S)])
    again.close()
    assert texts(tmp_path) == ["two", "three"]
    assert faults(tmp_path) == []


def test_a_day_whose_creation_was_interrupted_is_finished(tmp_path):
    """A crash exactly at midnight left an empty file, and no day after it could begin."""
    ledger = ledger_in(tmp_path)
    ledger.append([note("one")])
    ledger.close()
    (tmp_path / "2026-03-02.sqlite").touch()
    again = ledger_in(tmp_path)
    again.append([note("two", MARCH_1 + DAY_S)])
    again.close()
    assert texts(tmp_path) == ["one", "two"]
    assert [row.seq for row in rows(tmp_path)] == [1, 2]
    assert faults(tmp_path) == []


def test_a_partition_of_a_newer_shepherd_is_refused(tmp_path):
    """A downgrade that wrote old rows into a new schema would have spoiled both."""
    ledger = ledger_in(tmp_path)
    ledger.append([note("one")])
    ledger.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "2026-03-01.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 99")
    again = ledger_in(tmp_path)
    with pytest.raises(LedgerUnavailable, match=r"version 99.*newer shepherd"):
        again.append([note("two")])
    again.close()


def test_a_partition_of_an_older_shepherd_is_lifted_and_keeps_its_records(tmp_path):
    """The first upgrade that changes the schema must not be the first time migrations run."""
    ledger = ledger_in(tmp_path)
    ledger.append([note("one")])
    ledger.close()
    path = tmp_path / "2026-03-01.sqlite"
    newer = (*MIGRATIONS, "CREATE TABLE shelf (a TEXT NOT NULL) STRICT;\nCREATE INDEX shelf_a ON shelf (a);")
    with contextlib.closing(open_to_write(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        migrate(connection, path, newer)
        connection.execute("COMMIT")
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM shelf").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM record").fetchone() == (1,)


@contextlib.contextmanager
def without_permission_to_write(directory: pathlib.Path) -> Iterator[None]:
    """Act as a user who may only read `directory`."""
    directory.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        directory.chmod(0o755)


@pytest.mark.parametrize("alive", [True, False])
def test_a_user_who_may_only_read_sees_the_view_and_the_records(alive):
    """`shepherd -s` of an ordinary user failed as soon as the daemon had ended cleanly."""
    with tempfile.TemporaryDirectory() as made:
        directory = pathlib.Path(made) / "ledger"
        pathlib.Path(made).chmod(0o755)
        ledger = ledger_in(directory)
        ledger.append([note("one")])
        ledger.publish_present({"schema": 1})
        if not alive:
            ledger.close()
        with without_permission_to_write(directory):
            assert shown(directory) == {"schema": 1}
            assert texts(directory) == ["one"]
        ledger.close()


def test_the_ledger_of_a_directory_that_cannot_be_made_is_unavailable(tmp_path):
    """A state directory that is a file must be named, not traced."""
    (tmp_path / "state").touch()
    with pytest.raises(LedgerUnavailable, match=r"writer\.lock cannot be opened"):
        ledger_in(tmp_path / "state")


def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path):
    """Whoever may write into the directory could have had the daemon create files elsewhere."""
    (tmp_path / "writer.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LedgerUnavailable):
        ledger_in(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_the_lock_file_can_be_asked_by_everybody_and_written_by_one(tmp_path):
    """Whether the daemon runs is asked without any permission to write."""
    ledger = ledger_in(tmp_path)
    mode = stat.S_IMODE((tmp_path / "writer.lock").stat().st_mode)
    ledger.close()
    assert mode & 0o022 == 0
