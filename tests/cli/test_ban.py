"""`shepherd ban` and `unban`: what is refused before anybody is stopped, and what waits in the spool."""

import json
import os
import pathlib

import pytest

from shepherd.cli.main import main
from shepherd.core.records import bans_body
from shepherd.edges.spool import FileSpool
from shepherd.model.intents import Intent, IntentKind
from shepherd.model.stop import Ban, BanKind
from tests.cli.documents import fits
from tests.cli.sites import Site, body

IMAGE = "sha256:" + "ab" * 32
EVE = Ban(kind=BanKind.USER, value="eve@campus", at_s=10.0, until_s=None, who="ann", why="scans")


@pytest.fixture(name="site")
def a_site(tmp_path: pathlib.Path) -> Site:
    site = Site(tmp_path)
    guests = site.state / "guests.d"
    guests.mkdir()
    (guests / "campus.toml").write_text('name = "campus"\ndomain = "campus.example"\n')
    with site.settings.open("a") as file:
        file.write("")
    text = site.settings.read_text()
    site.settings.write_text(text.replace("[paths]", f'[paths]\nguests = "{guests}"'))
    return site


def waiting(site: Site) -> list[Intent]:
    return list(FileSpool(site.intents, lambda *_args, **_fields: None).waiting())


def test_a_ban_waits_for_a_daemon_that_is_down(site, capsys):
    """Whoever is attacked does not wait until the daemon was mended."""
    assert main(site.words("ban", "user", "eve@campus", "scans hosts", "--for", "2d")) == 0
    assert "user eve@campus is banned for 2 d" in capsys.readouterr().out
    (intent,) = waiting(site)
    assert (intent.kind, intent.why, intent.for_s) == (IntentKind.BAN, "scans hosts", 172800.0)
    assert intent.about == {"kind": "user", "value": "eve@campus"}


def test_a_guests_ban_carries_its_domain(site):
    """Its users are known by nothing else."""
    assert main(site.words("ban", "guest", "campus", "a letter")) == 0
    assert waiting(site)[0].about == {"kind": "guest", "value": "campus", "domain": "campus.example"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("user", "eve"), "write USER@DOMAIN"),
        (("user", "*@campus.example"), "ban the guest, `shepherd ban guest campus`"),
        (("user", "eve@campus,ann@campus"), "is no user"),
        (("user", 'eve"@campus'), "nobody's name"),
        (("image", "latest"), "64 hex digits"),
        (("guest", "campsu"), "did you mean campus?"),
        (("host", "p22"), "did you mean p220?"),
        (("schedd", "cm"), "this site's own schedd"),
        (("host", "p 220"), "is no host's name"),
    ],
)
def test_a_ban_that_would_stop_nobody_or_everybody_is_refused(site, capsys, words, said):
    """A typing error was taken for a ban, and the attack went on for a night."""
    ledger = site.ledger()
    ledger.publish_present(body())
    assert main(site.words("ban", *words, "a reason")) == 2
    ledger.close()
    assert said in capsys.readouterr().err
    assert waiting(site) == []


def test_a_host_that_is_not_known_here_can_be_banned_anyhow(site):
    """It was away for the repair from which it must not come back lent."""
    ledger = site.ledger()
    ledger.publish_present(body())
    assert main(site.words("ban", "host", "p999", "bad memory", "--anyhow")) == 0
    ledger.close()
    assert waiting(site)[0].about["value"] == "p999"


def test_an_images_id_may_come_without_its_prefix(site):
    """`docker images --no-trunc` shows it with, the registry without."""
    assert main(site.words("ban", "image", "ab" * 32, "a hole")) == 0
    assert waiting(site)[0].about["value"] == IMAGE


@pytest.mark.parametrize(
    "words", [("ban", "user", "eve@campus"), ("ban", "user", "eve@campus", " "), ("ban", "--json"), ("ban",),
              ("ban", "--list", "user"), ("unban", "user", "eve@campus", " ")],
)  # fmt: skip
def test_half_an_order_leaves_nothing(site, words):
    """A ban without a reason was lifted by the next shift."""
    assert main(site.words(*words)) == 2
    assert waiting(site) == []


def test_the_list_is_for_people_and_for_machines(site, capsys):
    """Nobody knew who was banned, since when, and why."""
    ledger = site.ledger()
    ledger.publish_present(body(**bans_body([EVE])))
    assert main(site.words("ban", "--list")) == 0
    assert "user eve@campus, since 1970-01-01" in (said := capsys.readouterr().out)
    assert "by ann: scans" in said
    assert main(site.words("ban", "--list", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    fits("bans", told)
    assert (told["schema"], told["bans"][0]["value"]) == (1, "eve@campus")
    assert main(site.words("-s")) == 0
    ledger.close()
    assert "Bans: 1" in capsys.readouterr().out


def test_an_unban_of_what_is_not_banned_says_so_and_is_left_all_the_same(site, capsys):
    """The ban was ordered a second before, and not shown yet."""
    assert main(site.words("unban", "user", "eve@campus", "a mistake")) == 0
    assert "no such ban was shown" in capsys.readouterr().out
    assert waiting(site)[0].kind is IntentKind.UNBAN


def test_who_has_not_the_role_is_told_who_has(site, capsys, monkeypatch):
    """Everybody who may say flockoff could ban the director."""
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    assert main(site.words("ban", "user", "eve@campus", "scans")) == 2
    assert "may not ban or quarantine" in capsys.readouterr().err
    assert waiting(site) == []
