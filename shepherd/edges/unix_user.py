"""Whose a file or process is."""

import pwd


def user_name(uid: int) -> str:
    """The Unix user's name, or `uid 1234`."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
