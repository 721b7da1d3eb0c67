"""`shepherd check`: everything that is wrong with settings at once, and then with what they need."""

import json
import pathlib
import subprocess

import pytest

from shepherd.cli.main import main
from tests.cli.documents import fits
from tests.cli.sites import Site


@pytest.fixture(name="site")
def a_site(tmp_path: pathlib.Path) -> Site:
    return Site(tmp_path)


def lines(done: "subprocess.CompletedProcess[str]") -> dict[str, str]:
    """State by subject, and what was said."""
    rows = [line.split(maxsplit=1) for line in done.stdout.splitlines() if line.startswith(("ok ", "warn ", "WRONG "))]
    return {rest.partition(":")[0]: state for state, rest in rows}


def test_a_machine_with_nothing_on_it_is_told_everything_that_is_missing(site):
    """One fault a run makes five runs, and a missing package was a traceback."""
    (site.tools / "condor_version").write_text("#!/bin/sh\necho '$CondorVersion: 25.14.1 2026-08-21 $'\n")
    (site.tools / "condor_version").chmod(0o755)
    done = site.run("check")
    found = lines(done)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert found["tools"] == "ok"
    assert (found["lease key"], found["home collector"], found["flock collector"]) == ("WRONG", "WRONG", "WRONG")
    assert (found["keepers"], found["clock"]) == ("warn", "warn")
    assert done.stdout.startswith(f"central manager ({site.settings})\n")
    assert all("To mend: " in line for line in done.stdout.splitlines() if line.startswith(("warn ", "WRONG ")))
    assert not site.ledger_place.exists()


def test_findings_for_machines(site):
    """A monitoring system reads the check every hour."""
    done = site.run("check", "--json")
    told = json.loads(done.stdout)
    fits("check", told)
    assert (told["schema"], done.returncode) == (2, 1)
    (role,) = told["roles"]
    assert (role["role"], role["settings"]) == ("central manager", str(site.settings))
    assert {finding["state"] for finding in role["findings"]} <= {"ok", "warn", "wrong"}
    assert all(bool(finding["remedy"]) == (finding["state"] != "ok") for finding in role["findings"])


def test_all_looks_at_every_role_whose_settings_are_there(site):
    """A central manager that is the gateway, too, was half checked."""
    (site.settings.parent / "gateway.toml").write_text(
        'outside = ["no-such-1"]\nvlan = "no-such-0"\nnat_address = "198.51.100.7"\n'
        'site_networks = ["131.169.0.0/16"]\n'
    )
    done = site.run("check", "--all")
    assert done.returncode == 1
    titles = [line for line in done.stdout.splitlines() if line.endswith(".toml)")]
    assert [title.partition(" (")[0] for title in titles] == ["gateway", "central manager"]
    assert "WRONG  interfaces: no-such-0 (vlan) is not there" in done.stdout


def test_all_without_any_settings_is_a_wrong_call(tmp_path, capsys):
    """It said "0 wrong" of a machine that it had not looked at."""
    assert main(["--settings", str(tmp_path / "shepherd.toml"), "check", "--all"]) == 2
    assert "there is none of" in capsys.readouterr().err


def test_one_role_at_a_time(site, capsys):
    """Two were asked for, and one was looked at."""
    with pytest.raises(SystemExit) as ended:
        main(site.words("check", "--node", "--gateway"))
    assert ended.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_wrong_settings_of_one_role_come_before_any_look(site, capsys):
    """Pages of findings hid the line that had to be mended first."""
    (site.settings.parent / "node.toml").write_text('host = "p220"\n')
    assert main(site.words("check", "--all")) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "trusted_keys" in said.err


def test_valid_settings_are_shown_as_they_are_in_force(site, capsys):
    """Defaults included: what is not in the file is what surprises."""
    assert main(site.words("check", "--effective")) == 0
    out = capsys.readouterr().out
    assert "policy.reserve" in out
    assert out.endswith(f"\n{site.settings} is valid\n")


def test_settings_for_machines(site, capsys):
    """Sites compare themselves by program."""
    assert main(site.words("check", "--effective", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    fits("check-effective", told)
    assert told["settings"]["home"]["name"] == "home.lab"


def test_settings_in_force_of_all_roles(site, capsys):
    """The gateway's limits were asked for on the machine that has both files."""
    (site.settings.parent / "gateway.toml").write_text(
        'outside = ["em2"]\nnat_address = "198.51.100.7"\nsite_networks = ["131.169.0.0/16"]\n'
    )
    assert main(site.words("check", "--all", "--effective", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    fits("check-effective", told)
    files = told["files"]
    assert [pathlib.Path(one["file"]).name for one in files] == ["gateway.toml", "shepherd.toml"]
    assert main(["--settings", files[0]["file"], "check", "--gateway", "--effective"]) == 0
    assert "pool_connections" in capsys.readouterr().out


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


def test_a_missing_configuration_of_htcondor_is_named_with_its_setting(site, capsys):
    """The daemon asked with its token, and `shepherd check` as somebody else: each had a configuration of its own."""
    site.condor_config.unlink()
    assert main(site.words("check", "--effective")) == 2
    fault = f"{site.settings}: paths.condor_config: {site.condor_config} is not there, or cannot be read; write it"
    assert fault in capsys.readouterr().err
    site.settings.write_text(site.settings.read_text().replace(str(site.condor_config), ""))
    assert main(site.words("check", "--effective")) == 0


def test_tools_are_looked_for_by_path_as_they_are_run(site, capsys, monkeypatch):
    """A check that looked elsewhere than the daemon would be green for ever."""
    site.settings.write_text(site.settings.read_text().replace(f'tools = "{site.tools}"', ""))
    monkeypatch.setenv("PATH", str(site.tools))
    assert main(site.words("check", "--effective")) == 0
    monkeypatch.setenv("PATH", str(site.intents))
    assert main(site.words("check", "--effective")) == 2
    tools = "condor_drain, condor_restart, condor_off, condor_vacate, condor_fetchlog"
    assert f"{tools} cannot be executed" in capsys.readouterr().err


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


def test_settings_with_which_the_daemon_would_not_start_are_not_valid(site, capsys):
    """A file that was laid because it was valid ended the daemon at its next start."""
    plain = site.settings.read_text()
    site.settings.write_text(plain + "\n[timers]\nlook_s = 100.0\n")
    assert main(site.words("check", "--effective")) == 2
    assert "timers.look_s" in capsys.readouterr().err
    gone = site.state / "ca.pem"
    site.settings.write_text(
        f'{plain}\n[icinga]\nurl = "https://icinga.lab:5665"\nregular = ["{{host}}"]\nca_file = "{gone}"\n'
    )
    assert main(site.words("check", "--effective")) == 2
    assert "icinga.ca_file" in capsys.readouterr().err
