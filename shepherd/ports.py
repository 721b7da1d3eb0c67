"""What the core and the loops need of the world. Edges and the fake world implement these.

Every method says what it raises; nothing else escapes. Absence is a value, not an exception.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from shepherd.model.entry import Entry
from shepherd.model.flockoff import OffFile
from shepherd.model.host import HostName, HostPair
from shepherd.model.intents import Intent
from shepherd.model.lease import SignedPage
from shepherd.model.monitoring import Begin, Heartbeat, Permissions, Silence, SilenceKind
from shepherd.model.observation import (
    FlockStartd,
    KeeperReport,
    Queue,
    RegularMaster,
    RegularStartd,
)
from shepherd.model.orders import HostMemory, Outcome, Step, SwitchRecord


class Clock(Protocol):
    """The only source of time."""

    def wall_s(self) -> float:
        """Epoch seconds; may jump."""

    def steady_s(self) -> float:
        """Seconds of a clock that never jumps and counts suspend (CLOCK_BOOTTIME)."""


class Pool(Protocol):
    """Questions to both pools. Each raises `PoolUnavailable` (silent, or `refused`) and has a deadline.

    With `hosts` given only these are asked for; None means all. Never hangs, never returns a partial answer.
    May be asked from several threads at once.
    """

    def regular_startds(self, hosts: Sequence[HostName] | None) -> Mapping[str, RegularStartd]:
        """By machine name, from the home collector's slot ads."""

    def regular_masters(self, hosts: Sequence[HostName] | None) -> Mapping[str, RegularMaster]:
        """By machine name, from the home collector's master ads."""

    def flock_startds(self, names: Sequence[str] | None) -> Mapping[str, FlockStartd]:
        """By machine name, from the flock collector's slot ads."""

    def keepers(self, hosts: Sequence[HostName] | None) -> Mapping[str, KeeperReport]:
        """By host name, from the keepers' small ads in the home collector."""

    def queue(self) -> Queue:
        """Idle local jobs of the site's own authenticated schedds."""

    def collector_age_s(self) -> tuple[float, float]:
        """Seconds since the home and the flock collector started: a young one knows little."""

    def publish(self, pages: Sequence[SignedPage]) -> None:
        """Put lease pages into the home collector. Idempotent. Raises PoolUnavailable."""

    def published(self) -> Sequence[SignedPage]:
        """The lease pages that are in the home collector now, unverified."""


class Commands(Protocol):
    """Orders to startds and masters, by HTCondor's own tools. Each ends within its deadline, never raises
    for an unwilling or silent other side (that is an Outcome), and is idempotent."""

    def carry_out(self, step: Step, pair: HostPair) -> Outcome:
        """DRAIN, RESTART, UNDRAIN, OFF_GRACEFUL, OFF_FAST. Called from worker threads."""


class Monitoring(Protocol):
    """Silences of checks, and our sign of life. Each method has a deadline, and raises MonitoringUnavailable when the
    monitoring is silent, slow or reloading (what was asked for may have happened all the same), MonitoringRefused when
    it says no. Asked by one thread at a time, beside the loop."""

    def silences(self, kind: SilenceKind) -> Sequence[Silence]:
        """All that shepherds of any pool have made of a kind, also such as are over but still listed. Nobody else's."""

    def begin(self, wanted: Begin) -> Silence:
        """Silence a check. Not idempotent: a second downtime is one more; switching off twice is once."""

    def end(self, silence: Silence) -> None:
        """End exactly this one. Idempotent: one that is gone is done."""

    def report(self, heartbeat: Heartbeat) -> None:
        """Hand in the sign of life. Idempotent."""

    def permissions(self) -> Permissions:
        """What our user may do."""


class Signer(Protocol):
    """Holds the private key of lease pages."""

    def sign(self, payload: bytes) -> SignedPage:
        """Raises nothing; the key was loaded at start."""


class Verifier(Protocol):
    """Holds trusted public keys."""

    def verify(self, page: SignedPage) -> None:
        """Raises LeaseRefused if no trusted key signed exactly this payload."""


class Ledger(Protocol):
    """The single writer of the record."""

    def append(self, entries: Sequence[Entry]) -> None:
        """All or nothing, durable on return. Raises LedgerUnavailable (disk full, damaged)."""

    def switches(self) -> Mapping[HostName, SwitchRecord]:
        """Switches that are not over, rebuilt from the records."""

    def memories(self) -> Mapping[HostName, HostMemory]:
        """What is remembered of hosts, rebuilt from the records."""

    def last(self, kind: str) -> Entry | None:
        """The newest entry of a kind (an `EntryKind` value)."""

    def publish_present(self, body: Mapping[str, object]) -> None:
        """Replace what `shepherd -s` shows. Raises LedgerUnavailable."""


class Spool(Protocol):
    """Intents that people left."""

    def waiting(self) -> Sequence[Intent]:
        """Oldest first; files that are not intents are set aside and reported in the log."""

    def done(self, intent: Intent) -> None:
        """Forget it; called after it was recorded. Idempotent."""


class OffSwitch(Protocol):
    """The flockoff file."""

    def look(self) -> OffFile:
        """Anything at the path counts as present, also a dangling link, a directory, or what cannot be read.
        Only "no such file" is absence; any other failure counts as present and says so."""


class Watchdog(Protocol):
    """The service manager that started us, if any."""

    def ready(self) -> None:
        """Started, or reloaded."""

    def reloading(self) -> None:
        """New settings are being read; `ready` follows."""

    def stopping(self) -> None:
        """The end was asked for."""

    def cycle_finished(self, sentence: str) -> None:
        """Feeds the watchdog and shows the sentence as status."""


Log = Callable[..., None]
"""`log("event name", field=value, …)`."""
