"""The flockoff file: anything at its path stops flocking, and nothing at its path can hurt."""

import os
import pathlib
import socket

import pytest

from shepherd.edges.off_file import OffFileSwitch, first_line
from shepherd.edges.unix_user import user_name
from shepherd.model.flockoff import OffFile


def look(path: pathlib.Path) -> OffFile:
    return OffFileSwitch(path).look()


@pytest.fixture(name="path")
def flockoff_path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "flockoff"


def me() -> str:
    return user_name(os.getuid())


def test_no_file_is_no_flockoff(path):
    """The usual state."""
    assert look(path) == OffFile(present=False)


def test_no_directory_is_no_flockoff(path):
    """A path below a directory that was never made is absent, not broken."""
    assert look(path / "deeper" / "flockoff") == OffFile(present=False)


def test_a_file_stops_flocking_with_its_owner_and_first_line(path):
    """`echo "disk swap" > /tmp/flockoff` is how the talk does it."""
    path.write_text("disk swap\nsecond line\n")
    assert look(path) == OffFile(present=True, who=me(), why="disk swap")


def test_an_empty_file_stops_flocking(path):
    """`touch /tmp/flockoff`."""
    path.touch()
    assert look(path) == OffFile(present=True, who=me(), why="")


def test_a_link_stops_flocking_and_is_not_followed(path, tmp_path):
    """A link to a secret would have shown its first line to everybody who asks for the status."""
    (tmp_path / "secret").write_text("the password")
    path.symlink_to(tmp_path / "secret")
    found = look(path)
    assert found.present
    assert "a symbolic link to" in found.why
    assert "password" not in found.why


def test_a_dangling_link_stops_flocking(path, tmp_path):
    """`exists()` says False to it."""
    path.symlink_to(tmp_path / "nowhere")
    assert look(path).present


def test_a_link_to_itself_stops_flocking(path):
    """ELOOP is not "no such file"."""
    path.symlink_to(path)
    assert look(path).present
    assert look(path / "below") == OffFile(
        present=True, who="unknown", why=f"{path / 'below'} cannot be looked at: Too many levels of symbolic links"
    )


def test_a_directory_stops_flocking(path):
    """`mkdir /tmp/flockoff` by somebody in a hurry."""
    path.mkdir()
    assert look(path).why == f"{path} is a directory"


@pytest.mark.limit(5)
def test_a_pipe_stops_flocking_and_is_not_waited_for(path):
    """Opening a pipe without a writer waits for ever, and the daemon with it."""
    os.mkfifo(path)
    assert look(path).why == f"{path} is a named pipe"


@pytest.mark.limit(5)
def test_a_file_replaced_by_a_pipe_at_the_worst_moment_is_not_waited_for(path, monkeypatch):
    """What was looked at and what is opened need not be the same thing in /tmp."""
    os.mkfifo(path)
    assert OffFileSwitch(path)._start() == b""


def test_a_socket_stops_flocking(path):
    """Anything counts."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert look(path).why == f"{path} is a socket"


def test_a_file_that_cannot_be_read_stops_flocking(path, monkeypatch):
    """root may read everything; the daemon is not root."""
    path.write_text("secret")

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    found = look(path)
    assert found.present
    assert found.who == me()
    assert found.why == f"{path} cannot be read: Permission denied"


def test_a_path_that_cannot_be_looked_at_stops_flocking(path, tmp_path):
    """Only "no such file" is absence."""
    (tmp_path / "file").touch()
    found = look(tmp_path / "file" / "flockoff")
    assert found.present
    assert "Not a directory" in found.why


def test_a_file_that_vanishes_between_two_looks_was_there(path, monkeypatch):
    """A cleaner of /tmp that comes between lstat and open must not turn a stop into nothing."""
    path.write_text("maintenance")
    really = os.open

    def vanish(*args, **kwargs):
        path.unlink()
        return really(*args, **kwargs)

    monkeypatch.setattr(os, "open", vanish)
    assert look(path).present
    monkeypatch.undo()
    assert not look(path).present


@pytest.mark.limit(5)
def test_a_huge_file_is_not_read(path):
    """A terabyte of nothing in /tmp must not fill the daemon's memory."""
    with path.open("wb") as file:
        file.write(b"huge\n")
        file.truncate(1 << 40)
    assert look(path).why == "huge"


def test_a_line_without_end_is_cut(path):
    """A reason goes into records and pages; 200 characters are one."""
    path.write_text("x" * 100_000)
    assert look(path).why == "x" * 200


@pytest.mark.parametrize(
    ("start", "why"),
    [
        (b"", ""),
        (b"\x1b[2J\x07clear the screen", "[2J clear the screen"),
        (b"\xff\xfe\x00broken", "\ufffd\ufffd broken"),
        ("übermorgen".encode(), "übermorgen"),
        (b"\n\nlater", ""),
    ],
)
def test_text_from_strangers_cannot_steer_a_terminal(start, why):
    """Anybody may write to /tmp; an administrator's terminal shows what is there."""
    assert first_line(start) == why


def test_an_owner_without_a_name_is_shown_by_number(monkeypatch):
    """A user who left the site still owns files."""
    assert user_name(3_999_999_999) == "uid 3999999999"
