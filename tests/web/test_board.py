"""What the dashboard reads of the ledger, and what it makes of it when that fails."""

import grp
import itertools
import os
import pwd

from shepherd.cli import web_board
from shepherd.cli.web_board import LedgerBoard
from shepherd.cli.web_roles import RolesInFile
from shepherd.edges.ledger_present import NAME, read_present
from shepherd.edges.log import make_log
from shepherd.errors import LedgerUnavailable
from shepherd.model.role_settings import RoleSettings
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


def test_roles_are_those_that_the_settings_name_now(tmp_path) -> None:
    """Somebody was taken out of `[roles]` in March, and read names until the machine was rebooted in August."""
    site, said = Site(tmp_path), list[str]()
    path, clock = site.settings, itertools.count(0.0, 10.0)
    before = path.read_text()
    roles = RolesInFile(path, RoleSettings(), lambda: next(clock), lambda event, **_: said.append(event))
    assert roles().personal == ()
    path.write_text(before + '[roles]\npersonal = ["security"]\n')
    assert roles().personal == ("security",)
    path.write_text(before + '[roles]\npersonal = "security"\n')
    assert (roles().personal, roles().personal, said) == (("security",),) * 2 + (
        ["settings are wrong, so roles stay as they were"],
    )
    path.write_text(before)
    assert roles().personal == ()


def test_who_loses_a_role_loses_it_at_once(tmp_path, monkeypatch) -> None:
    """What a person may was kept for a minute, whatever the settings said by then."""
    account = pwd.getpwuid(os.getuid()).pw_name
    group = grp.getgrgid(os.getgid()).gr_name
    now = [RoleSettings(personal=(group,))]
    board = LedgerBoard(tmp_path, tmp_path / "trace", lambda: now[0], make_log())
    assert board.may_see_persons(account)
    now[0] = RoleSettings()
    assert not board.may_see_persons(account)
