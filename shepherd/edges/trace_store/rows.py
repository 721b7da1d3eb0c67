"""Records as rows, and rows as records."""

import dataclasses
import functools
import json
import socket
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence

from shepherd.edges.trace_store.keys import KeyWriter, Person, Sealed
from shepherd.edges.trace_store.schema import TABLES
from shepherd.model.chain import canonical, storable
from shepherd.model.trace import (
    ClockSeen,
    EndSeen,
    EvidenceKept,
    FlowBegun,
    FlowEnded,
    Gap,
    JobBegun,
    JobEnded,
    ScheddSeen,
    StayBegun,
    StayEnded,
    TraceRecord,
)

HOW = (EndSeen.SEEN, EndSeen.BY_LOOK, EndSeen.WITH_CONTAINER)
"""By the number that is stored."""
HOW_NUMBER = {how: number for number, how in enumerate(HOW)}

Row = tuple[object, ...]
Rows = dict[str, list[Row]]
Seen = Gap | ScheddSeen | ClockSeen | EvidenceKept
SEEN: Mapping[str, type[Seen]] = {kind.__name__: kind for kind in typing.get_args(Seen)}
StayKey = tuple[int, int]
JobKey = tuple[int, int, int, str]
FlowKey = tuple[int, int, float]


@functools.lru_cache(maxsize=1 << 16)
def stored_address(text: str) -> int | str:
    """An IPv4 address as a number; anything else as it is."""
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
    except (OSError, ValueError):
        return storable(text)


def text_address(value: int | str) -> str:
    """The inverse."""
    return socket.inet_ntop(socket.AF_INET, value.to_bytes(4, "big")) if isinstance(value, int) else value


def line_of(record: TraceRecord) -> str:
    """A record as `core/trace/lines.py` writes it."""
    values = [getattr(record, field.name) for field in dataclasses.fields(record)]
    plain = [value.value if isinstance(value, EndSeen) else value for value in values]
    return storable(canonical([type(record).__name__, *plain]))


def seen_of(line: str) -> Seen:
    """A single record of its line. Raises ValueError."""
    kind, *values = json.loads(line)
    fields = dataclasses.fields(SEEN[kind])
    return SEEN[kind](**{field.name: value for field, value in zip(fields, values, strict=True)})


def times_of(records: Iterable[TraceRecord]) -> list[float]:
    """Times that records are of."""
    return [time for one in records for time in ((one.from_s, one.to_s) if isinstance(one, Gap) else (one.at_s,))]


@dataclasses.dataclass
class Known:
    """What a day's file has and its writer must know: names, last row numbers, and what has begun and not ended."""

    names: dict[str, int] = dataclasses.field(default_factory=dict)
    last: dict[str, int] = dataclasses.field(default_factory=lambda: dict.fromkeys(TABLES, 0))
    stays: dict[StayKey, int] = dataclasses.field(default_factory=dict)
    jobs: dict[JobKey, int] = dataclasses.field(default_factory=dict)
    flows: dict[FlowKey, int] = dataclasses.field(default_factory=dict)

    def lasts(self) -> str:
        """As a block has it."""
        return canonical([self.last[table] for table in TABLES])


class RowMaker:
    """Makes the rows of one block. `undo` takes back what it added to `known`."""

    def __init__(self, known: Known, keys: KeyWriter, subjects: Mapping[TraceRecord, int] | None = None) -> None:
        """`subjects`: of jobs that are copied."""
        self.rows: Rows = {table: [] for table in TABLES}
        self._known, self._keys, self._subjects = known, keys, subjects or {}
        self._last_before = dict(known.last)
        self._new_names: list[str] = []
        self._changed: list[tuple[dict[typing.Any, int], object, int | None]] = []
        self._make: dict[type, Callable[[typing.Any], None]] = {
            StayBegun: self._stay,
            StayEnded: self._stay_end,
            JobBegun: self._job,
            JobEnded: self._job_end,
            FlowBegun: self._flow,
            FlowEnded: self._flow_end,
        }

    def take(self, records: Iterable[TraceRecord]) -> None:
        """Make rows of all."""
        make, single = self._make, self._single
        for record in records:
            make.get(type(record), single)(record)

    def undo(self) -> None:
        """Nothing of it was stored."""
        for open_ones, key, before in reversed(self._changed):
            if before is None:
                del open_ones[key]
            else:
                open_ones[key] = before
        for name in self._new_names:
            del self._known.names[name]
        self._known.last.update(self._last_before)

    def _add(self, table: str, *values: object) -> int:
        seq = self._known.last[table] = self._known.last[table] + 1
        self.rows[table].append((seq, *values))
        return seq

    def _name(self, text: str) -> int:
        number = self._known.names.get(text)
        if number is None:
            number = self._known.names.get(stored := storable(text))
            if number is None:
                number = self._known.names[stored] = self._add("name", stored)
                self._new_names.append(stored)
        return number

    def _open(self, open_ones: dict[typing.Any, int], key: object, row: int) -> None:
        self._changed.append((open_ones, key, open_ones.get(key)))
        open_ones[key] = row

    def _ended(self, open_ones: dict[typing.Any, int], key: object, record: TraceRecord) -> int | None:
        """The row that began; None if it is not known: then the end is kept for itself."""
        row = open_ones.pop(key, None)
        if row is None:
            self._single(record)
        else:
            self._changed.append((open_ones, key, row))
        return row

    def _stay(self, one: StayBegun) -> None:
        name = self._name
        host, lease = name(one.host), name(one.lease)
        row = self._add(
            "stay", name(one.source), host, float(one.at_s) + 0.0, name(one.herd), lease, name(one.container),
            name(one.image), stored_address(one.address), name(one.mac),
        )  # fmt: skip
        self._open(self._known.stays, (host, lease), row)

    def _stay_end(self, one: StayEnded) -> None:
        name = self._name
        row = self._ended(self._known.stays, (name(one.host), name(one.lease)), one)
        if row is not None:
            self._add("stay_end", row, float(one.at_s) + 0.0, name(one.source), HOW_NUMBER[one.how], name(one.why))

    def _job(self, one: JobBegun) -> None:
        name = self._name
        host, container, slot, begun = name(one.host), name(one.container), name(one.slot), storable(one.begun)
        sealed = self._sealed(one)
        row = self._add(
            "job", name(one.source), host, container, slot, begun, float(one.at_s) + 0.0, one.uid, *sealed,
            name(one.schedd), storable(one.peer), one.cpus,
        )  # fmt: skip
        self._open(self._known.jobs, (host, container, slot, begun), row)

    def _sealed(self, one: JobBegun) -> Sealed:
        person, subject = Person(one.user, one.owner, one.job), self._subjects.get(one)
        if subject is not None and not any(person):
            return Sealed(subject, 0, b"")
        return self._keys.seal(self._known.last["job"] + 1, person, subject)

    def _job_end(self, one: JobEnded) -> None:
        name = self._name
        key = (name(one.host), name(one.container), name(one.slot), storable(one.begun))
        row = self._ended(self._known.jobs, key, one)
        if row is not None:
            self._add(
                "job_end", row, float(one.at_s) + 0.0, name(one.source), HOW_NUMBER[one.how], one.exit_code,
                one.exit_signal, name(one.why),
            )  # fmt: skip

    def _flow(self, one: FlowBegun) -> None:
        source, at_s = self._name(one.source), float(one.at_s) + 0.0
        row = self._add(
            "flow", source, one.flow, at_s, one.protocol, stored_address(one.address), one.port,
            stored_address(one.nat_address), one.nat_port, stored_address(one.far_address), one.far_port, one.uid,
        )  # fmt: skip
        self._open(self._known.flows, (source, one.flow, at_s), row)

    def _flow_end(self, one: FlowEnded) -> None:
        row = self._ended(self._known.flows, (self._name(one.source), one.flow, float(one.begun_s) + 0.0), one)
        if row is not None:
            self._add(
                "flow_end", row, float(one.at_s) + 0.0, HOW_NUMBER[one.how], one.sent_packets, one.sent_bytes,
                one.received_packets, one.received_bytes,
            )  # fmt: skip

    def _single(self, one: TraceRecord) -> None:
        times = times_of([one])
        self.keep(type(one).__name__, one.source, (float(times[0]) + 0.0, float(times[-1]) + 0.0), line_of(one))

    def keep(self, kind: str, source: str, times: Sequence[float], line: str) -> None:
        """A row that is a line of text."""
        self._add("seen", self._name(kind), self._name(source), *times, line)
