"""Stopping somebody now: bans and quarantines, as people order them and as they travel on the signed pages."""

import dataclasses
import enum

from shepherd.model.host import HostName


class BanKind(enum.Enum):
    """What may be banned."""

    USER = "user"
    """`user@domain`, by the word of its schedd."""
    SCHEDD = "schedd"
    """A schedd's name; the address that its authenticated ad has is cut off, too."""
    GUEST = "guest"
    """A guest's name: all of its schedds and users."""
    IMAGE = "image"
    """The id of a container's image, `sha256:…`."""
    HOST = "host"
    """It is not lent."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ban:
    """One ban. Kind and value are its name: a second ban of the same replaces the first."""

    kind: BanKind
    value: str
    at_s: float
    until_s: float | None
    """None: until `unban`. By the shepherd's clock."""
    who: str
    why: str
    domain: str = ""
    """Of a guest: the domain of its users."""
    addresses: tuple[str, ...] = ()
    """Of a schedd or a guest: IPv4 addresses that its authenticated ads had, which the gateway cuts off."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Quarantine:
    """One host's container is cut off, looked at and kept."""

    ident: str
    """Unique for ever, `q-p205-20260301T140210`; also the cause in every record about it."""
    host: HostName
    address: str
    """The container's address, for the gateway; empty: not known."""
    at_s: float
    who: str
    why: str
    keep_host: bool
    """The host stays out of work until `release`; else it goes back to local work when the evidence is kept."""
    released_at_s: float | None = None
    """The host may work, and the address is free again; the evidence stays for its time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlockAd:
    """What the flock pool's collector knows of one of a guest's schedds, or of a submitter of one."""

    identity: str
    """Who had signed in to say so (`AuthenticatedIdentity`); empty: nobody."""
    schedd: str
    """The schedd's name."""
    address: str = ""
    """The schedd's IPv4 address; empty: the ad has none that is understood."""
    user: str = ""
    """`user@domain`, if it is a submitter's ad."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobSeen:
    """Whose job runs in a slot, as its startd wrote when the claim was made."""

    user: str
    """`user@domain`, by the schedd's word."""
    address: str = ""
    """IPv4 address that the job was started from, as the startd saw it; empty: not yet."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Running:
    """What a host's recorder knows to run in a container."""

    container: str
    at_s: float
    """When it looked. CLOCK_BOOTTIME."""
    jobs: tuple[tuple[int, JobSeen], ...]
    """By account, each name that the job goes by."""
