"""Files and directories looked at."""

import errno
import hashlib
import os
import pathlib

import pytest

from shepherd.edges.file_look import FileLook
from shepherd.errors import CommandFailed

LOOK = FileLook()


def test_a_file_is_described_as_it_is(tmp_path: pathlib.Path) -> None:
    """Mode, owner and content decide what is wrong with a token or a guard."""
    path = tmp_path / "token"
    path.write_text("secret\n")
    path.chmod(0o640)
    seen = LOOK.seen(str(path), digest=True)
    assert seen is not None
    assert (seen.mode, seen.uid, seen.is_directory) == (0o640, os.geteuid(), False)
    assert seen.digest == hashlib.sha256(b"secret\n").hexdigest()
    assert LOOK.text(str(path)) == "secret\n"


def test_a_directory_keeps_its_set_id_bit(tmp_path: pathlib.Path) -> None:
    """Without it people's intents belong to their own group, and nobody but they can read them."""
    path = tmp_path / "intents"
    path.mkdir()
    path.chmod(0o2770)
    (path / "b").touch()
    (path / "a").touch()
    seen = LOOK.seen(str(path))
    assert seen is not None
    assert (seen.mode, seen.is_directory) == (0o2770, True)
    assert LOOK.names(str(path)) == ["a", "b"]
    assert LOOK.room(str(path)) > 0


def test_what_is_not_there_is_none_and_what_cannot_be_looked_at_is_told(tmp_path: pathlib.Path) -> None:
    """Both were "missing", and a second token was put beside the first."""
    gone = str(tmp_path / "gone")
    assert LOOK.seen(gone) is None
    assert (LOOK.names(gone), LOOK.text(gone), LOOK.room(gone)) == ((), "", 0)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(CommandFailed, match="cannot be looked at"):
        LOOK.seen(str(loop))


def test_a_directory_that_is_kept_from_us_is_not_an_empty_one(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon's tokens were root's, and it was told to make some."""

    def kept(path: str) -> list[str]:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    assert LOOK.names(str(tmp_path)) == []
    monkeypatch.setattr("shepherd.edges.file_look.os.listdir", kept)
    with pytest.raises(CommandFailed, match=f"is kept from .*; chown {os.geteuid()} {tmp_path}"):
        LOOK.names(str(tmp_path))
