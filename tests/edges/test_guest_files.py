"""Guests' files: what is written is read again, in one step, with the right modes."""

import tempfile
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given

from shepherd.core.guest.record import text_of
from shepherd.core.guest.rules import beside_problems, guest_problems
from shepherd.edges.guest_files import DirectoryOfGuests
from shepherd.edges.settings_file import read_guest
from shepherd.errors import CommandFailed, SettingsError
from shepherd.model.guest import Guest, Token
from tests.core.guest.some_guests import CAMPUS, OTHER, guests

TOKEN = Token(text="eyJ.secret.x\n", ident="0f", until_s=2e9)


def files_in(place: Path) -> DirectoryOfGuests:
    return DirectoryOfGuests(
        place / "guests.d", place / "handover", configuration=lambda: place / "50-guests.conf",
        read=lambda path: read_guest(path, guest_problems), beside=beside_problems, write=text_of,
        names=lambda guest: (f"token-of-{guest.name}", "60-flock.conf"),
    )  # fmt: skip


@hypothesis.settings(max_examples=40)
@given(guests())
def test_what_is_written_is_read_again(guest: Guest) -> None:
    """A name with an umlaut, or a limit of 1e5, made the file unreadable, and with it every guest."""
    with tempfile.TemporaryDirectory() as place:
        files = files_in(Path(place))
        with files.alone():
            files.keep(guest)
        assert files.guests() == [guest]


def test_the_token_is_roots_alone_and_the_rest_can_be_read(tmp_path: Path) -> None:
    """An operator could not see who the guests are, or could see their tokens."""
    files = files_in(tmp_path)
    with files.alone():
        files.keep(CAMPUS)
        token, snippet = map(Path, files.hand_over(CAMPUS, TOKEN, "# text\n"))
    modes = [path.stat().st_mode & 0o777 for path in (token, token.parent, token.parent.parent, snippet)]
    assert modes == [0o600, 0o700, 0o700, 0o644]
    assert (tmp_path / "guests.d/campus.toml").stat().st_mode & 0o777 == 0o644
    assert token.read_text() == TOKEN.text
    assert [path.name for path in tmp_path.rglob(".*") if path.is_file()] == [".lock"]


def test_what_was_handed_over_can_be_cleared_twice(tmp_path: Path) -> None:
    """The second of two removals died of what the first had done."""
    files = files_in(tmp_path)
    files.hand_over(CAMPUS, TOKEN, "")
    files.clear_handover(CAMPUS)
    files.clear_handover(CAMPUS)
    assert list((tmp_path / "handover").iterdir()) == []


def test_a_file_that_was_changed_by_hand_is_judged_like_any_settings(tmp_path: Path) -> None:
    """A line of somebody's editor was taken for a guest."""
    files = files_in(tmp_path)
    with files.alone():
        files.keep(CAMPUS)
    path = tmp_path / "guests.d/campus.toml"
    path.write_text(path.read_text().replace("hosts = 0", "hosts = -1"))
    with pytest.raises(SettingsError, match=r"campus\.toml: hosts: is -1"):
        files.guests()
    path.write_text(path.read_text() + "colour = 3\n")
    with pytest.raises(SettingsError, match="colour"):
        files.guests()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """No traceback reaches a person, whatever the disk does."""
    (tmp_path / "guests.d").write_text("a file where a directory should be")
    with pytest.raises(CommandFailed, match=r"guests\.d"), files_in(tmp_path).alone():
        pass
    with pytest.raises(CommandFailed, match=r"nowhere"):
        DirectoryOfGuests(
            tmp_path, tmp_path, configuration=lambda: tmp_path / "nowhere/x", read=lambda _: CAMPUS,
            beside=beside_problems, write=text_of, names=lambda _: ("a", "b"),
        ).configure("")  # fmt: skip


def test_two_guests_who_share_what_is_one_guests_are_none(tmp_path: Path) -> None:
    """A file was copied and its name changed: two guests had one schedd, and the second could not be removed alone."""
    files = files_in(tmp_path)
    with files.alone():
        files.keep(CAMPUS)
        files.keep(OTHER)
    assert files.understood() == ([CAMPUS, OTHER], [])
    twin = tmp_path / "guests.d/twin.toml"
    twin.write_text(text_of(CAMPUS).replace('name = "campus"', 'name = "twin"'))
    with pytest.raises(SettingsError, match=r"twin\.toml: identity"):
        files.guests()
    twin.write_text(twin.read_text().replace("guest.campus.1", "guest.twin.1"))
    guests, wrong = files.understood()
    assert guests == [OTHER]
    assert [(Path(one.file).name, one.key) for one in wrong] == [("campus.toml", "schedds"), ("twin.toml", "schedds")]
    assert files.guest("campus") == CAMPUS, "each of them can be removed"
    twin.write_text(twin.read_text().replace('"admitted"', '"removed"'))
    assert CAMPUS in files.guests()
