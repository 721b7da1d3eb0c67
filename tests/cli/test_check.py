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


def test_a_missing_tool_of_htcondor_is_named_with_its_setting(site, capsys):
    """The first reclaim failed with "No such file": nobody knew of which package, or where one could say."""
    (site.tools / "condor_off").unlink()
    assert main(site.words("check")) == 2
    said = capsys.readouterr()
    assert said.out == ""
    fault = f"{site.settings}: paths.tools: condor_off cannot be executed in {site.tools}"
    assert f"{fault}; name the directory" in said.err


def test_tools_are_looked_for_by_path_as_they_are_run(site, capsys, monkeypatch):
    """A check that looked elsewhere than the daemon would be green for ever."""
    site.settings.write_text(site.settings.read_text().replace(f'tools = "{site.tools}"', ""))
    monkeypatch.setenv("PATH", str(site.tools))
    assert main(site.words("check")) == 0
    monkeypatch.setenv("PATH", str(site.intents))
    assert main(site.words("check")) == 2
    assert "condor_drain, condor_restart, condor_off cannot be executed" in capsys.readouterr().err


def test_a_daemon_without_tools_does_not_start(site, capsys):
    """It lent hosts by pages, and could not call them home but by letting their leases lapse."""
    for tool in site.tools.iterdir():
        tool.chmod(0o644)
    assert main(site.words("run")) == 2
    assert f"{site.settings}: paths.tools: " in capsys.readouterr().err
    assert not site.ledger_place.exists()


def test_a_hosts_settings_are_checked_too(tmp_path, capsys):
    """The same command on a host."""
    (tmp_path / "node.toml").write_text('host = "p220"\n')
    assert main(["--settings", str(tmp_path / "node.toml"), "check", "--node"]) == 2
    assert "trusted_keys" in capsys.readouterr().err
