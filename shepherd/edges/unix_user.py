"""Whose a file or process is."""

import grp
import os
import pwd
from pathlib import Path

NOBODY_LOGGED_IN = 0xFFFFFFFF
"""The login of what no login started."""


def user_name(uid: int) -> str:
    """The Unix user's name, or `uid 1234`."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def caller() -> str:
    """The user who logged in and became who runs this, by sudo or otherwise, as the kernel's audit knows it; without
    a login, the one who runs it."""
    try:
        uid = int(Path("/proc/self/loginuid").read_text())
    except (OSError, ValueError):
        uid = NOBODY_LOGGED_IN
    return user_name(os.geteuid() if uid == NOBODY_LOGGED_IN else uid)


def group_name(gid: int) -> str:
    """The Unix group's name, or `gid 1234`."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return f"gid {gid}"
