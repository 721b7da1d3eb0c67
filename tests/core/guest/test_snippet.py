"""What a guest's administrator pastes."""

import dataclasses

import hypothesis
from hypothesis import given

from shepherd.core.guest.snippet import snippet, snippet_file, token_name
from shepherd.model.guest import FlockPool, Guest
from tests.core.guest.some_guests import CAMPUS, guests

POOL = FlockPool(trust_domain="flock.lab", collector="cm.lab:9619")
SETTING = "FLOCK_TO = $(FLOCK_TO) cm.lab:9619"


def text(guest: Guest) -> str:
    return snippet(guest, POOL, "2027-01-01 00:00:00 UTC", 60.0)


@hypothesis.settings(max_examples=40)
@given(guests())
def test_it_sets_one_thing_and_the_rest_is_for_people(guest: Guest) -> None:
    """A guest's own pool was opened by a line that nobody had read."""
    lines = [line for line in text(guest).splitlines() if line]
    assert [line for line in lines if not line.startswith("#")] == [SETTING]


def test_it_names_what_belongs_to_this_guest() -> None:
    """Two guests had each other's file, and both were refused."""
    said = text(dataclasses.replace(CAMPUS, hosts=1, notice_s=45.0))
    names = (*CAMPUS.schedds, "NAME@campus.example", token_name(POOL), snippet_file(POOL))
    assert [word for word in (*names, "45 s", "1 host's worth") if word not in said] == []
    assert "12 hosts' worth" in text(dataclasses.replace(CAMPUS, hosts=12))


def test_it_holds_no_secret() -> None:
    """It goes by mail; the token does not."""
    assert "eyJ" not in text(CAMPUS)
