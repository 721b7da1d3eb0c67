"""The monitoring put together from the settings."""

import contextlib
import dataclasses
import pathlib

import pytest

from shepherd.errors import CommandFailed, SettingsError
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.programs.checkup_wiring import central_world
from shepherd.programs.wiring import load_settings, monitoring_of
from tests import build

FILE = """
[home]
name = "home.lab"
schedds = ["cm"]
schedd_identities = ["condor@home.lab"]
[flock]
collector = "cm:9619"
image = "{image}"
[icinga]
url = "{url}"
silence = "{silence}"
regular = ["{{host}}!startd", "{{host}}!slots"]
"""


def written(place: pathlib.Path, url: str = "https://icinga:5665", silence: str = "disable-checks") -> pathlib.Path:
    path = place / "shepherd.toml"
    path.write_text(FILE.format(image=build.IMAGE, url=url, silence=silence))
    return path


def test_the_table_of_the_file_is_read(tmp_path: pathlib.Path) -> None:
    """A word in the file that no program understood was a setting that did nothing."""
    icinga = load_settings(written(tmp_path)).icinga
    assert icinga.silence.value == "disable-checks"
    assert icinga.regular == ("{host}!startd", "{host}!slots")


@pytest.mark.parametrize(("changes", "key"), [({"url": "http://icinga"}, "icinga.url"), ({"silence": "off"}, "icinga")])
def test_what_is_wrong_in_it_is_named(tmp_path: pathlib.Path, changes: dict[str, str], key: str) -> None:
    """Passwords went over the network in the clear, for one letter."""
    with pytest.raises(SettingsError, match=key):
        load_settings(written(tmp_path, **changes))


def test_a_site_without_icinga_asks_none() -> None:
    """A daemon that looked for a password nobody needs did not start."""
    assert monitoring_of(build.settings(), pathlib.Path("shepherd.toml")) is None


def test_a_missing_password_is_told_at_the_start(tmp_path: pathlib.Path) -> None:
    """It was found out by the first false alarm."""
    icinga = IcingaSettings(url="https://icinga:5665", password_file=str(tmp_path / "nowhere"))
    settings = dataclasses.replace(build.settings(), icinga=icinga)
    with pytest.raises(SettingsError, match=r"shepherd.toml: icinga: Icinga's password .*nowhere: No such file"):
        monitoring_of(settings, pathlib.Path("shepherd.toml"))


@pytest.mark.parametrize("url", ["", "https://icinga:5665"])
def test_a_site_with_icinga_has_it_checked(url: str) -> None:
    """`shepherd check` was green for a year in which every silence was refused: it had never asked."""
    icinga = IcingaSettings(url=url, password_file="/nowhere/password")
    with contextlib.ExitStack() as stack:
        account = central_world(dataclasses.replace(build.settings(), icinga=icinga), stack).monitoring
        assert (account is not None) == bool(url)
        if account is not None:
            with pytest.raises(CommandFailed, match=r"Icinga's password .*nowhere"):
                account.lacking()
