"""Guests as people and machines see them."""

import dataclasses
import json
import re

import pytest

from shepherd.model.guest import Standing
from shepherd.views.guests import guest_text, guests_json, guests_text
from tests.core.guest.some_guests import CAMPUS, OTHER

NOW = 1.75e9
DAY_S = 86400.0


def problems(**changes: object) -> list[str]:
    guest = type(CAMPUS)(**{**vars(CAMPUS), **changes})
    (shown,) = json.loads(json.dumps(guests_json([guest], 60.0, NOW)))["guests"]
    assert all(f"Problem: {one}" in guest_text(guest, 60.0, NOW) for one in shown["problems"])
    return list(shown["problems"])


def test_a_line_for_each_guest() -> None:
    """Who may use us, at a glance."""
    head, campus, other = guests_text([CAMPUS, dataclasses.replace(OTHER, hosts=5)], 60.0, NOW).splitlines()
    assert head.split()[:5] == ["GUEST", "STANDING", "DOMAIN", "HOSTS", "TOKEN"]
    assert campus.split()[:4] == ["campus", "admitted", "campus.example", "-"]
    assert other.split()[:4] == ["other", "admitted", "other.example", "5"]
    assert campus.endswith("submit.campus.example second.campus.example")


def test_everything_of_one() -> None:
    """When asked who let them in, nobody knew."""
    text = guest_text(CAMPUS, 60.0, NOW)
    for word in (CAMPUS.identity, "security@campus.example", "no limit", "60 s, as the site gives", "by root"):
        assert word in text
    assert "removed" not in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"standing": Standing.ADDING}, "guest add campus"),
        ({"standing": Standing.REMOVING}, "guest remove campus"),
        ({"token_until_s": NOW + DAY_S}, "ends in 24 h.*--renew"),
        ({"token_until_s": NOW - DAY_S}, "has ended.*--renew"),
        ({"notice_s": 90.0}, "promised a notice of 90 s"),
        ({"contact": ""}, "--contact"),
    ],
)
def test_what_somebody_should_do_is_said(changes: dict[str, object], words: str) -> None:
    """The token ended on a Saturday."""
    (problem,) = problems(**changes)
    assert re.search(words, problem)


def test_nothing_is_wrong_with_a_sound_guest_nor_with_a_removed_one() -> None:
    """A list of problems that is never empty is never read."""
    assert problems() == []
    assert problems(standing=Standing.REMOVED, token_until_s=0.0, contact="", removed_at_s=NOW) == []


def test_the_schema_for_machines_keeps_its_members() -> None:
    """A dashboard of a year ago must still read it."""
    told = guests_json([CAMPUS], 60.0, NOW)
    assert told["schema"] == 1
    (shown,) = json.loads(json.dumps(told))["guests"]
    assert set(shown) == {*vars(CAMPUS), "problems"}
    assert (shown["standing"], shown["changed_at_s"], shown["token_until_s"]) == ("admitted", None, 2e9)


def test_without_guests_the_way_to_one_is_shown() -> None:
    """An empty screen looked like a fault."""
    assert "guest add" in guests_text([], 60.0, NOW)
