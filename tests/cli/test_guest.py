"""`shepherd guest`, with stand-ins for HTCondor's tools."""

import json
import os
import pathlib
import re

import pytest

from shepherd.cli.main import main
from shepherd.core.guest.pool_config import MACRO, guest_ads
from shepherd.edges.htcondor.flock_pool import FlockPoolTools
from shepherd.programs.guests import Guests
from tests.cli.documents import fits
from tests.cli.flock_pool import FlockPoolOfStandIns
from tests.cli.sites import Site

NEW = (
    "add", "campus", "--schedd", "submit.campus.example", "--domain", "campus.example", "--contact", "s@campus.example",
)  # fmt: skip
TOKEN = "etc/handover/campus/flock-flock.test"


@pytest.fixture(name="pool")
def pool_of_stand_ins(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> FlockPoolOfStandIns:
    """As root, whoever runs the tests."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return FlockPoolOfStandIns(tmp_path, Site(tmp_path).settings.read_text())


def guest(pool: FlockPoolOfStandIns, *words: str) -> int:
    return main(["--settings", str(pool.settings), "guest", *words])


def test_a_guest_is_added_shown_and_removed(pool: FlockPoolOfStandIns, capsys) -> None:
    """The whole life of a guest, by the words of its documentation."""
    assert guest(pool, *NEW, "--hosts", "3") == 0
    said = capsys.readouterr().out
    assert f"{pool.place}/{TOKEN}" in said
    assert "campus is a guest as guest.campus.1@flock.test" in said
    assert guest(pool, "show") == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:4] == ["campus", "admitted", "campus.example", "3"]
    assert guest(pool, "remove", "campus") == 0
    assert "campus is removed" in capsys.readouterr().out
    guest(pool, "show")
    assert "there is no guest" in capsys.readouterr().out
    guest(pool, "show", "--all", "--json")
    told = json.loads(capsys.readouterr().out)
    fits("guests", told)
    (shown,) = told["guests"]
    assert (shown["standing"], shown["generation"]) == ("removed", 1)


def test_what_was_done_is_told_to_machines_too(pool: FlockPoolOfStandIns, capsys) -> None:
    """A portal that admits guests read sentences."""
    assert guest(pool, *NEW, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    fits("steps", told)
    assert any("campus" in step for step in told["said"])
    assert guest(pool, "remove", "campus", "--json") == 0
    fits("steps", json.loads(capsys.readouterr().out))


def test_the_pool_is_told_and_asked(pool: FlockPoolOfStandIns) -> None:
    """It was written, never read, and nobody asked whether it helped."""
    guest(pool, *NEW)
    token, reconfig, ping = (
        next(at for at, call in enumerate(pool.calls) if call.startswith(tool))
        for tool in ("condor_token_create", "condor_reconfig", "condor_ping")
    )
    assert token < reconfig < ping
    assert pool.calls[token].endswith("-key POOL -lifetime 31536000 -authz ADVERTISE_SCHEDD -authz READ")
    guest(pool, "remove", "campus")
    query = (pool.place / "advertised").read_text()
    assert query.count('regexp("^guest[.]", AuthenticatedIdentity) && (False) =!= True') == 2


def test_an_ad_that_is_left_is_looked_for(pool: FlockPoolOfStandIns, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    """`its ads are out`, it said, and had never looked."""
    guest(pool, *NEW)
    (pool.place / "left").write_text("submit.campus.example\n")
    monkeypatch.setattr(Guests._await, "__defaults__", (0.0,))
    assert guest(pool, "remove", "campus") == 1
    assert "no ad is left" in capsys.readouterr().err
    assert "is removed" not in capsys.readouterr().out


def test_a_ping_that_is_lost_is_no_refusal(pool: FlockPoolOfStandIns) -> None:
    """Under load one question got no answer, and a removal took that for its proof."""
    guest(pool, *NEW)
    tools = FlockPoolTools(pool.config, str(pool.tools), marker=MACRO, ads=guest_ads, place=pool.place / "probe")
    token = tools.mint("guest.campus.1@flock.test", 60.0)
    (pool.place / "lost").touch()
    assert tools.lets_in(token)
    assert not (pool.place / "lost").exists()
    assert not tools.lets_in(tools.mint("guest.nobody.1@flock.test", 60.0))


def test_no_output_and_no_call_tells_the_token(pool: FlockPoolOfStandIns, capsys) -> None:
    """Whoever may list processes, or read a terminal's log, was the guest."""
    for words in (NEW, ("show",), ("show", "campus"), ("show", "--json"), ("add", "campus", "--renew")):
        assert guest(pool, *words) == 0
        secret = (pool.place / TOKEN).read_text().strip()
        out = capsys.readouterr()
        assert secret.startswith("eyJ")
        assert secret not in out.out + out.err
        assert not any(secret in call for call in pool.calls)
    assert [name for name, text in pool.written().items() if secret in text] == [TOKEN]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (("add", "Campus!", "--schedd", "a", "--domain", "b.c"), "name:"),
        (("add", "new"), "--schedd and --domain"),
        (("add", "new", "--schedd", "submit.campus.example", "--domain", "new.example"), "schedds:.*guest campus"),
        (("add", "new", "--schedd", "a b", "--domain", "new.example"), "schedds:"),
        (("add", "new", "--schedd", "a", "--domain", "campus.example"), "domain:.*guest campus"),
        (("add", "new", "--schedd", "a", "--domain", "b.c", "--notice", "61"), "notice_s:.*graceful_s"),
        (("add", "new", "--schedd", "a", "--domain", "b.c", "--hosts", "-1"), "hosts:"),
        (("add", "campus", "--hosts", "3"), "--change"),
        (("add", "new", "--renew"), "is no guest"),
        (("remove", "new"), "there is no guest new"),
        (("show", "new"), "there is no guest new"),
    ],
)
def test_bad_input_exits_2_says_why_and_changes_nothing(
    pool: FlockPoolOfStandIns, capsys, words: tuple[str, ...], key: str
) -> None:
    """Half of it had happened before the rest was refused."""
    guest(pool, *NEW)
    before = pool.written()
    assert guest(pool, *words) == 2
    assert re.search(f"(?s){key}", capsys.readouterr().err)
    assert pool.written() == before


def test_who_is_not_root_is_told_so(pool: FlockPoolOfStandIns, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    """It failed with a path and `Permission denied`, half way."""
    guest(pool, *NEW)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    before = pool.written()
    assert guest(pool, "remove", "campus") == 2
    assert "by root" in capsys.readouterr().err
    assert pool.written() == before
    assert guest(pool, "show") == 0


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda pool: pool.config.unlink(), "no flock pool's configuration .*condor_config in .flock."),
        (lambda pool: pool.key.unlink(), "signing key .*central manager"),
        (lambda pool: pool.write_tools("True"), "not the configuration that is shipped .*flock-pool.conf"),
        (lambda pool: (pool.place / "config.d").rmdir(), "LOCAL_CONFIG_DIR .*make it"),
        (lambda pool: (pool.tools / "condor_config_val").unlink(), "cannot be used"),
    ],
)
def test_a_machine_without_a_flock_pool_is_told_what_is_missing(
    pool: FlockPoolOfStandIns, capsys, damage, words: str
) -> None:
    """Run on the wrong machine, it wrote guests that no pool ever read."""
    damage(pool)
    assert guest(pool, *NEW) == 2
    assert re.search(words, capsys.readouterr().err)
    assert pool.written() == {}


def test_a_pool_that_is_down_takes_guests_and_gives_none_back(pool: FlockPoolOfStandIns, capsys) -> None:
    """`removed`, it said; the pool came up and had never heard of it."""
    (pool.place / "down").touch()
    assert guest(pool, *NEW) == 0
    assert "when it starts" in capsys.readouterr().out
    assert guest(pool, "remove", "campus") == 1
    assert "does not answer" in capsys.readouterr().err
    (pool.place / "down").unlink()
    assert guest(pool, "remove", "campus") == 0


def test_claims_are_ended_one_by_one(pool: FlockPoolOfStandIns, capsys) -> None:
    """A whole host was vacated, and with it another guest's jobs."""
    guest(pool, *NEW)
    job = "submit.campus.example#1.0#1700000000"
    claims = [{"Name": "slot1_1@f201", "RemoteUser": "a@campus.example", "GlobalJobId": job}]
    (pool.place / "claims").write_text(json.dumps(claims))
    assert guest(pool, "remove", "campus") == 0
    assert "claims ended: slot1_1@f201" in capsys.readouterr().out
    assert "condor_vacate -pool cm.test:9619 -fast slot1_1@f201" in pool.calls


def test_without_settings_the_defaults_hold(tmp_path: pathlib.Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine with the signing key need not be the one with the daemon's settings."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert main(["--settings", str(tmp_path / "none.toml"), "guest", *NEW]) == 2
    assert "/etc/condor-flock/condor_config" in capsys.readouterr().err
