"""Who may do what besides ordering: by Unix group."""

import dataclasses
import enum


class Role(enum.Enum):
    """What a group of people may do."""

    PERSONAL = "personal"
    """See who a person is: users and job ids in answers, and evidence."""
    STOP = "stop"
    """Ban and unban, quarantine."""
    RELEASE = "release"
    """Give a quarantined host back to work."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Person:
    """A Unix user, as the machine knows it."""

    name: str
    groups: frozenset[str] = frozenset()
    """Names of all groups that it is in."""
    is_owner: bool = False
    """Root, or the daemon's own account: may everything, because it could take it."""
