"""What somebody with a shell in the ledger's directory can do, `ledger verify` finds."""

import contextlib
import pathlib
import sqlite3

import pytest

from shepherd.model.chain import Head, Row, row_hash
from tests.edges.ledgers import DAY_S, MARCH_1, faults, ledger_in, note, rows, switch, switched, verified

DAYS = 3
PER_DAY = 4


@pytest.fixture(name="ledger")
def ledger_of_three_days(tmp_path: pathlib.Path) -> pathlib.Path:
    """Records 1 to 12, four a day; the view noted the head 12."""
    writer = ledger_in(tmp_path)
    for day in range(DAYS):
        for number in range(PER_DAY - 1):
            writer.append([note(f"{day}.{number}", MARCH_1 + day * DAY_S)])
        writer.append([switched(switch(f"p{day}"), MARCH_1 + day * DAY_S)])
    writer.publish_present({"schema": 1})
    writer.close()
    return tmp_path


@contextlib.contextmanager
def tampering(directory: pathlib.Path, day: int):
    """The database of a day, its triggers removed: whoever can do that can do anything."""
    path = directory / f"2026-03-{day:02}.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for trigger in ("record_is_never_changed", "record_is_never_removed"):
            connection.execute(f"DROP TRIGGER {trigger}")
        yield connection


def test_an_untouched_record_is_whole(ledger):
    """A check that cries wolf is switched off."""
    result = verified(ledger)
    assert result.faults == ()
    assert (result.partitions, result.records, result.first_seq, result.head.seq) == (3, 12, 1, 12)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at_s", MARCH_1 + 1), ("kind", "gap"), ("host", "p9"), ("cause", "other"),
        ("body", '{"text":"altered"}'), ("hash", "0" * 64),
    ],
)  # fmt: skip
def test_an_altered_field_is_found_at_its_record(ledger, column, value):
    """The reason of an order, made nicer afterwards."""
    with tampering(ledger, 2) as connection:
        connection.execute(f"UPDATE record SET {column} = ? WHERE seq = 6", (value,))  # noqa: S608
    found = faults(ledger)
    assert found
    assert found[0].startswith("2026-03-02, record 6: does not fit its hash")


def test_an_altered_record_with_a_new_hash_is_found_at_the_next(ledger):
    """Whoever can alter a record can compute its hash; not those of all that noted what follows."""
    with tampering(ledger, 3) as connection:
        before = connection.execute("SELECT hash FROM record WHERE seq = 9").fetchone()[0]
        seq, at_s, kind, host, cause = connection.execute(
            "SELECT seq, at_s, kind, host, cause FROM record WHERE seq = 10"
        ).fetchone()
        forged = Row(seq=seq, at_s=at_s, kind=kind, host=host, cause=cause, body='{"text":"nicer"}', hash="")
        connection.execute(
            "UPDATE record SET body = ?, hash = ? WHERE seq = 10", (forged.body, row_hash(before, forged))
        )
    assert [fault.partition(":")[0] for fault in faults(ledger)] == ["2026-03-03, record 11"]


@pytest.mark.parametrize("seq", [5, 6, 7])
def test_a_removed_record_is_found(ledger, seq):
    """The one order nobody wanted to explain."""
    with tampering(ledger, 2) as connection:
        connection.execute("DELETE FROM record WHERE seq = ?", (seq,))
    found = faults(ledger)
    assert f"2026-03-02, record {seq + 1}: follows record {seq - 1}: records between were removed" in found


@pytest.mark.parametrize(("day", "seq", "where"), [(1, 4, "2026-03-02, record 5"), (3, 12, "2026-03-03, record 12")])
def test_a_day_cut_short_is_found_by_the_next_day_or_by_the_view(ledger, day, seq, where):
    """The end of a chain fits any chain: only what was noted elsewhere shows that it was longer."""
    with tampering(ledger, day) as connection:
        connection.execute("DELETE FROM record WHERE seq = ?", (seq,))
    assert any(fault.startswith(where) and "removed" in fault for fault in faults(ledger))


def test_two_records_that_changed_places_are_found(ledger):
    """First the order, then the cause: the wrong way round it looks like a defect of the shepherd."""
    with tampering(ledger, 2) as connection:
        connection.execute("UPDATE record SET seq = 100 WHERE seq = 5")
        connection.execute("UPDATE record SET seq = 5 WHERE seq = 6")
        connection.execute("UPDATE record SET seq = 6 WHERE seq = 100")
    assert any("2026-03-02, record 5: does not fit its hash" in fault for fault in faults(ledger))


def test_a_missing_day_is_named(ledger):
    """A day that was deleted as a whole leaves two files that both look well."""
    (ledger / "2026-03-02.sqlite").unlink()
    found = faults(ledger)
    assert any("the partition 2026-03-02 should come before it" in fault for fault in found)


def test_days_that_were_moved_to_an_archive_are_no_fault_and_are_said(ledger):
    """Pruning old days is allowed; it must not look like tampering, nor tampering like pruning."""
    (ledger / "2026-03-01.sqlite").unlink()
    result = verified(ledger)
    assert result.faults == ()
    assert result.first_seq == 5


def test_an_oldest_day_made_to_look_like_the_first_is_found(ledger):
    """Deleting the past and renumbering the present."""
    (ledger / "2026-03-01.sqlite").unlink()
    with tampering(ledger, 2) as connection:
        connection.execute("UPDATE opening SET previous_day = '', previous_hash = ?", ("0" * 64,))
    assert any("its beginning was altered" in fault for fault in faults(ledger))


def test_a_forged_sum_of_what_stood_is_found(ledger):
    """A lend struck out of what a day carries over would have been forgotten by the next daemon."""
    with tampering(ledger, 2) as connection:
        connection.execute("UPDATE opening SET carry = '[]'")
    found = faults(ledger)
    assert any("is not the sum of the records before it" in fault for fault in found)


def test_a_file_renamed_to_another_day_is_found(ledger):
    """March given out as April."""
    (ledger / "2026-03-03.sqlite").rename(ledger / "2026-03-04.sqlite")
    assert "2026-03-04, record 9: the file holds the day 2026-03-03" in faults(ledger)


def test_a_day_damaged_in_the_middle_is_found_where_it_ends(ledger):
    """A bad block: what is before it can still be shown, and is."""
    path = ledger / "2026-03-03.sqlite"
    writer = ledger_in(ledger)
    writer.append([note("x" * 3000, MARCH_1 + 2 * DAY_S) for _ in range(3000)])
    writer.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 8192] = b"\xff" * 8192
    path.write_bytes(content)
    found = faults(ledger)
    assert any("cannot be read" in fault or "follows record" in fault or "hash" in fault for fault in found)


def test_a_head_noted_down_elsewhere_shows_a_rewritten_record(ledger, tmp_path_factory):
    """Whoever owns the machine can rewrite all of it; a line in another machine's log shows it."""
    noted = verified(ledger).head
    forged = tmp_path_factory.mktemp("forged")
    writer = ledger_in(forged)
    for _ in range(DAYS * PER_DAY):
        writer.append([note("a nicer story")])
    writer.publish_present({"schema": 1})
    writer.close()
    assert faults(forged) == []
    assert any("is not the record that was there" in fault for fault in faults(forged, noted))
    assert faults(ledger, noted, Head(seq=1, hash=rows(ledger)[0].hash)) == []


def test_a_ledger_cut_short_while_the_daemon_was_down_says_so_itself(ledger):
    """After the next view nothing else would remember that there was more."""
    with tampering(ledger, 3) as connection:
        connection.execute("DELETE FROM record WHERE seq >= 11")
    writer = ledger_in(ledger)
    writer.append([note("next", MARCH_1 + 2 * DAY_S)])
    gap = writer.last("gap")
    writer.close()
    assert gap is not None
    assert "record 12 was there and is missing" in str(gap.body["problem"])


def test_a_head_that_was_noted_as_a_day_began_is_on_the_chain(ledger):
    """The daemon died at midnight between the new day and its first record; the head it had told accused it."""
    writer = ledger_in(ledger)
    writer._known()
    writer._open_newest()
    writer._day = writer._begin("2026-03-04")
    noted = writer.head()
    writer.close()
    writer = ledger_in(ledger)
    assert writer.head() == noted
    before = rows(ledger)[-1]
    assert noted.seq == before.seq
    assert noted.hash != before.hash
    writer.append([note("first", MARCH_1 + 3 * DAY_S)])
    writer.close()
    assert faults(ledger, noted, Head(seq=before.seq, hash=before.hash)) == []
    assert len(faults(ledger, Head(seq=noted.seq, hash="0" * 64))) == 1
