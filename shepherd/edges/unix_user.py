"""Whose a file or process is."""

import grp
import os
import pwd
from pathlib import Path

from shepherd.model.roles import Person

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


def person_of(uid: int, daemon_uid: int) -> Person:
    """A user with its groups, by name service; `daemon_uid` is the account that the shepherd runs as."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Person(name=user_name(uid), is_owner=uid in {0, daemon_uid})
    groups = frozenset(map(group_name, os.getgrouplist(entry.pw_name, entry.pw_gid)))
    return Person(name=entry.pw_name, groups=groups, is_owner=uid in {0, daemon_uid})


def person_named(name: str, daemon_uid: int) -> Person:
    """The same by name, as an intent has its owner's; nobody of that name is in no group."""
    try:
        return person_of(pwd.getpwnam(name).pw_uid, daemon_uid)
    except KeyError:
        return Person(name=name)


def owner_of(path: Path) -> int:
    """The uid that a path belongs to; nobody's (-1) if it is not there."""
    try:
        return path.stat().st_uid
    except OSError:
        return -1


def me() -> int:
    """The uid that this process acts as."""
    return os.geteuid()
