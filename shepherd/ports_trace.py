"""What recording who did what needs of the world. Edges and the fake world implement these."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from shepherd.model.flow import FlowSeen
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
