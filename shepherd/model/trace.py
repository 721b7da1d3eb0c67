"""What is recorded to answer "who did that from this address, then": stays, jobs, flows, identities, and their gaps.

Each record says what one *source* saw: a host's keeper, the gateway, or the shepherd. Times are epoch seconds of that
source's own clock; how far it was from the shepherd's is a record, too (`ClockSeen`). What begins and ends has two
records, so that nothing is ever changed; a key joins them.
"""

import dataclasses
import enum


class EndSeen(enum.Enum):
    """How an end is known."""

    SEEN = "seen"
    """Told by whoever ended it."""
    BY_LOOK = "by look"
    """Missing at a later look: it ended between the look before and `at_s`."""
    WITH_CONTAINER = "with its container"
    """Nothing told it; the container ended at `at_s`, and nothing of it lived on."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StayBegun:
    """From now on a host is in a herd; while lent, in this container, at this address."""

    source: str
    host: str
    at_s: float
    herd: str
    """`local` or `flock`."""
    lease: str = ""
    container: str = ""
    image: str = ""
    """The image's id, `sha256:…`."""
    address: str = ""
    mac: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StayEnded:
    """The stay of `lease` (empty: the local one) is over."""

    source: str
    host: str
    at_s: float
    lease: str = ""
    how: EndSeen = EndSeen.SEEN
    why: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobBegun:
    """A job runs in a slot. The key is host, container, slot and `begun`."""

    source: str
    host: str
    container: str
    slot: str
    """`slot1_3`."""
    begun: str
    """Tells two runs in one slot apart, e.g. the claim's number and the time HTCondor gave."""
    at_s: float
    uid: int
    """The slot's account, inside the container's own accounts; -1 if unknown."""
    job: str
    """Global job id. Claimed by the schedd."""
    user: str
    """`user@domain`. Claimed by the schedd."""
    owner: str = ""
    """The job's owner there. Claimed by the schedd."""
    schedd: str = ""
    """Claimed by the schedd; `ScheddSeen` says who had that name, authenticated."""
    peer: str = ""
    """Address that the claim was activated from, as the startd saw it."""
    cpus: int = 0
    """Cores that the startd gave to the slot, whatever the job asks for; 0: not known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobEnded:
    """The run is over."""

    source: str
    host: str
    container: str
    slot: str
    begun: str
    at_s: float
    how: EndSeen = EndSeen.SEEN
    exit_code: int | None = None
    exit_signal: int | None = None
    why: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlowBegun:
    """A connection passed the first time. The key is source, `flow` and `at_s`.

    From the gateway: all three ends. From a host: inside and far end, and the account; no NAT address.
    """

    source: str
    flow: int
    """The kernel's id of it; used again after its end."""
    at_s: float
    protocol: int
    """IP protocol: 6 TCP, 17 UDP."""
    address: str
    port: int
    nat_address: str
    """Empty from a host."""
    nat_port: int
    far_address: str
    far_port: int
    uid: int = -1
    """Account in the container; -1: not known, as from the gateway."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlowEnded:
    """It is over."""

    source: str
    flow: int
    begun_s: float
    at_s: float
    how: EndSeen = EndSeen.SEEN
    sent_packets: int = 0
    sent_bytes: int = 0
    """From the container."""
    received_packets: int = 0
    received_bytes: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gap:
    """Between these times the source may have missed something; never silent."""

    source: str
    what: str
    """`flows`, `jobs`, `stays`, `schedds`."""
    from_s: float
    to_s: float
    count: int | None
    """How many were missed at least; None: not known."""
    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScheddSeen:
    """At this time the flock pool's collector knew a schedd of this name, and this identity had signed in as it."""

    source: str
    at_s: float
    schedd: str
    address: str
    """IPv4 address and port."""
    identity: str
    """Authenticated."""
    guest: str
    """Name of the guest whose identity that is; empty: nobody's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClockSeen:
    """How far a source's clock was from the shepherd's."""

    source: str
    at_s: float
    """By the shepherd's clock."""
    ahead_s: float
    """Positive: the source's clock is ahead."""
    within_s: float
    """The difference is known to this, either way."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvidenceKept:
    """A quarantined container's evidence lies on its host."""

    source: str
    host: str
    at_s: float
    quarantine: str
    """The quarantine's ident."""
    container: str
    manifest: str
    """SHA-256 of the manifest, hex; the manifest has those of all files."""
    size_bytes: int
    lost: str
    """What could not be kept, in words; empty: nothing."""


TraceRecord = (
    StayBegun | StayEnded | JobBegun | JobEnded | FlowBegun | FlowEnded | Gap | ScheddSeen | ClockSeen | EvidenceKept
)

PERSONAL = frozenset({(JobBegun, "user"), (JobBegun, "owner"), (JobBegun, "job")})
"""Fields that tell of a person: stored encrypted, for a settable time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Segment:
    """A piece of a source's spool, as it lies in one file and is fetched as a whole. Once sealed it never changes."""

    source: str
    number: int
    """Counts up without a break; a break is a loss, and is recorded as a Gap. The first of a new spool is the time in
    whole seconds, so that a source which lost its disk does not begin below what is stored of it."""
    sealed_at_s: float
    """By the source's clock."""
    records: tuple[TraceRecord, ...]
