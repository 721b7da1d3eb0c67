"""Recording, and what becomes of records while nothing can be recorded."""

import pytest

from shepherd.errors import LedgerUnavailable
from shepherd.model.entry import Entry, EntryKind
from shepherd.programs.diary import Diary
from tests.build import NOW


class Disk:
    """A ledger that can be full, and a clock that stands still."""

    def __init__(self) -> None:
        self.kept: list[Entry] = []
        self.full = False
        self.tries = 0

    def append(self, entries):
        self.tries += 1
        if self.full:
            raise LedgerUnavailable("no space")
        self.kept += entries

    def wall_s(self) -> float:
        return NOW

    def words(self) -> list[str]:
        return [entry.kind.value if entry.kind is EntryKind.GAP else entry.cause for entry in self.kept]


def entry(cause: str) -> Entry:
    return Entry(at_s=NOW, kind=EntryKind.STEP, cause=cause)


@pytest.fixture(name="disk")
def a_disk() -> Disk:
    return Disk()


@pytest.fixture(name="diary")
def a_diary(disk: Disk) -> Diary:
    return Diary(disk, disk, lambda *_, **__: None)  # type: ignore[arg-type]


def test_in_a_gap_only_the_probe_asks_the_disk(disk, diary):
    """Two hundred hosts that came home asked a full disk eight hundred times a second."""
    disk.full = True
    assert [diary.write([entry(f"{n}")]) for n in range(100)] == [False] * 100
    assert disk.tries == 1
    disk.full = False
    assert not diary.write([entry("100")])
    diary.probe()
    assert (disk.tries, diary.works, diary.problem) == (2, True, "")
    assert disk.words() == ["gap"]
    assert disk.kept[0].body["lost_entries"] == 101


def test_what_is_owed_is_recorded_right_after_the_gap_and_is_not_lost(disk, diary):
    """The end of a lend came to be written after the next lend of the same host, and ended that one."""
    disk.full = True
    diary.write([entry("lost")])
    diary.write([entry("end of p201"), entry("cooling of p201")], owed=True)
    diary.probe()
    disk.full = False
    diary.probe()
    diary.probe()
    diary.write([entry("next lend of p201")])
    assert disk.words() == ["gap", "end of p201", "cooling of p201", "next lend of p201"]
    assert disk.kept[0].body["lost_entries"] == 1


def test_a_daemon_that_stops_after_the_disk_was_freed_records_what_it_owes(disk, diary):
    """A restart right after making space lost the ends of all the lends of the night."""
    disk.full = True
    diary.write([entry("end of p201")], owed=True)
    disk.full = False
    diary.life("stopped")
    assert disk.words() == ["gap", "end of p201", "daemon"]
