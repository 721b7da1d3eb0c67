"""Units as systemctl tells them."""

import pathlib

import pytest

from shepherd.edges import systemd_units
from shepherd.edges.systemd_units import Units

SYSTEMCTL = """#!/bin/sh
case "$1 $2" in
"show condor.service") printf 'Restart=on-failure\\nRestartUSec=5s\\n';;
"cat shepherd.service") printf '[Service]\\nLoadCredential=old:/o\\nLoadCredential=\\nLoadCredential=a:/x\\n';;
"is-enabled ufw.service") echo enabled;;
*) echo disabled; exit 1;;
esac
"""


@pytest.fixture(name="booted")
def systemd_manages(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "systemctl").write_text(SYSTEMCTL)
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(systemd_units, "MANAGES", tmp_path)


def test_a_unit_is_told_by_its_properties(booted):
    """Values are systemd's own, drop-ins included; a file that is there may not be in force."""
    found = Units().unit("condor.service", ("Restart", "RestartUSec"))
    assert found is not None
    assert found.properties == {"Restart": "on-failure", "RestartUSec": "5s"}
    assert Units().enabled("ufw.service")
    assert not Units().enabled("nftables.service")


def test_what_a_unit_is_given_copies_of_is_read_from_its_files(booted):
    """The check had root's key given to the daemon's user, who gets a copy of it from systemd."""
    assert Units().credentials("shepherd.service") == ["/x"]
    assert Units().credentials("gone.service") == ()


def test_without_systemd_there_is_no_unit(tmp_path, monkeypatch):
    """On a machine of another service manager `systemctl` is there at times, and knows nothing."""
    monkeypatch.setattr(systemd_units, "MANAGES", tmp_path / "nowhere")
    assert Units().unit("condor.service", ("Restart",)) is None
    assert not Units().enabled("ufw.service")
    assert Units().credentials("shepherd.service") == ()
