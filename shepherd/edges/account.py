"""Whom this process runs as, and becoming somebody else for good."""

import contextlib
import os
import pwd
from collections.abc import Callable
from pathlib import Path

from shepherd.errors import CommandFailed

USUAL = "shepherd"


def daemon_account(state: Path, pid: int | None = None, unit_user: str = "") -> "pwd.struct_passwd | None":
    """The user whom the daemon's process runs as, else whom its unit names, else the one that is named for us, else
    whom the state directory belongs to, which is judged itself; None if there is none of them."""
    asked: tuple[Callable[[], pwd.struct_passwd], ...] = (
        lambda: pwd.getpwuid(Path(f"/proc/{pid}").stat().st_uid),
        lambda: pwd.getpwuid(int(unit_user)) if unit_user.isdecimal() else pwd.getpwnam(unit_user),
        lambda: pwd.getpwnam(USUAL),
        lambda: pwd.getpwuid(state.stat().st_uid),
    )
    for ask in asked:
        with contextlib.suppress(OSError, KeyError):
            return ask()
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
