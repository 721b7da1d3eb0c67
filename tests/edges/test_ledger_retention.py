"""What of the ledger is kept for how long, and that the rest still holds."""

import math
import pathlib

import pytest

from shepherd.edges.ledger import SqliteLedger
from shepherd.edges.ledger_retention import Keeping
from shepherd.model.chain import Head
from shepherd.model.entry import EntryKind
from tests.edges.ledgers import DAY_S, MARCH_1, faults, ledger_in, note, rows, switch, switched, texts, verified
from tests.edges.test_ledger_verify import tampering

TEN = Keeping(keep_days=10)
DAYS = 20


@pytest.fixture(name="ledger")
def ledger_of_twenty_days(tmp_path: pathlib.Path):
    """A lend that began on the first day, and one note a day."""
    ledger = ledger_in(tmp_path)
    ledger.append([switched(switch("p1"))])
    for day in range(DAYS):
        ledger.append([note(f"{day}", at(day))])
    yield ledger
    ledger.close()


def at(day: float) -> float:
    """Noon of a day, counted from March 1."""
    return MARCH_1 + (day + 0.5) * DAY_S


def kept(directory: pathlib.Path) -> list[str]:
    return sorted(path.stem for path in directory.glob("*.sqlite"))


def test_days_go_when_it_is_time_and_not_before(ledger: SqliteLedger, tmp_path: pathlib.Path):
    """A month of snapshots of a large pool is a gigabyte, and nobody had ever removed one."""
    ledger.retire(at(10) - DAY_S, TEN)
    assert len(kept(tmp_path)) == DAYS
    ledger.retire(at(19), TEN)
    assert kept(tmp_path)[0] == "2026-03-10"
    assert texts(tmp_path) == [str(day) for day in range(9, DAYS)]
    assert not list(tmp_path.glob("2026-03-0*"))


def test_while_nothing_is_old_enough_no_day_is_opened(ledger: SqliteLedger, monkeypatch):
    """Each minute the writer had waited until four hundred files had been opened."""
    opened: list[object] = []
    monkeypatch.setattr("shepherd.edges.ledger_files.first_seq_of", opened.append)
    ledger.retire(at(9), TEN)
    ledger.retire(at(19), Keeping(keep_days=10, since_s=MARCH_1))
    assert opened == []


def test_what_stays_holds_from_its_first_day_on_and_says_what_went(ledger: SqliteLedger, tmp_path: pathlib.Path):
    """Whoever verified the ledger could not tell days that were removed in order from such that somebody took away."""
    noted = verified(tmp_path).head
    old, last = (Head(seq=rows(tmp_path)[at].seq, hash=rows(tmp_path)[at].hash) for at in (3, 9))
    ledger.retire(at(19), TEN)
    found = verified(tmp_path, noted, old, last)
    assert found.faults == ()
    assert (found.unchecked, found.retired and found.retired.through) == (1, "2026-03-09")
    assert found.first_seq == rows(tmp_path)[0].seq == 11
    assert [str(host) for host in ledger.switches()] == ["p1"]


def test_a_daemon_that_starts_later_knows_what_began_on_a_day_that_went(ledger: SqliteLedger, tmp_path: pathlib.Path):
    """The lend of a host that was out for a year was forgotten with its first day."""
    ledger.retire(at(19), TEN)
    ledger.close()
    again = ledger_in(tmp_path)
    again.append([note("next", at(20))])
    assert [str(host) for host in again.switches()] == ["p1"]
    again.close()
    assert faults(tmp_path) == []


def test_more_than_retention_took_is_still_found(ledger: SqliteLedger, tmp_path: pathlib.Path):
    """Pruning must not be an excuse for one day more."""
    heads = [Head(seq=row.seq, hash=row.hash) for row in rows(tmp_path)]
    ledger.retire(at(19), TEN)
    ledger.close()
    for day in (10, 11):
        (tmp_path / f"2026-03-{day}.sqlite").unlink()
    (fault,) = faults(tmp_path, *heads[9:12])
    assert "record 11: cannot be checked" in fault


def test_an_oldest_day_that_continues_something_else_is_found(ledger: SqliteLedger, tmp_path: pathlib.Path):
    """The first day that is left has none before it to be held against: the record of what went has its end."""
    ledger.retire(at(19), TEN)
    ledger.close()
    with tampering(tmp_path, 10) as connection:
        connection.execute("UPDATE opening SET previous_hash = ?", ("ab" * 32,))
    assert any("does not continue 2026-03-09, which retention removed" in fault for fault in faults(tmp_path))


def test_what_is_removed_is_on_record_before_and_once(ledger: SqliteLedger, tmp_path: pathlib.Path, monkeypatch):
    """A crash between the record and the removal: the next upkeep removes, and does not tell it again."""
    with monkeypatch.context() as patched:
        patched.setattr("shepherd.edges.day_files.remove", lambda _path: None)
        ledger.retire(at(19), TEN)
    assert len(kept(tmp_path)) == DAYS
    assert verified(tmp_path).faults == ()
    ledger.retire(at(19), TEN)
    ledger.retire(at(19), TEN)
    assert [row.kind for row in rows(tmp_path)].count(EntryKind.RETIRED.value) == 1
    assert kept(tmp_path)[0] == "2026-03-10"
    ledger.retire(at(21), TEN)
    assert [row.kind for row in rows(tmp_path)].count(EntryKind.RETIRED.value) == 2
    assert faults(tmp_path) == []


def test_the_day_that_is_open_stays_however_old_it_is(tmp_path: pathlib.Path):
    """A shepherd that was off for two years removed what it had known last."""
    ledger = ledger_in(tmp_path)
    ledger.append([switched(switch("p1"))])
    ledger.retire(at(900), TEN)
    assert kept(tmp_path) == ["2026-03-01"]
    ledger.append([note("back", at(900))])
    ledger.retire(at(900), TEN)
    ledger.close()
    assert kept(tmp_path) == ["2028-08-17"]
    again = ledger_in(tmp_path)
    assert [str(host) for host in again.switches()] == ["p1"]
    again.close()


@pytest.mark.parametrize(("since_s", "oldest"), [(at(3), "2026-03-04"), (-math.inf, "2026-03-01")])
def test_nothing_goes_that_is_as_young_as_what_is_on_hold(ledger: SqliteLedger, tmp_path, since_s: float, oldest: str):
    """The officer's hold kept who ran what, and why the host was lent to them was gone."""
    ledger.retire(at(19), Keeping(keep_days=10, since_s=since_s))
    assert kept(tmp_path)[0] == oldest
    assert faults(tmp_path) == []


def test_for_ever_is_for_ever(ledger: SqliteLedger, tmp_path: pathlib.Path):
    """Some sites have to keep all of it."""
    ledger.retire(at(9999), Keeping(keep_days=0))
    assert len(kept(tmp_path)) == DAYS


def test_a_day_of_a_clock_that_was_ahead_does_not_keep_what_is_before_it(tmp_path: pathlib.Path):
    """One day of 2040 in the middle, and nothing was ever removed again."""
    ledger = ledger_in(tmp_path)
    for when in (0, 5000, 1, 2, 30):
        ledger.append([note(f"{when}", at(when))])
    ledger.retire(at(30), TEN)
    ledger.close()
    assert texts(tmp_path) == ["30"]
    assert faults(tmp_path) == []


def test_a_damaged_day_goes_with_those_around_it(ledger: SqliteLedger, tmp_path: pathlib.Path):
    """One bad block had kept all older days for ever."""
    (tmp_path / "2026-03-04.sqlite").write_bytes(b"\xff" * 8192)
    ledger.retire(at(19), TEN)
    assert kept(tmp_path)[0] == "2026-03-10"
    assert faults(tmp_path) == []
