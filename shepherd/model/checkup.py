"""What a check sees, as plain values; `core/checkup` judges them."""

import dataclasses
from collections.abc import Mapping

Version = tuple[int, ...]
"""Numbers of a version, `(25, 14, 1)`; empty: not known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Token:
    """An IDTOKEN's own words; its signature is the collector's business."""

    identity: str
    """Whom it signs in (`sub`)."""
    issuer: str
    """The trust domain that made it (`iss`)."""
    key_id: str
    """Name of the pool's signing key (`kid`)."""
    issued_s: float
    """Epoch seconds; 0: it does not say."""
    expires_s: float | None
    """Epoch seconds; None: never."""
    rights: tuple[str, ...] = ()
    """Authorisation levels it is limited to; empty: no limit."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FileSeen:
    """A file or directory."""

    mode: int
    """Permission bits, with set-id and sticky bits."""
    uid: int
    gid: int
    owner: str
    """The user's name, or `uid 1234`."""
    group: str = ""
    """The group's name, or `gid 1234`."""
    is_directory: bool = False
    digest: str = ""
    """SHA-256 of a file's content, as hex digits, where it was asked for."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CollectorSeen:
    """A collector, by its own ad."""

    version: Version
    age_s: float
    ahead_s: float
    """How far its clock is ahead of ours. Whole seconds; as far as was looked, beyond a week."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Authority:
    """Who we are to a daemon of HTCondor, and what it lets us do."""

    identity: str
    trust_domain: str
    granted: frozenset[str]
    """Authorisation levels of those asked for."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class QueueSeen:
    """Whether a schedd tells us what its idle jobs ask for."""

    problem: str = ""
    """Why not, in one clause; empty: it does."""
    refused: str = ""
    """Whom it refuses READ, by the identity that it knows us by; empty: it does not refuse it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CgroupsSeen:
    """The kernel's control groups."""

    version: int
    """1 or 2; 0: none are mounted."""
    controllers: frozenset[str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AppArmorSeen:
    """AppArmor."""

    is_on: bool
    profiles: frozenset[str] | None
    """Names of the loaded ones; None: they cannot be read."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class UnitSeen:
    """A unit of systemd."""

    properties: Mapping[str, str]
    """As `systemctl show` tells them, those asked for."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ListenSeen:
    """An address and port of this machine. As it is by default, nobody listens there, and somebody could."""

    problem: str = ""
    """Why nobody could, in one clause."""
    is_taken: bool = False
    status: int = 0
    """Of an HTTP answer there; 0: none."""
    text: str = ""
    """The beginning of its body."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tracking:
    """The kernel's connection tracking."""

    most: int
    """Connections it remembers at most."""
    now: int
