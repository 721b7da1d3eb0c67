"""`shepherd flockoff` and `flockon`: orders that wait in the spool."""

import pathlib

import pytest

from shepherd.cli.flockoff import duration_s
from shepherd.cli.main import main
from shepherd.edges.spool import FileSpool
from shepherd.model.intents import Intent, IntentKind
from tests.cli.sites import Site, body


@pytest.fixture(name="site")
def a_site(tmp_path: pathlib.Path) -> Site:
    return Site(tmp_path)


def waiting(site: Site) -> list[Intent]:
    return list(FileSpool(site.intents, lambda *_args, **_fields: None).waiting())


def test_flockoff_waits_for_a_daemon_that_is_down(site, capsys):
    """The moment the daemon is down is when somebody wants to be sure that it stays harmless."""
    assert main(site.words("flockoff", "network work", "--for", "2h")) == 0
    assert capsys.readouterr().out == (
        "flocking goes off for at least 2 h; the shepherd is not running and obeys when it starts\n"
    )
    (intent,) = waiting(site)
    assert (intent.kind, intent.why, intent.for_s) == (IntentKind.FLOCKOFF, "network work", 7200.0)


def test_flockoff_without_an_end_says_what_ends_it(site, capsys):
    """And says nothing of a daemon that runs."""
    ledger = site.ledger()
    assert main(site.words("flockoff", "network work")) == 0
    ledger.close()
    assert capsys.readouterr().out == "flocking goes off until `shepherd flockon`\n"
    assert waiting(site)[0].for_s is None


@pytest.mark.parametrize(
    ("off", "said"),
    [
        ({"until_s": None, "from_file": True}, "; it is off already, without end, by root: leak"),
        ({"until_s": 4e9, "from_file": False}, "; it is off already, until 2096-10-02 07:06:40 UTC, by root: leak"),
        ({"until_s": 1.0, "from_file": False}, ""),
    ],
)
def test_flockoff_says_that_it_ends_nothing_that_lasts_longer(site, capsys, off, said):
    """Told "off for 2 h", an administrator waited for guests that somebody else kept away for the weekend."""
    ledger = site.ledger()
    ledger.publish_present(body(flockoff={"since_s": 0.0, "who": "root", "why": "leak", **off}))
    assert main(site.words("flockoff", "test", "--for", "2h")) == 0
    ledger.close()
    assert capsys.readouterr().out == f"flocking goes off for at least 2 h{said}\n"


@pytest.mark.parametrize("words", [["flockoff"], ["flockoff", "x", "--for", "soon"], ["flockoff", "x", "--for", "0s"]])
def test_a_flockoff_that_cannot_be_meant_leaves_nothing(site, words):
    """Without a reason nobody dares to end it; with a wrong time it never ends, or at once."""
    with pytest.raises(SystemExit) as ended:
        main(site.words(*words))
    assert ended.value.code == 2
    assert waiting(site) == []


def test_a_blank_reason_is_no_reason(site, capsys):
    """`shepherd flockoff " "`."""
    assert main(site.words("flockoff", "  ")) == 2
    assert "needs a reason" in capsys.readouterr().err
    assert waiting(site) == []


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("2h", 7200), ("1d12h", 129600), ("1.5h", 5400), ("30s", 30)]
)
def test_times_are_written_as_people_do(text, seconds):
    """2h, not 7200."""
    assert duration_s(text) == seconds


def test_without_a_spool_the_other_way_is_named(site, capsys):
    """Whoever needs to stop flocking now must be told how."""
    site.intents.rmdir()
    assert main(site.words("flockoff", "x")) == 1
    assert f"`touch {site.off_file}` stops flocking too" in capsys.readouterr().err


def test_with_broken_settings_the_other_way_is_named(site, capsys):
    """The settings file was being edited when the switch caught fire."""
    site.settings.write_text("[paths")
    assert main(site.words("flockoff", "x")) == 2
    assert "`touch /tmp/flockoff` stops flocking meanwhile" in capsys.readouterr().err


def test_flockon_is_left_in_the_spool(site, capsys):
    """The end of a flockoff is an order like any other."""
    assert main(site.words("flockon", "done")) == 0
    assert "flocking may go on" in capsys.readouterr().out
    assert [(i.kind, i.why) for i in waiting(site)] == [(IntentKind.FLOCKON, "done")]


def test_flockon_says_when_the_file_still_stops_flocking(site, capsys):
    """Somebody said flockon, and wondered for an hour why it was still off."""
    site.off_file.touch()
    assert main(site.words("flockon")) == 1
    assert f"flocking stays off while {site.off_file} is there" in capsys.readouterr().out
