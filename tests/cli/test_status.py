"""`shepherd status` on real files: daemon alive, dead, never run, damaged."""

import json
import pathlib
import time

import pytest

from shepherd.cli.main import main
from tests.cli.documents import fits
from tests.cli.recorded_site import recorded_site
from tests.cli.sites import Site, body


@pytest.fixture(name="site")
def a_site(tmp_path: pathlib.Path) -> Site:
    return Site(tmp_path)


def test_what_a_daemon_publishes_of_a_day_is_what_the_schema_says(tmp_path, capsys):
    """A member that only lent hosts have was in no schema."""
    site, ledger = recorded_site(tmp_path)
    assert main(site.words("status", "--json")) == 0
    ledger.close()
    told = json.loads(capsys.readouterr().out)
    fits("status", told)
    assert {host["state"] for host in told["hosts"]} == {"local", "flock"}
    assert any("blocked" in host for host in told["hosts"])


def test_a_living_daemon_is_shown_without_a_word_about_its_life(site, capsys):
    """The usual answer has no noise."""
    ledger = site.ledger()
    ledger.publish_present(body())
    code = main(site.words("status"))
    ledger.close()
    out = capsys.readouterr().out
    assert code == 0
    assert out.startswith("Active Regular Compute Node: 1\n['p220']\n\nActive Flock Compute Nodes: 0\n[]\n")
    assert "not running" not in out
    assert "silent" not in out


def test_a_dead_daemon_is_said_at_once(site, capsys):
    """The kernel knows that it died; nobody has to wait until the view looks old."""
    ledger = site.ledger()
    ledger.publish_present(body())
    ledger.close()
    assert main(site.words("-s")) == 0
    assert capsys.readouterr().out.startswith("The shepherd is not running (last sign of life 0 s ago)")


def test_a_hung_daemon_is_said(site, capsys):
    """Alive for the kernel, and yet nothing was looked at for an hour."""
    ledger = site.ledger()
    ledger.publish_present(body(at_s=time.time() - 3600))
    assert main(site.words("-s")) == 0
    ledger.close()
    assert "runs, but is silent (last sign of life 60 min ago)" in capsys.readouterr().out


def test_json_has_everything_and_its_schema(site, capsys):
    """Monitoring reads this."""
    ledger = site.ledger()
    ledger.publish_present(body())
    main(site.words("status", "--json"))
    ledger.close()
    main(site.words("-s", "--json"))
    out = capsys.readouterr().out
    alive, dead = (json.loads(part) for part in (out[: out.index("\n}\n") + 3], out[out.index("\n}\n") + 3 :]))
    assert (alive["schema"], alive["running"], dead["running"]) == (1, True, False)
    assert alive["hosts"] == dead["hosts"]


def test_a_daemon_that_never_ran_is_a_message(site, capsys):
    """The first minute of every installation."""
    assert main(site.words("-s")) == 1
    assert "has never run here" in capsys.readouterr().err
    ledger = site.ledger()
    assert main(site.words("-s")) == 1
    ledger.close()
    assert "has not looked around yet" in capsys.readouterr().err


def test_a_damaged_view_is_a_message(site, capsys):
    """Half a disk block, and no traceback."""
    site.ledger_place.mkdir()
    (site.ledger_place / "present.sqlite").write_bytes(b"\0\1\2" * 4000)
    assert main(site.words("-s")) == 1
    assert "present.sqlite is unavailable" in capsys.readouterr().err
