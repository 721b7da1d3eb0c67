"""Leases and the signed pages that carry them (see DESIGN.md, "Lease")."""

import dataclasses
import enum
import hashlib
import re

from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.stop import Ban, Quarantine

OUR_MARK = "shepherd:"
OUR_REASON = re.compile(rf"{OUR_MARK}(\S+\.\d+\.[0-9a-f]{{8}})")
"""Every drain of ours has a reason of just this form; only those are ours to cancel: people may begin theirs so."""


def lease_name(host: HostName, at_s: float, chance: str) -> LeaseId:
    """The name of a lend; `chance` is eight hexadecimal digits."""
    return LeaseId(f"{host}.{int(at_s)}.{chance}")


def drain_reason(lease: LeaseId) -> str:
    """The reason our drain for this lend carries."""
    return OUR_MARK + lease


def drained_for(reason: str) -> LeaseId | None:
    """The lend that a drain's reason names; None if the drain is not of our making."""
    ours = OUR_REASON.fullmatch(reason)
    return LeaseId(ours[1]) if ours else None


def host_number(host: str) -> int:
    """The number behind a host's page: 63 bits of SHA-256, as much as a ClassAd integer holds."""
    return int.from_bytes(hashlib.sha256(host.encode()).digest()[:8], "big") >> 1


class LeasePhase(enum.Enum):
    """How far a lease reaches."""

    ARM = "arm"
    """Start the container; its PID 1 waits for the lock."""
    GO = "go"
    """PID 1 may start HTCondor when it has the lock."""
    REVOKED = "revoked"
    """Leave now, by the ladder."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ladder:
    """The rungs of leaving, seconds each."""

    graceful_s: float
    fast_s: float
    kill_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lease:
    """One host's entry on a page."""

    host: HostName
    nonce: Nonce
    lease: LeaseId
    phase: LeasePhase
    image: str
    lease_s: float
    ladder: Ladder
    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class LeasePage:
    """The signed content of one ad. Hosts are hashed onto pages."""

    pool: str
    instance: str
    """The shepherd that wrote it; a second shepherd refuses by it."""
    page: int
    pages: int
    serial: int
    """Grows with every page this instance publishes, over restarts too."""
    issued_at_s: float
    """The shepherd's wall clock."""
    flockoff: bool
    """All flocking off: every lease counts as revoked."""
    leases: tuple[Lease, ...]
    process: str = ""
    """Tells two processes of one instance apart, for shepherds only; empty on a page from before it was written."""
    bans: tuple[Ban, ...] = ()
    """All bans that stand, on every page."""
    quarantines: tuple[Quarantine, ...] = ()
    """All quarantines that are not over, on every page: the gateway reads only one."""
    spooled: tuple[tuple[str, int], ...] = ()
    """Of hosts on this page: the highest segment of their spool that is safely stored, so that they may drop it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SignedPage:
    """What travels: exact bytes and their signature."""

    payload: bytes
    """Canonical JSON (UTF-8, sorted keys, no spaces)."""
    key_id: str
    signature: bytes
    """Ed25519 over b"shepherd-lease-page-v1\\0" + payload."""
