"""Guests' files that somebody copied or damaged: they let nobody in, and hinder no removal."""

import tomllib
from pathlib import Path

import pytest

from shepherd.errors import SettingsError
from tests.programs.guest_place import OTHER, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_copy_of_a_guests_file_lets_nobody_in(place: Place) -> None:
    """An editor's copy from before the removal let the stolen token in again."""
    place.add()
    old, kept = place.token(), place.files_of("campus").read_text()
    place.remove()
    place.files_of("campus-old").write_text(kept)
    with pytest.raises(SettingsError, match=r"campus-old\.toml: name: is campus"):
        place.add("other", OTHER)
    with pytest.raises(SettingsError, match=r"campus-old\.toml"):
        place.remove()
    assert not place.pool.is_known(old)


@pytest.mark.parametrize("broken", ["hosts = = 3\n", "colour = 3\n", "\xff"])
def test_another_guests_broken_file_hinders_no_removal(place: Place, broken: str) -> None:
    """A slip in one guest's file, and no other guest could be shut out."""
    place.add()
    place.add("other", OTHER)
    place.pool.claim("slot1_1@f201", "alice@campus.example", "submit")
    sound = place.files_of("other").read_text()
    place.files_of("other").write_text(broken, encoding="latin-1")
    with pytest.raises(SettingsError, match=r"other\.toml"):
        place.remove()
    assert tomllib.loads(place.files_of("campus").read_text())["standing"] == "removed"
    assert place.pool.claims() == []
    assert not place.pool.is_known(place.token("other")), "what cannot be read lets nobody in"
    assert any("let in no more" in line and "other.toml" in line for line in place.said)
    place.files_of("other").write_text(sound)
    place.add("other", OTHER)
    assert place.pool.is_known(place.token("other"))


def test_a_guest_whose_own_file_is_broken_is_shut_out_and_told(place: Place) -> None:
    """The removal stopped at the file that somebody had changed, and the guest stayed."""
    place.add()
    place.pool.advertise(place.token(), "submit")
    place.files_of("campus").write_text("hosts = = 3\n")
    with pytest.raises(SettingsError, match=r"campus\.toml"):
        place.remove()
    assert not place.pool.is_known(place.token())
    assert place.pool.ads == {}
    assert not any("is removed" in line for line in place.said)
