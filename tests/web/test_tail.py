"""Following the newest day: what it hides and shows goes on over midnight."""

import pathlib

from shepherd.cli.web_tail import Tail
from shepherd.errors import LedgerUnavailable
from shepherd.model.entry import Entry, EntryKind
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
