"""The ledger on a full disk: refused at the price of one attempt, not of reading a day again."""

import sqlite3

import pytest

from shepherd.edges import day_files
from shepherd.errors import LedgerUnavailable
from tests.edges.ledgers import DAY_S, MARCH_1, faults, home, ledger_in, note, switch, switched, texts

ROOMY = 1 << 20
"""Pages."""


class Disk:
    """Full for every connection that was opened to write, and counting what is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened = 0
        self.pages = ROOMY
        self.connections: list[sqlite3.Connection] = []
        for name in ("open_to_write", "open_to_read"):
            monkeypatch.setattr(day_files, name, self.counting(getattr(day_files, name)))

    def counting(self, really):
        def opened(path):
            self.opened += 1
            connection = really(path)
            connection.execute(f"PRAGMA max_page_count = {self.pages}")
            self.connections.append(connection)
            return connection

        return opened

    def fill(self) -> None:
        self.limit(1)  # SQLite makes of it as many pages as there are

    def free(self) -> None:
        self.limit(ROOMY)

    def limit(self, pages: int) -> None:
        self.pages = pages
        for connection in self.connections:
            try:
                connection.execute(f"PRAGMA max_page_count = {pages}")
            except sqlite3.ProgrammingError:
                self.connections = [other for other in self.connections if other is not connection]


@pytest.fixture(name="disk")
def a_disk_that_can_be_full(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def big(text: str, at_s: float = MARCH_1):
    """A record that needs a page of its own."""
    return note(text + "x" * 9000, at_s)


def test_a_full_disk_costs_no_second_reading_of_the_day(disk, tmp_path):
    """With the disk full, the daemon read all records of the day again at every write, and hosts came home late."""
    ledger = ledger_in(tmp_path)
    ledger.append([note("one"), switched(switch("p220"))])
    disk.fill()
    before = disk.opened
    for number in range(20):
        with pytest.raises(LedgerUnavailable, match="free space"):
            ledger.append([home("p220"), big(f"lost {number}")])
        assert set(ledger.switches()) == {"p220"}
    assert disk.opened == before
    disk.free()
    ledger.append([note("two"), home("p220")])
    assert ledger.switches() == {}
    ledger.close()
    assert texts(tmp_path) == ["one", "two"]
    assert faults(tmp_path) == []


def test_a_day_that_could_not_begin_on_a_full_disk_begins_later(disk, tmp_path):
    """The disk was full at midnight: the partition of yesterday was closed, and nothing could be written any more."""
    ledger = ledger_in(tmp_path)
    ledger.append([note("one"), switched(switch("p220"))])
    disk.fill()
    for _ in range(2):
        with pytest.raises(LedgerUnavailable, match="free space"):
            ledger.append([note("lost", MARCH_1 + DAY_S)])
    assert set(ledger.switches()) == {"p220"}
    disk.free()
    ledger.append([note("two", MARCH_1 + DAY_S)])
    ledger.close()
    assert texts(tmp_path) == ["one", "two"]
    assert faults(tmp_path) == []


def test_a_partition_that_is_not_as_it_was_left_is_read_again(disk, tmp_path):
    """A full disk came together with a record of somebody else; the chain went on from the wrong end."""
    ledger = ledger_in(tmp_path)
    ledger.append([note("one")])
    other = sqlite3.connect(tmp_path / "2026-03-01.sqlite", isolation_level=None)
    other.execute("INSERT INTO record SELECT seq + 1, at_s, kind, host, cause, body, hash FROM record")
    other.close()
    disk.fill()
    before = disk.opened
    for _ in range(2):
        with pytest.raises(LedgerUnavailable):
            ledger.append([big("lost")])
    assert disk.opened > before
    ledger.close()
