"""What recording who did what needs of the world. Edges and the fake world implement these."""

import enum
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Protocol

from shepherd.model.chain import Head
from shepherd.model.flow import FlowSeen
from shepherd.model.host import LeaseId
from shepherd.model.syslog import SyslogMessage
from shepherd.model.trace import ClockSeen, EvidenceKept, Gap, ScheddSeen, Segment, TraceRecord
from shepherd.model.trace_rows import (
    Answer,
    Flow,
    FlowsSought,
    Held,
    Job,
    JobsSought,
    SeenSought,
    Span,
    Stay,
    StaysSought,
)


class SpoolWriter(Protocol):
    """A source's own spool on its disk: segments in files, the newest still open. One writer at a time.

    What `append` has returned from survives the death of its process at any moment, and is in exactly one segment.
    Raises CommandFailed (disk full, damaged).
    """

    @property
    def newest(self) -> int:
        """Number of the newest sealed segment; 0: none yet."""

    def append(self, records: Sequence[TraceRecord]) -> None:
        """Write, in this order. A spool at its size limit drops its oldest segments and says so by a Gap."""

    def seal(self) -> None:
        """End the open segment if it has records: it may be fetched now. Idempotent."""

    def drop(self, number: int) -> None:
        """Remove segments up to this one: they are stored. Idempotent."""


class FlowWatch(Protocol):
    """A host's look at the connections of its container, with the account of each. Nothing here raises or waits."""

    def follow(self, pid: int | None) -> None:
        """Watch the network namespace of this process, a container's PID 1, from now on; None: watch nothing. What the
        one before had open is ended. Idempotent."""

    def records(self) -> Sequence[TraceRecord]:
        """FlowBegun, FlowEnded and Gap since the last call."""


class StartdFile(enum.Enum):
    """Files that a container's startd writes about its jobs, by their names there."""

    EVENTS = "EventLog"
    ADS = "JobLog"
    HISTORY = "History"


class JobFiles(Protocol):
    """Directories into which containers' startds write about jobs, one a lend: in memory, of a fixed size. They outlive
    container and keeper, not the boot. Raises CommandFailed, Unavailable."""

    def make(self, lease: LeaseId, uid: int, gid: int) -> None:
        """Make a lend's directory, writable for the container's root, which is `uid` and `gid` here. Idempotent."""

    def leases(self) -> AbstractSet[str]:
        """Those that there are."""

    def read(self, lease: str, file: StartdFile, offset: int) -> bytes:
        """What follows there, not all of it if it is much; nothing if there is no such file. CommandFailed if it is no
        plain file, or ends before `offset`."""

    def forget(self, lease: str, file: StartdFile, offset: int) -> None:
        """What lies before is not needed any more: its memory is given back. Offsets stay as they are. Idempotent."""

    def is_full(self, lease: str) -> bool:
        """Whether nothing more can be written there."""

    def remove(self, lease: str) -> None:
        """Remove the directory with all that is in it. Idempotent."""


class Memory(Protocol):
    """What a recorder remembers over restarts and boots: one text. Raises CommandFailed."""

    def read(self) -> str | None:
        """The text; None if there is none."""

    def write(self, text: str) -> None:
        """Replace it, durably and at once."""


class ScheddLook(Protocol):
    """The flock pool's schedds. Ends within its deadline. Raises PoolUnavailable."""

    def flock_schedds(self) -> Sequence[tuple[str, str, str]]:
        """Name, address and port (its own word), and authenticated identity of each schedd in the flock collector."""


class SpoolSource(Protocol):
    """The shepherd's way to all spools. Raises Unavailable, CommandFailed; each call has a deadline."""

    def fetch(self, source: str, number: int) -> Segment | None:
        """One sealed segment; None: the source has dropped it already, or never had it. Raises TraceRefused."""


class TraceWriter(Protocol):
    """The store; one writer. Raises LedgerUnavailable."""

    def stored(self) -> Mapping[str, int]:
        """By source, the number of the newest segment that is safely stored."""

    def add(self, segment: Segment) -> None:
        """Store all of a segment, durably on return. One that is stored already is none again."""

    def note(self, records: Sequence[TraceRecord]) -> None:
        """Store what the shepherd itself has seen."""


class TraceUpkeep(Protocol):
    """What the store's writer does besides writing. Raises LedgerUnavailable."""

    def head(self) -> Head:
        """The end of its chain."""

    def upkeep(self, *, may_retire: bool) -> None:
        """Notice holds, remove released ones; if the clock can be trusted (`may_retire`), destroy keys and remove days
        that are old enough. Idempotent."""


class SiteLog(Protocol):
    """The site's logger."""

    @property
    def problem(self) -> str:
        """Why it cannot be reached; empty: it can, as far as is known."""

    def send(self, message: SyslogMessage) -> None:
        """Have it sent. Never waits, never raises; what cannot be kept is dropped and counted."""


class TraceReader(Protocol):
    """Questions to the store, or to one hold, also while the daemon writes, hangs or is dead. Nothing is changed.
    `edges/trace_store/read.py: StoreReader(directory, reveal=…)`.

    What began before the span and had not ended then is found, however long ago it began. Raises LedgerUnavailable
    if nothing can be asked; what is damaged only in part is named in `Answer.unasked`.
    """

    def span(self) -> Span | None:
        """Times of the oldest and the newest record that are here; None: there is none."""

    def stays(self, sought: StaysSought) -> Answer[Stay]:
        """Which herd, container, image and address a host had."""

    def jobs(self, sought: JobsSought) -> Answer[Job]:
        """Jobs that ran."""

    def flows(self, sought: FlowsSought) -> Answer[Flow]:
        """Connections."""

    def schedds(self, sought: SeenSought) -> Answer[ScheddSeen]:
        """Who was seen as which schedd in the span, and for each schedd the last that was seen before it."""

    def clocks(self, sought: SeenSought) -> Answer[ClockSeen]:
        """How far clocks were apart in the span, and for each source the last that was seen before it."""

    def gaps(self, sought: SeenSought) -> Answer[Gap]:
        """Gaps that overlap the span."""

    def evidence(self, sought: SeenSought) -> Answer[EvidenceKept]:
        """Evidence kept in the span."""


class TraceHolds(Protocol):
    """Holds of the store: an incident's records, copied out of what retention will remove. Raises LedgerUnavailable.
    `edges/trace_store/holds.py: StoreHolds(directory, group=…, wall_s=…)`.
    """

    def hold(
        self,
        name: str,
        *,
        why: str,
        by: str,
        stays: StaysSought | None = None,
        jobs: JobsSought | None = None,
        flows: FlowsSought | None = None,
    ) -> Held:
        """Copy what these questions find (their limits do not count), and all that was seen in their spans. Whoever
        does it may read the keys. Raises UsageError: there is a hold of that name, or no such name."""

    def holds(self) -> Sequence[Held]:
        """All, by name."""

    def read(self, name: str, *, reveal: bool) -> TraceReader:
        """Questions to one hold. Raises UsageError: there is none."""

    def release(self, name: str, *, by: str) -> None:
        """It may be removed: the daemon does so within a minute, and records it. Raises UsageError: there is none."""
class FlowEvents(Protocol):
    """The kernel's connection tracking in one network namespace, for connections from one network. Raises
    CommandFailed."""

    def events(self) -> Sequence[FlowSeen]:
        """What was told since the last call, in order; empty: nothing is waiting. Does not wait."""

    def lost(self) -> int:
        """Events that the kernel could not tell since the last call of this, exactly."""

    def listed(self) -> Sequence[FlowSeen]:
        """All connections that there are."""

    def close(self) -> None:
        """Idempotent."""


class Remembered(NamedTuple):
    """What a recorder of connections knew when it ended."""

    records: Sequence[TraceRecord]
    """FlowBegun of each that it knew of, followed by FlowEnded if it was over."""
    untold: Sequence[TraceRecord]
    """Those that are perhaps in no spool."""
    alive_s: float
    """Epoch seconds when it was last alive."""


class FlowMemory(Protocol):
    """What a recorder of connections knows, kept over its death. Raises CommandFailed."""

    def remembered(self) -> Remembered | None:
        """What the one before knew; None: there was none."""

    def note(self, records: Sequence[TraceRecord]) -> None:
        """Remember these, and that we are alive. They are to be told only afterwards."""

    def told(self) -> None:
        """All that was noted is in a spool."""

    def renew(self, records: Sequence[TraceRecord]) -> None:
        """These are all that is worth remembering; all of them were told."""

    def forget(self) -> None:
        """There is nothing to remember any more. Idempotent."""

    @property
    def length(self) -> int:
        """Records that are kept."""


class ContainerLine(NamedTuple):
    """A line of HTCondor's in a container."""

    log: str
    """`StartLog`."""
    text: str
    """Printable. Claimed by the container."""


class ContainerLogs(Protocol):
    """HTCondor's logs in a host's container. Nothing here raises or waits."""

    def follow(self, pid: int | None) -> None:
        """Read those of the container with this PID 1 from now on, from their beginning; None: none. Idempotent."""

    def lines(self) -> Sequence[ContainerLine]:
        """What was written since the last call; also after the container's end, until another is followed."""
