"""What is kept of a quarantined container: on its way, its list of files, and who had it in hand."""

import dataclasses
import enum


class KeepStage(enum.Enum):
    """How far a host's keeper is with a quarantine that it has seen."""

    RECORDING = "recording"
    """The container is cut off and frozen, and is looked at."""
    HELD = "held"
    """It stays frozen and cut off until `release`."""
    ENDING = "ending"
    """What lives of it is killed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Keeping:
    """A keeper's own note of the quarantine that it is carrying out, within one boot of its host."""

    ident: str
    who: str
    why: str
    keep_host: bool
    container: str
    """The container's id."""
    since_s: float
    """CLOCK_BOOTTIME at which it was frozen."""
    stage: KeepStage


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """What is known of a piece of evidence before anything is in it. Lies beside it, over restarts and boots."""

    ident: str
    host: str
    container: str
    """The container's id, or empty; its writable layer stays in dockerd under it as long as the evidence does."""
    image: str
    lease: str
    address: str
    who: str
    why: str
    ordered_at_s: float
    """By the shepherd's clock."""
    seen_at_s: float
    """By the host's clock: the keeper saw the order."""
    keep_host: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Piece:
    """One file of evidence."""

    name: str
    """Path below the evidence's directory; never a name from the container."""
    size_bytes: int
    sha256: str
    what: str
    """What it is, e.g. `memory of process 4242`, or the path that it had in the container."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifest:
    """All of one quarantine's evidence. Its own SHA-256 is what is told to others."""

    case: Case
    made_at_s: float
    pieces: tuple[Piece, ...]
    layer: tuple[Piece, ...]
    """Files of the container's writable layer, which stay in dockerd; `name` is the path there."""
    lost: tuple[str, ...]
    """What could not be kept, and why, a clause each."""

    @property
    def size_bytes(self) -> int:
        """Of all pieces."""
        return sum(piece.size_bytes for piece in self.pieces)


class Hand(enum.Enum):
    """What may happen to evidence."""

    MADE = "made"
    EXPORTED = "exported"
    RELEASED = "released"
    DELETED = "deleted"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Custody:
    """One line of the chain of custody: who had evidence in hand, when, and why."""

    at_s: float
    hand: Hand
    ident: str
    who: str
    why: str
    manifest: str
    """SHA-256 of the manifest at that time; empty if there was none."""
    before: str
    """SHA-256 of the line before; empty in the first."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kept:
    """A piece of evidence that is there."""

    case: Case
    manifest: str
    """SHA-256 of the manifest; empty: none was made yet."""
    size_bytes: int
    lost: tuple[str, ...]
    made_at_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Taking:
    """What is to be looked at, and for how long."""

    container: str
    pids: tuple[int, ...]
    until_s: float
    """CLOCK_BOOTTIME."""
    job_uid: int
    """The lowest account of jobs, as the container counts."""
