"""What the fake host's keeper records with: startds' files in memory, which a boot clears, and a spool on its disk."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from shepherd.errors import CommandFailed, LedgerUnavailable, TraceRefused, Unavailable
from shepherd.model.chain import Head
from shepherd.model.host import LeaseId
from shepherd.model.syslog import SyslogMessage
from shepherd.model.trace import Gap, Segment, TraceRecord
from shepherd.ports_trace import StartdFile


class SimSpool:
    """`ports_trace.SpoolWriter`: the host's disk, which outlives its keepers."""

    def __init__(self, source: str, first: int = 1, most: int = 10_000) -> None:
        """`first`: number of the first segment. `most`: segments that there is room for."""
        self.source, self._number, self._most = source, first, most
        self._records: list[TraceRecord] = []
        self.segments: dict[int, Segment] = {}
        self.full = False
        """The disk."""
        self.silent = False
        """Nobody hands anything out."""
        self._first = first

    @property
    def newest(self) -> int:
        """See the port."""
        return self._number - 1 if self._number > self._first else 0

    def append(self, records: Sequence[TraceRecord]) -> None:
        """See the port."""
        if self.full:
            raise CommandFailed("no space left on the host's disk")
        self._records += records

    def seal(self) -> None:
        """See the port."""
        if self._records:
            if len(self.segments) >= self._most:
                self._lose(min(self.segments))
            self.segments[self._number] = Segment(
                source=self.source,
                number=self._number,
                sealed_at_s=max(map(newest_s, self._records)),
                records=tuple(self._records),
            )
            self._records, self._number = [], self._number + 1

    def drop(self, number: int) -> None:
        """See the port."""
        if number >= self._number:
            distance = number + 1 - min(self.segments, default=self._number)
            moved = [dataclasses.replace(one, number=one.number + distance) for one in self.segments.values()]
            self.segments = {one.number: one for one in moved}
            self._number += distance
        for old in [one for one in self.segments if one <= number]:
            del self.segments[old]

    def _lose(self, number: int) -> None:
        lost = self.segments.pop(number)
        times = [record.from_s if isinstance(record, Gap) else record.at_s for record in lost.records]
        self._records.append(
            Gap(
                source=self.source,
                what="jobs",
                from_s=min(times),
                to_s=max(times),
                count=len(times),
                why="the spool is full",
            )
        )


def newest_s(record: TraceRecord) -> float:
    """The newest time that a record speaks of."""
    return record.to_s if isinstance(record, Gap) else record.at_s


class SimMemory:
    """`ports_trace.Memory`, on the same disk."""

    def __init__(self) -> None:
        self.text: str | None = None

    def read(self) -> str | None:
        """See the port."""
        return self.text

    def write(self, text: str) -> None:
        """See the port."""
        self.text = text

    @property
    def looked_s(self) -> float:
        """Up to when everything was recorded, as is remembered."""
        return float(json.loads(self.text)["looked_s"]) if self.text else 0.0


class SimSource:
    """`ports_trace.SpoolSource` over spools by their source."""

    def __init__(self, spools: Mapping[str, SimSpool]) -> None:
        self.spools = spools
        self.silent: set[str] = set()
        self.damaged: set[tuple[str, int]] = set()
        self.asked = 0

    def fetch(self, source: str, number: int) -> Segment | None:
        """See the port."""
        self.asked += 1
        if source in self.silent or source not in self.spools or self.spools[source].silent:
            raise Unavailable(f"{source} does not answer")
        if (source, number) in self.damaged:
            raise TraceRefused("not a segment")
        return self.spools[source].segments.get(number)


class SimTraceWriter:
    """`ports_trace.TraceWriter` in memory: it outlives shepherds."""

    def __init__(self) -> None:
        self.segments: dict[str, list[Segment]] = {}
        self.noted: list[TraceRecord] = []
        self.full = False
        """The store's disk."""

    def stored(self) -> Mapping[str, int]:
        """See the port."""
        return {source: segments[-1].number for source, segments in self.segments.items()}

    def add(self, segment: Segment) -> None:
        """See the port."""
        self._make_room()
        if segment.number > self.stored().get(segment.source, 0):
            self.segments.setdefault(segment.source, []).append(segment)

    def note(self, records: Sequence[TraceRecord]) -> None:
        """See the port."""
        self._make_room()
        self.noted += records

    def head(self) -> Head:
        """See `TraceUpkeep`: there is no chain."""
        return Head()

    def upkeep(self, *, may_retire: bool) -> None:
        """See `TraceUpkeep`: nothing grows old."""

    def _make_room(self) -> None:
        if self.full:
            raise LedgerUnavailable("no space left on the store's disk")

    def records(self) -> list[TraceRecord]:
        """All that is stored."""
        told = [record for segments in self.segments.values() for segment in segments for record in segment.records]
        return [*told, *self.noted]


class SimSiteLog:
    """`ports_trace.SiteLog`: what the site's logger was told, and whether it can be reached."""

    def __init__(self) -> None:
        self.told: list[SyslogMessage] = []
        self.problem = ""

    def send(self, message: SyslogMessage) -> None:
        """See the port."""
        if not self.problem:
            self.told.append(message)


class SimJobFiles:
    """`ports_trace.JobFiles` in the memory of one boot, and the pen of the startds that write there."""

    def __init__(self) -> None:
        self.files: dict[str, dict[StartdFile, bytes]] = {}

    def make(self, lease: LeaseId, uid: int, gid: int) -> None:
        """See the port."""
        del uid, gid
        self.files.setdefault(lease, {})

    def leases(self) -> AbstractSet[str]:
        """See the port."""
        return set(self.files)

    def read(self, lease: str, file: StartdFile, offset: int) -> bytes:
        """See the port."""
        data = self.files.get(lease, {}).get(file, b"")
        if len(data) < offset:
            raise CommandFailed("it became shorter")
        return data[offset:]

    def forget(self, lease: str, file: StartdFile, offset: int) -> None:
        """Offsets stay as they are; what lies before reads as zeros."""
        data = self.files.get(lease, {}).get(file, b"")
        if data:
            self.files[lease][file] = b"\0" * min(offset, len(data)) + data[offset:]

    def is_full(self, lease: str) -> bool:
        """Never."""
        del lease
        return False

    def remove(self, lease: str) -> None:
        """See the port."""
        self.files.pop(lease, None)

    def write(self, lease: str, file: StartdFile, text: str) -> None:
        """What a startd says."""
        if lease in self.files:
            self.files[lease][file] = self.files[lease].get(file, b"") + text.encode()


def started(at_s: float) -> str:
    """What a startd says in STARTD_EVENTLOG when it begins."""
    return f"100 (000.000.000) {when(at_s)} EP_STARTUP\n  NumSlots = 1\n...\n"


def when(at_s: float) -> str:
    """A time of an event."""
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Saying:
    """A job in a slot, as a startd speaks of it."""

    number: int
    slot: int
    starter: int
    user: str = "alice@campus"
    cpus: int = 1
    """Of its slot; 0: its startd does not log that."""

    @property
    def ident(self) -> str:
        """GlobalJobId."""
        return f"schedd@campus#{self.number}.0#1700000000"

    def event(self, at_s: float, *, ok: bool = True) -> str:
        """In STARTD_EVENTLOG."""
        return (
            f"106 (001.{self.slot:03d}.000) {when(at_s)} EP_ACTIVATE_CLAIM\n"
            f'  JobId = "{self.number}.0"\n  RemoteUser = "{self.user}"\n'
            f"  StarterPid = {self.starter}\n  Success = {str(ok).lower()}\n...\n"
        )

    def ad(self, at_s: float) -> str:
        """In STARTD_JOB_LOG: the claim is asked for, and activated."""
        slot = f"{at_s:.0f} slot1_{self.slot}: MACHINE_CLASSAD:\n\tCpus = {self.cpus}\n" if self.cpus else ""
        return (
            f"{at_s:.0f} slot1_{self.slot}: REQ_CLASSAD:\n\tClusterId = {self.number}\n\tProcId = 0\n{slot}"
            f"{at_s:.0f} Calling HandleReq <command_activate_claim> (0) for command 444 (ACTIVATE_CLAIM) from "
            f"submit-side@matchsession <203.0.113.9:41234>\n"
            f'{at_s:.0f} slot1_{self.slot}: REQ_CLASSAD:\n{self._members(chr(9))}{slot}'
            f"{at_s:.0f} Return from HandleReq\n"
        )

    def history(self, at_s: float, exit_code: int | None = 0, *, ran_s: float | None = None) -> str:
        """In STARTD_HISTORY."""
        ran = "" if ran_s is None else f"RemoteWallClockTime = {int(ran_s)}\n"
        told = "" if exit_code is None else f'ExitCode = {exit_code}\nExitBySignal = false\nJobState = "Exited"\n'
        return (
            f"{self._members('')}{told}{ran}CompletionDate = {int(at_s)}\n"
            f'*** Offset = 0 ClusterId = {self.number} ProcId = 0 Owner = "alice" CompletionDate = {int(at_s)}\n'
        )

    def _members(self, indent: str) -> str:
        said = {"ClusterId": self.number, "GlobalJobId": f'"{self.ident}"', "Owner": '"alice"', "ProcId": 0}
        said |= {"User": f'"{self.user}"', "NumShadowStarts": self.starter}
        return "".join(f"{indent}{name} = {value}\n" for name, value in said.items())
