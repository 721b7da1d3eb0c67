"""What somebody asked is recorded by the daemon, and changes nothing."""

import pathlib

from shepherd.edges.spool import FileSpool, leave
from shepherd.errors import LedgerUnavailable
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.flockoff import OffFile
from shepherd.model.intents import IntentKind
from shepherd.programs.diary import Diary
from shepherd.programs.latch import Latch
from tests.build import NOW


class Place:
    """A ledger that can be full, a clock, and no flockoff file."""

    def __init__(self, spool: FileSpool) -> None:
        self.kept: list[Entry] = []
        self.full = False
        self.spool = spool
        diary = Diary(self, self, self.log)  # type: ignore[arg-type]
        self.latch = Latch(
            ledger=self, diary=diary, spool=spool, off_switch=self, clock=self, log=self.log, latch=True,  # type: ignore[arg-type]
        )  # fmt: skip
        self.diary = diary

    def append(self, entries):
        if self.full:
            raise LedgerUnavailable("no space")
        self.kept += entries

    def last(self, kind: str) -> None:
        return None

    def wall_s(self) -> float:
        return NOW

    def log(self, *_args: object, **_fields: object) -> None:
        return None

    def __call__(self) -> OffFile:
        return self.look()

    def look(self) -> OffFile:
        return OffFile(present=False)


def test_a_use_of_the_record_is_recorded_with_what_was_asked(tmp_path: pathlib.Path):
    """The daemon did not know the kind, and the files of who had asked lay in the spool until somebody cleaned up."""
    place = Place(FileSpool(tmp_path, lambda *_a, **_k: None))
    ident = leave(tmp_path, IntentKind.ASKED, why="shepherd trace", about={"nat_port": "41822", "login": "olga"})
    assert place.latch.look() is False
    (entry,) = place.kept
    assert (entry.kind, entry.cause) == (EntryKind.INTENT, ident)
    assert entry.body["about"] == {"nat_port": "41822", "login": "olga"}
    assert place.latch.now is None
    assert list(place.spool.waiting()) == []


def test_a_use_that_cannot_be_recorded_waits(tmp_path: pathlib.Path):
    """The ledger's disk was full for an hour, and of that hour nobody knew who had looked at whom."""
    place = Place(FileSpool(tmp_path, lambda *_a, **_k: None))
    leave(tmp_path, IntentKind.ASKED, about={"user": "alice@campus"})
    place.full = True
    place.latch.look()
    assert (place.kept, len(place.spool.waiting())) == ([], 1)
    place.full = False
    place.diary.probe()
    place.latch.look()
    assert [entry.kind for entry in place.kept] == [EntryKind.GAP, EntryKind.INTENT]
    assert list(place.spool.waiting()) == []
