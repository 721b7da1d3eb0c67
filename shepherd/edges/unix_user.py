"""Whose a file or process is."""

import grp
import pwd


def user_name(uid: int) -> str:
    """The Unix user's name, or `uid 1234`."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def group_name(gid: int) -> str:
    """The Unix group's name, or `gid 1234`."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return f"gid {gid}"
