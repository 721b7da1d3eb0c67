"""Files with secrets: root's alone, or they are not read.

systemd hands an unprivileged daemon copies of root's secrets (LoadCredential=): a file that this account may not read
is read from its copy, `DIRECTORY_NAME` or `NAME`. Settings so name the same file with systemd and without.
"""

import json
import os
import stat
from pathlib import Path

from shepherd.errors import CommandFailed

BYTES_MAX = 65536
FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
CREDENTIALS = "CREDENTIALS_DIRECTORY"
SYSTEMDS = Path("/run/credentials")
"""Where the copies of each unit are, for who is not that unit."""


def read_secret(path: Path, what: str, owner: int | None = None) -> str:
    """The text of a file that only its owner can read: root, we or `owner`, the account that we look on behalf of.
    Raises CommandFailed, naming it as `what`."""
    try:
        path = readable(path)
        descriptor = os.open(path, FLAGS)
        with os.fdopen(descriptor, "rb") as file:
            refuse_loose(path, os.fstat(descriptor), owner)
            return file.read(BYTES_MAX).decode("utf-8", "replace")
    except OSError as exc:
        raise CommandFailed(f"{what} {path}: {exc.strerror}") from exc


def read_login(path: Path) -> tuple[str, str]:
    """User and password from a file `{"username": "…", "password": "…"}`. Raises CommandFailed."""
    text = read_secret(path, "the registry's login")
    try:
        members = json.loads(text)
        return str(members["username"]), str(members["password"])
    except (ValueError, TypeError, KeyError) as exc:
        remedy = 'write {"username": "…", "password": "…"}'
        raise CommandFailed(f"the registry's login {path} is not understood; {remedy}") from exc


def readable(path: Path) -> Path:
    """The file itself, or systemd's copy of it if there is one and the file is kept from this account."""
    try:
        os.close(os.open(path, FLAGS))
    except PermissionError:
        directory = os.environ.get(CREDENTIALS, "")
        copies = [Path(directory, name) for name in (f"{path.parent.name}_{path.name}", path.name) if directory]
        return next((copy for copy in copies if copy.exists()), path)
    except OSError:
        return path
    return path


def mode_of(path: Path, seen: os.stat_result) -> int:
    """A file's permissions. Of systemd's copies, which are root's, the group's bits are only the mask of an access list
    that names this account."""
    mode = stat.S_IMODE(seen.st_mode)
    is_copy = str(path.parent) == os.environ.get(CREDENTIALS) or path.parent.parent == SYSTEMDS
    return mode & ~0o040 if is_copy and seen.st_uid == 0 else mode


def refuse_loose(path: Path, seen: os.stat_result, owner: int | None = None) -> None:
    """Raise CommandFailed for a secret that others than root, we and `owner` may read."""
    mode = mode_of(path, seen)
    if seen.st_uid not in {0, os.geteuid(), owner} or mode & 0o077:
        raise CommandFailed(f"{path} has mode {mode:04o} and owner {seen.st_uid}; chown root, chmod go= it")
