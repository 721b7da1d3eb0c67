"""Whom `shepherd check` takes for the daemon's user."""

import pathlib
import pwd
from collections.abc import Sequence

import pytest

from shepherd.edges.systemd_units import Units
from shepherd.model.checkup import UnitSeen
from shepherd.programs.checkup_wiring import SHIPPED_WATCHDOG_S, account_of, starting_problems
from tests.core.sound_settings import daemon


class Systemd(Units):
    """One unit."""

    def __init__(self, **properties: str) -> None:
        self._properties = properties

    def unit(self, name: str, properties: Sequence[str]) -> UnitSeen | None:
        assert name == "shepherd.service"
        return UnitSeen(properties={key: self._properties.get(key, "") for key in properties})


@pytest.mark.parametrize(("user", "account"), [("nobody", "nobody"), ("", "root")])
def test_the_units_user_is_the_daemons(user: str, account: str, tmp_path: pathlib.Path) -> None:
    """The daemon was stopped, its files were somebody else's, and the check asked with that one's rights."""
    assert account_of(tmp_path, Systemd(LoadState="loaded", User=user)) == pwd.getpwnam(account)


def test_a_unit_that_is_not_installed_says_nothing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the unit was taken for one whose daemon is root."""
    monkeypatch.setattr("shepherd.edges.account.USUAL", "daemon")
    assert account_of(tmp_path, Systemd(LoadState="not-found", User="")) == pwd.getpwnam("daemon")


@pytest.mark.parametrize(("watchdog", "problems"), [("2min", 0), ("0", 0), ("30s", 1)])
def test_the_watchdog_of_this_machines_unit_counts(watchdog: str, problems: int) -> None:
    """A drop-in had made it shorter than a look, and the check knew only the shipped one."""
    settings = daemon()
    found = starting_problems(settings, Systemd(LoadState="loaded", WatchdogUSec=watchdog))
    assert len([key for key, _, _ in found if key == "timers.look_s"]) == problems


def test_our_units_watchdog_is_the_one_that_is_assumed() -> None:
    """The unit was changed, and the check went on with the old number."""
    unit = (pathlib.Path(__file__).parents[2] / "systemd/shepherd.service").read_text()
    assert f"WatchdogSec={SHIPPED_WATCHDOG_S:g}\n" in unit
