"""What the dashboard reads of the ledger, and what it makes of it when that fails."""

from shepherd.cli import web_board
from shepherd.edges.ledger_present import NAME, read_present
from shepherd.errors import LedgerUnavailable
from tests.cli.sites import Site, body
from tests.web.conftest import board_of


def site_in(place) -> Site:
    """One that a daemon has shown something of."""
    site = Site(place)
    ledger = site.ledger()
    ledger.publish_present(body())
    ledger.close()
    return site


def test_versions_of_two_processes_are_not_alike(tmp_path, monkeypatch) -> None:
    """After an upgrade a page that had been paused was told what had changed since another page of the same number: it
    said "live", and half of it was of before."""
    site, found = site_in(tmp_path), []
    for began_s in (1.8e9, 1.8e9 + 3):
        monkeypatch.setattr("shepherd.edges.clock.SystemClock.wall_s", lambda _, began_s=began_s: began_s)
        found.append(board_of(site.ledger_place).current().version)
    assert found[1] - found[0] > 1000


def test_one_read_that_fails_is_made_good(tmp_path, monkeypatch) -> None:
    """The daemon was dead, so nothing was written anew, and "nothing new can be read" stood there for the weekend."""
    site = site_in(tmp_path)
    monkeypatch.setattr(web_board, "LOOK_S", 0.0)
    board = board_of(site.ledger_place)
    assert board.current().trouble == ""

    def locked(_directory: object) -> None:
        raise LedgerUnavailable("the database is locked")

    monkeypatch.setattr(web_board, "read_present", locked)
    (site.ledger_place / NAME).touch()
    assert board.current().trouble == "the database is locked"
    monkeypatch.setattr(web_board, "read_present", read_present)
    assert board.current().trouble == ""
