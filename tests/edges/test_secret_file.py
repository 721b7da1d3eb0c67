"""Secrets that are root's, and the copies of them that systemd gives an unprivileged daemon."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shepherd.edges.secret_file import mode_of, read_secret, readable
from shepherd.edges.signing import create_key, id_of_file
from shepherd.errors import CommandFailed

CREDENTIALS = "CREDENTIALS_DIRECTORY"
NOBODY = 65534
AS_NOBODY = """
import os, sys
from pathlib import Path
from shepherd.edges.secret_file import readable
os.setgroups([]); os.setgid({nobody}); os.setuid({nobody})
print(readable(Path(sys.argv[1])))
"""


def seen_by_nobody(path: Path, credentials: Path) -> Path:
    """Which file an unprivileged daemon reads instead of `path`."""
    script = AS_NOBODY.format(nobody=NOBODY)
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True, text=True, check=True, timeout=20, env={**os.environ, CREDENTIALS: str(credentials)},
    )  # fmt: skip
    return Path(done.stdout.strip())


def test_a_file_that_can_be_read_is_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stale copy of a key was read although its owner had replaced the file."""
    (tmp_path / "keys").mkdir()
    ident = create_key(tmp_path / "keys/lease.key")
    (tmp_path / "keys_lease.key").write_text("stale")
    monkeypatch.setenv(CREDENTIALS, str(tmp_path))
    assert id_of_file(tmp_path / "keys/lease.key") == ident


def test_a_secret_that_others_may_read_is_refused_also_beside_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What holds for systemd's own directory must not open any other file of root's to its group."""
    (tmp_path / "copies").mkdir()
    for path in (tmp_path / "secret", tmp_path / "copies/secret"):
        path.write_text("word\n")
        path.chmod(0o640)
    monkeypatch.setenv(CREDENTIALS, str(tmp_path / "copies"))
    with pytest.raises(CommandFailed, match="mode 0640"):
        read_secret(tmp_path / "secret", "the password")
    copy = tmp_path / "copies/secret"
    expected = 0o600 if copy.stat().st_uid == 0 else 0o640
    assert mode_of(copy, copy.stat()) == expected


def test_without_copies_the_file_is_named_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error about a path that nobody has written into the settings helps nobody."""
    monkeypatch.delenv(CREDENTIALS, raising=False)
    assert readable(tmp_path / "keys/none") == tmp_path / "keys/none"


@pytest.mark.real
@pytest.mark.parametrize("name", ["keys_lease.key", "lease.key"])
def test_an_unprivileged_daemon_reads_the_copy(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """The key was given to the daemon's account, which could then hand it to anybody, or replace it."""
    base = tmp_path_factory.getbasetemp()
    made = [tmp_path_factory.mktemp("keys"), tmp_path_factory.mktemp("copies")]
    secret, copies = made[0] / "keys", made[1]
    for folder in (base.parent.parent, base.parent, base, *made):
        if folder.name.startswith(("pytest", "popen")) or folder in made:
            folder.chmod(0o755)
    secret.mkdir(mode=0o700)
    (secret / "lease.key").write_text("secret")
    (copies / name).write_text("secret")
    assert seen_by_nobody(secret / "lease.key", copies) == copies / name
    assert seen_by_nobody(secret / "other.key", copies) == secret / "other.key"
