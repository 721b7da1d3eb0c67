"""`shepherd check`: the settings in force, or everything that is wrong with them."""

import json
import pathlib

import pytest

from shepherd.cli.main import main
from tests.cli.sites import Site


@pytest.fixture(name="site")
def a_site(tmp_path: pathlib.Path) -> Site:
    return Site(tmp_path)


def test_valid_settings_are_shown_as_they_are_in_force(site, capsys):
    """Defaults included: what is not in the file is what surprises."""
    assert main(site.words("check")) == 0
    out = capsys.readouterr().out
    assert "policy.reserve" in out
    assert out.endswith(f"\n{site.settings} is valid\n")


def test_settings_for_machines(site, capsys):
    """Sites compare themselves by program."""
    assert main(site.words("check", "--json")) == 0
    assert json.loads(capsys.readouterr().out)["settings"]["home"]["name"] == "home.lab"


def test_everything_that_is_wrong_is_named_at_once(site, capsys):
    """One error a run makes five runs."""
    with site.settings.open("a") as file:
        file.write("\n[policy]\nreserve = 7.0\nresrve = 1\n")
    assert main(site.words("check")) == 2
    err = capsys.readouterr().err
    assert f"{site.settings}: policy.resrve" in err


def test_a_hosts_settings_are_checked_too(tmp_path, capsys):
    """The same command on a host."""
    (tmp_path / "node.toml").write_text('host = "p220"\n')
    assert main(["--settings", str(tmp_path / "node.toml"), "check", "--node"]) == 2
    assert "trusted_keys" in capsys.readouterr().err
