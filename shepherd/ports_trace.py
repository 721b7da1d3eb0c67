"""What recording who did what needs of the world. Edges and the fake world implement these."""

import enum
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from shepherd.model.host import LeaseId
from shepherd.model.trace import Segment, TraceRecord


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
