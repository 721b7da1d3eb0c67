"""Files with secrets: root's alone, or they are not read."""

import json
import os
import stat
from pathlib import Path

from shepherd.errors import CommandFailed

BYTES_MAX = 65536


def read_secret(path: Path, what: str) -> str:
    """The text of a file that only its owner can read. Raises CommandFailed, naming it as `what`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            refuse_loose(path, os.fstat(descriptor))
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


def refuse_loose(path: Path, seen: os.stat_result) -> None:
    """Raise CommandFailed for a secret that others may read. Of systemd's credentials, which are root's, the bits of
    the group are the mask of a list of accounts: `0440`."""
    mode = stat.S_IMODE(seen.st_mode)
    others = 0o037 if (seen.st_uid, seen.st_gid) == (0, 0) else 0o077
    if seen.st_uid not in {0, os.geteuid()} or mode & others:
        raise CommandFailed(f"{path} has mode {mode:04o} and owner {seen.st_uid}; chown root, chmod go= it")
