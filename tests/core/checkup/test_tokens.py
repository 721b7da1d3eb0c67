"""What stands in a token, and in a file of them."""

import pytest

from shepherd.core.checkup.tokens import days, token_files, token_of, tokens_in
from tests.core.checkup.seen import NOW_S, token


def test_a_token_is_read_as_condor_made_it() -> None:
    """Nobody knew whose token lay on which host, and which key had made it."""
    found = token_of(token("p220@home.lab", exp=NOW_S, scope="condor:/READ condor:/ADVERTISE_STARTD other:/x"))
    assert found is not None
    assert (found.identity, found.issuer, found.key_id) == ("p220@home.lab", "home.lab", "POOL")
    assert (found.expires_s, found.rights) == (NOW_S, ("READ", "ADVERTISE_STARTD"))


@pytest.mark.parametrize("line", ["", "a.b", "a.b.c", "eyJ.eyJ.x", "bnVsbA.bnVsbA.x", "ÿ.ÿ.ÿ", "W10.W10.x"])
def test_what_is_no_token_is_none(line: str) -> None:
    """A damaged file ended the check with a traceback."""
    assert token_of(line) is None


def test_a_file_holds_several_and_comments() -> None:
    """HTCondor reads every line of a token file; only the first was looked at, and the second had expired."""
    text = f"# ours\n{token('a@x')}\n\n{token('b@x', exp='soon')}\n"
    assert [(one.identity, one.expires_s) for one in tokens_in(text)] == [("a@x", None), ("b@x", None)]


def test_what_editors_leave_is_no_token_file() -> None:
    """A copy that an editor had left was as old as the token that it was replaced for."""
    assert token_files(["home", "home~", ".home.swp", "#home#", "x.rpmsave"]) == ["home"]


def test_long_times_are_told_coarsely() -> None:
    """`31536000 s` was read as an hour."""
    assert [days(s) for s in (90.0, 3 * 3600.0, 2 * 86400.0)] == ["2 minutes", "3 hours", "2 days"]
