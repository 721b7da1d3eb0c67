"""What is taken out of words, and what stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.views.web.persons import EVERYBODY, HIDDEN, discreet

NAMES = frozenset({"alice", "bob.miller", "root", "c++"})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("banned by alice: mining", f"banned by {HIDDEN}: mining"),
        ("storage maintenance (root)", "storage maintenance (root)"),
        ("Alice asked for it", f"{HIDDEN} asked for it"),
        ("malice is no name", "malice is no name"),
        ("bob.miller's job", f"{HIDDEN}'s job"),
        ("c++ said so", f"{HIDDEN} said so"),
        ("user mallory@campus.example", f"user {HIDDEN}"),
        ("job 4711.0 of submit#12.3#1795449951", f"{HIDDEN} of {HIDDEN}"),
        ("from 198.51.100.7:4711 to 10.1.0.9", f"from {HIDDEN} to {HIDDEN}"),
        ("at [2001:db8::1] and fe80::1:2", f"at [{HIDDEN}] and {HIDDEN}"),
        ("the host is banned: Carol's miner (eva)", f"the host is banned: {HIDDEN}"),
        ("1 go home: quarantined by eva: carol (q-1); `shepherd release p201`", f"1 go home: quarantined by {HIDDEN}"),
        ("2026-03-01 12:34:56 UTC", "2026-03-01 12:34:56 UTC"),
        ("the reserve of 0.25 needs it, 25.14 s", "the reserve of 0.25 needs it, 25.14 s"),
        ("p201.example.org in p-7-17: 3 local", "p201.example.org in p-7-17: 3 local"),
    ],
)
def test_persons_are_taken_out_of_sentences(text: str, shown: str) -> None:
    """The cycle's sentence named who had stopped flocking, and stood on a screen in the corridor."""
    assert discreet(text, NAMES) == shown


def test_with_more_names_than_are_looked_for_nothing_is_told() -> None:
    """The names of the two thousand first were hidden, and the next one stood on a screen in the corridor."""
    assert discreet("banned by zoe", {EVERYBODY}) == HIDDEN
    assert discreet("", {EVERYBODY}) == ""


@given(st.text(max_size=200), st.sampled_from(["mallory@evil.example", "203.0.113.9", "alice"]), st.text(max_size=200))
def test_none_is_left_wherever_it_stands(before: str, person: str, after: str) -> None:
    """It was found between words, and not between brackets."""
    assert person not in discreet(f"{before} {person} {after}", NAMES)


def test_a_long_text_of_a_stranger_takes_no_time() -> None:
    """A reason of a megabyte kept the dashboard busy for minutes."""
    for letter in ("a", "1.", "a:", "@", "a.b#", "::"):
        assert len(discreet(letter * 500_000, NAMES)) <= 40_000
