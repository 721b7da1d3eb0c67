"""The trace store, as slow and obvious as can be: a list of records, read from end to end for each question."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from shepherd.model.trace import (
    ClockSeen,
    EvidenceKept,
    FlowBegun,
    FlowEnded,
    Gap,
    JobBegun,
    JobEnded,
    ScheddSeen,
    Segment,
    StayBegun,
    StayEnded,
    TraceRecord,
)
from shepherd.model.trace_rows import (
    Answer,
    Flow,
    FlowsSought,
    Hidden,
    Job,
    JobsSought,
    SeenSought,
    Span,
    Stay,
    StaysSought,
)

R = TypeVar("R")
V = TypeVar("V")
S = TypeVar("S", bound=ScheddSeen | ClockSeen)
KEYS = "what is personal is hidden: users and jobs cannot be asked for"


class SimTraceStore:
    """`ports_trace.TraceReader` and `TraceWriter`. `reveal`: whether what is personal is shown."""

    def __init__(self, records: Iterable[TraceRecord] = (), *, reveal: bool = True) -> None:
        self.records: list[TraceRecord] = list(records)
        self.numbers: dict[str, int] = {}
        self.reveal = reveal

    def stored(self) -> Mapping[str, int]:
        """See the port."""
        return dict(self.numbers)

    def add(self, segment: Segment) -> None:
        """See the port."""
        if segment.number > self.numbers.get(segment.source, 0):
            self.numbers[segment.source] = segment.number
            self.note(segment.records)

    def note(self, records: Sequence[TraceRecord]) -> None:
        """See the port."""
        self.records += records

    def span(self) -> Span | None:
        """See the port."""
        times = [_at_s(record) for record in self.records]
        return Span(from_s=min(times), to_s=max(times)) if times else None

    def stays(self, sought: StaysSought) -> Answer[Stay]:
        """See the port."""
        ends = list(self._all(StayEnded))
        rows = [Stay(begun=begun, ended=_end_of_stay(begun, ends)) for begun in self._all(StayBegun)]
        fit = [
            row for row in rows
            if _fits(sought.hosts, row.begun.host) and _fits(sought.herds, row.begun.herd)
            and _fits(sought.leases, row.begun.lease) and _fits(sought.containers, row.begun.container)
            and _fits(sought.images, row.begun.image) and _fits(sought.addresses, row.begun.address)
            and _fits(sought.macs, row.begun.mac) and _overlaps(sought.span, row.begun.at_s, row.ended)
        ]  # fmt: skip
        return _answer(fit, sought.limit, lambda row: row.begun.at_s)

    def jobs(self, sought: JobsSought) -> Answer[Job]:
        """See the port."""
        if not self.reveal and (sought.jobs or sought.users):
            return Answer(rows=(), is_cut=False, unasked=(KEYS,))
        ends = list(self._all(JobEnded))
        rows = [(begun, _end_of_job(begun, ends)) for begun in self._all(JobBegun)]
        fit = [
            self._job(begun, ended) for begun, ended in rows
            if _fits(sought.hosts, begun.host) and _fits(sought.containers, begun.container)
            and _fits(sought.slots, begun.slot) and _fits(sought.uids, begun.uid) and _fits(sought.jobs, begun.job)
            and _fits(sought.users, begun.user) and _fits(sought.pseudonyms, _pseudonym(begun.user))
            and _fits(sought.schedds, begun.schedd) and _fits(sought.peers, begun.peer)
            and _overlaps(sought.span, begun.at_s, ended)
        ]  # fmt: skip
        return _answer(fit, sought.limit, lambda row: row.begun.at_s)

    def flows(self, sought: FlowsSought) -> Answer[Flow]:
        """See the port."""
        ends = {(e.source, e.flow, e.begun_s): e for e in reversed(list(self._all(FlowEnded)))}
        rows = [Flow(begun=b, ended=ends.get((b.source, b.flow, b.at_s))) for b in self._all(FlowBegun)]
        fit = [
            row for row in rows
            if _fits(sought.sources, row.begun.source) and _fits(sought.protocols, row.begun.protocol)
            and _fits(sought.addresses, row.begun.address) and _fits(sought.ports, row.begun.port)
            and _fits(sought.nat_addresses, row.begun.nat_address) and _fits(sought.nat_ports, row.begun.nat_port)
            and _fits(sought.far_addresses, row.begun.far_address) and _fits(sought.far_ports, row.begun.far_port)
            and _fits(sought.uids, row.begun.uid) and _overlaps(sought.span, row.begun.at_s, row.ended)
        ]  # fmt: skip
        return _answer(fit, sought.limit, lambda row: row.begun.at_s)

    def schedds(self, sought: SeenSought) -> Answer[ScheddSeen]:
        """See the port."""
        fit = [
            one for one in self._all(ScheddSeen)
            if not sought.names or {one.schedd, one.identity, one.guest, one.address} & {*sought.names}
        ]  # fmt: skip
        return _seen(fit, sought, lambda one: one.schedd)

    def clocks(self, sought: SeenSought) -> Answer[ClockSeen]:
        """See the port."""
        return _seen([c for c in self._all(ClockSeen) if _fits(sought.names, c.source)], sought, lambda one: one.source)

    def gaps(self, sought: SeenSought) -> Answer[Gap]:
        """See the port."""
        fit = [
            gap for gap in self._all(Gap)
            if (not sought.names or {gap.source, gap.what} & {*sought.names})
            and gap.from_s <= sought.span.to_s and sought.span.from_s <= gap.to_s
        ]  # fmt: skip
        return _answer(fit, sought.limit, lambda gap: gap.from_s)

    def evidence(self, sought: SeenSought) -> Answer[EvidenceKept]:
        """See the port."""
        fit = [
            one for one in self._all(EvidenceKept)
            if (not sought.names or {one.host, one.container, one.quarantine} & {*sought.names})
            and sought.span.from_s <= one.at_s <= sought.span.to_s
        ]  # fmt: skip
        return _answer(fit, sought.limit, lambda one: one.at_s)

    def _all(self, kind: type[R]) -> Iterable[R]:
        return (record for record in self.records if isinstance(record, kind))

    def _job(self, begun: JobBegun, ended: JobEnded | None) -> Job:
        if self.reveal:
            return Job(begun=begun, ended=ended, pseudonym=_pseudonym(begun.user))
        shown = {field: getattr(begun, field) for field in vars(begun)} | {"user": "", "owner": "", "job": ""}
        hidden = JobBegun(**shown)
        return Job(begun=hidden, ended=ended, pseudonym=_pseudonym(begun.user), hidden=Hidden.NOT_ASKED)


def _pseudonym(user: str) -> str:
    """The same for the same user."""
    return f"u-{hashlib.sha256(user.encode()).hexdigest()[:12]}"


def _at_s(record: TraceRecord) -> float:
    return record.from_s if isinstance(record, Gap) else record.at_s


def _fits(wanted: Sequence[V], value: V) -> bool:
    return not wanted or value in wanted


def _overlaps(span: Span, begun_s: float, ended: StayEnded | JobEnded | FlowEnded | None) -> bool:
    return begun_s <= span.to_s and (ended is None or span.from_s <= ended.at_s)


def _end_of_stay(begun: StayBegun, ends: Iterable[StayEnded]) -> StayEnded | None:
    """The first end of its lease, or of the local herd, that is not before its begin."""
    key = (begun.source, begun.host, begun.lease)
    own = [end for end in ends if (end.source, end.host, end.lease) == key and end.at_s >= begun.at_s]
    return min(own, key=lambda end: end.at_s, default=None)


def _end_of_job(begun: JobBegun, ends: Iterable[JobEnded]) -> JobEnded | None:
    key = (begun.host, begun.container, begun.slot, begun.begun)
    own = [end for end in ends if (end.host, end.container, end.slot, end.begun) == key]
    return min(own, key=lambda end: end.at_s, default=None)


def _seen(fit: Sequence[S], sought: SeenSought, of: Callable[[S], str]) -> Answer[S]:
    """What was seen in the span, and of each the last before it."""
    inside: list[S] = [one for one in fit if sought.span.from_s <= one.at_s <= sought.span.to_s]
    before: dict[str, S] = {}
    for one in sorted(fit, key=lambda one: one.at_s):
        if one.at_s < sought.span.from_s:
            before[of(one)] = one
    return _answer([*before.values(), *inside], sought.limit, lambda one: one.at_s)


def _answer(rows: Sequence[R], limit: int, at_s: Callable[[R], float]) -> Answer[R]:
    found = sorted(rows, key=at_s)
    return Answer(rows=tuple(found[:limit]), is_cut=len(found) > limit, unasked=())
