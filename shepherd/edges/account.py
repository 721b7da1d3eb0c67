"""Whom this process runs as, and becoming somebody else for good."""

import os
import pwd
from pathlib import Path

from shepherd.errors import CommandFailed

USUAL = "shepherd"


def daemon_account(state: Path) -> "pwd.struct_passwd | None":
    """The user that a state directory belongs to, or the one that is named for us; None if there is neither."""
    try:
        return pwd.getpwuid(state.stat().st_uid)
    except (OSError, KeyError):
        pass
    try:
        return pwd.getpwnam(USUAL)
    except KeyError:
        return None


def own_account() -> str:
    """Our user's name, or `uid 1234`."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


def become(user: "pwd.struct_passwd") -> None:
    """Give up root's rights for good, in all threads. Raises CommandFailed."""
    try:
        os.initgroups(user.pw_name, user.pw_gid)
        os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
        os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    except OSError as exc:
        raise CommandFailed(f"we cannot become {user.pw_name}: {exc.strerror}") from exc
    os.environ.update(HOME=user.pw_dir, USER=user.pw_name, LOGNAME=user.pw_name)
