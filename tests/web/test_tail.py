"""Following the newest day: what it hides and shows goes on over midnight."""

import pathlib

from shepherd.cli.web_tail import MOST_NAMES, Tail
from shepherd.core.records import bans_body
from shepherd.errors import LedgerUnavailable
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.stop import Ban, BanKind
from shepherd.views.web.persons import EVERYBODY
from tests.edges.ledgers import DAY_S, MARCH_1, ledger_in, note

MIDNIGHT = MARCH_1 + DAY_S


def asked_by(who: str, at_s: float) -> Entry:
    """Somebody's word."""
    return Entry(at_s=at_s, kind=EntryKind.INTENT, cause=f"i-{who}", body={"kind": "flockoff", "who": who, "why": "x"})


def test_who_ordered_something_late_in_the_evening_is_hidden_on_the_next_day(tmp_path: pathlib.Path) -> None:
    """Carol stopped flocking at ten to midnight, and all the next day her name stood on the screen in the corridor."""
    ledger, tail = ledger_in(tmp_path), Tail(tmp_path)
    ledger.append([asked_by("alice", MIDNIGHT - 7200)])
    assert tail.names() == {"alice"}
    ledger.append([asked_by("carol", MIDNIGHT - 600)])
    ledger.append([asked_by("bob", MIDNIGHT + 600)])
    ledger.close()
    assert tail.names() == {"alice", "bob", "carol"}


def test_a_day_that_could_not_be_read_for_a_moment_is_read_again(tmp_path: pathlib.Path, monkeypatch) -> None:
    """One question met a lock, and whoever was named on that day was never hidden again."""
    ledger, tail = ledger_in(tmp_path), Tail(tmp_path)
    ledger.append([asked_by("carol", MIDNIGHT - 600)])
    ledger.append([asked_by("bob", MIDNIGHT + 600)])
    ledger.close()

    def locked(*_about: object, **_more: object) -> None:
        raise LedgerUnavailable("the database is locked")

    with monkeypatch.context() as patched:
        patched.setattr("shepherd.edges.ledger_past.records_of", locked)
        assert tail.names() == frozenset()
    assert tail.names() == {"bob", "carol"}


def test_a_day_that_is_just_being_begun_is_the_newest_soon(tmp_path: pathlib.Path) -> None:
    """A page was asked for in the tenth of a second in which the day's file was made, and told of yesterday all day."""
    ledger, tail = ledger_in(tmp_path), Tail(tmp_path)
    ledger.append([note("evening", MIDNIGHT - 600)])
    [evening] = tail.days()
    begun = evening.with_name("2026-03-02.sqlite")
    begun.touch()
    assert tail.days() == [evening]
    ledger.append([note("morning", MIDNIGHT + 1)])
    ledger.close()
    assert tail.days() == [begun, evening]


def test_whom_a_ban_is_for_is_hidden_like_who_ordered_it(tmp_path: pathlib.Path) -> None:
    """A user was banned, and "mallory mines" stood in the reasons of the day for everybody."""
    ban = Ban(kind=BanKind.USER, value="mallory@campus.example", at_s=MARCH_1, until_s=None, who="eva", why="mines")
    ledger, tail = ledger_in(tmp_path), Tail(tmp_path)
    ledger.append([Entry(at_s=MARCH_1, kind=EntryKind.BANS, cause="i-1", body=bans_body([ban]))])
    ledger.close()
    assert tail.names() == {"eva", "mallory", "mallory@campus.example"}


def test_more_names_than_are_looked_for_are_everybody(tmp_path: pathlib.Path) -> None:
    """Those that came last in the alphabet were not hidden."""
    ledger, tail = ledger_in(tmp_path), Tail(tmp_path)
    ledger.append([asked_by(f"user{number}", MARCH_1) for number in range(MOST_NAMES)])
    assert len(tail.names()) == MOST_NAMES
    ledger.append([asked_by("zoe", MARCH_1 + 1)])
    ledger.close()
    assert tail.names() == {EVERYBODY}
