"""Up to when what a source saw is in the store: later records of it show that the earlier ones are there."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

from shepherd.core.trace.clocks import Between, Clocks, stamp
from shepherd.core.trace.evidence import GATEWAY, LATE_S, LENT, Material, sources_of
from shepherd.core.trace.question import given, makings
from shepherd.model.question import Question
from shepherd.model.trace import EndSeen
from shepherd.model.trace_rows import MOST_ROWS, Flow, FlowsSought, Job, JobsSought, Span, Stay, StaysSought
from shepherd.ports_trace import TraceReader

MOST_HOSTS = 200
"""Of more hosts than this it is not asked; they count as not heard."""
ROWS = 100
"""Among so many that reach beyond a time, one was seen to begin or end after it."""
BEFORE_S = (600.0, 86400.0)
"""How long before a time an earlier record is looked for."""
LOOKS_S = (600.0, 86400.0, 14 * 86400.0)
"""How long after a time a later record is looked for."""


class Hearing:
    """One store."""

    def __init__(self, reader: TraceReader, clocks: Clocks) -> None:
        self._reader, self._clocks = reader, clocks

    def heard_s(self, question: Question, material: Material) -> Mapping[str, float]:
        """By source, the time of a later record, if there is one. Raises LedgerUnavailable."""
        heard = {GATEWAY: self._gateway_s(question)} if question.is_of_flows else {}
        lent = [stay for stay in material.stays if stay.begun.herd == LENT]
        made_s = makings(material.flows, question).to_s if question.is_of_flows and material.flows else None
        until_s = question.latest_s if made_s is None else self._clocks.true(stamp(GATEWAY, made_s)).hi
        addresses = {source: stay.begun.address for stay in lent for source in sources_of([stay])}
        for source in sorted(addresses)[:MOST_HOSTS]:
            heard[source] = self._host_s(source, addresses[source], self._told(source, until_s))
        return heard

    def before(self, question: Question) -> Iterable[str]:
        """Why nothing may have been recorded yet at the time asked for. Raises LedgerUnavailable."""
        known = self._reader.span()
        if known is None or question.earliest_s < known.from_s:
            yield "the record begins later than the time asked for, or what there was is older than is kept"
        elif question.is_of_flows:
            begun_s = question.earliest_s
            spans = (Span(from_s=begun_s - back_s, to_s=begun_s) for back_s in BEFORE_S)
            if not any(self._reader.flows(FlowsSought(span=s, sources=(GATEWAY,), limit=1)).rows for s in spans):
                yield "the gateway told of nothing in the day before: it may not have recorded yet"

    def _told(self, source: str, at_s: float) -> float:
        """A time by the clock of a source, at the latest, and a little later."""
        return self._clocks.told(source, Between(lo=at_s, hi=at_s)).hi + 2 * LATE_S

    def _gateway_s(self, question: Question) -> float:
        after_s = self._told(GATEWAY, question.latest_s)
        return self._later_s(after_s, lambda span: self._flows_s(FlowsSought(span=span, sources=(GATEWAY,)), after_s))

    def _host_s(self, source: str, address: str, after_s: float) -> float:
        def look(span: Span) -> float:
            flows = FlowsSought(span=span, sources=(source,), addresses=given(address))
            jobs = self._reader.jobs(JobsSought(span=span, hosts=(source,), limit=ROWS)).rows
            stays = self._reader.stays(StaysSought(span=span, hosts=(source,), limit=ROWS)).rows
            return max(newest_s(jobs), newest_s(stays), self._flows_s(flows, after_s))

        return self._later_s(after_s, look)

    def _later_s(self, after_s: float, look: Callable[[Span], float]) -> float:
        """What `look` finds soon after, or else later: most sources tell of something every few minutes."""
        found_s = float("-inf")
        for length_s in LOOKS_S:
            if (found_s := look(Span(from_s=after_s, to_s=after_s + length_s))) >= after_s:
                break
        return found_s

    def _flows_s(self, sought: FlowsSought, after_s: float) -> float:
        """Connections that are still open tell nothing: only if there are many, all are looked at."""
        found_s = float("-inf")
        for limit in (ROWS, MOST_ROWS):
            found = self._reader.flows(dataclasses.replace(sought, limit=limit))
            found_s = newest_s(found.rows)
            if found_s >= after_s or not found.is_cut:
                break
        return found_s


def newest_s(rows: Sequence[Stay | Job | Flow]) -> float:
    """When the last of these was seen to begin or end; long ago if none was."""
    begun = [row.begun.at_s for row in rows]
    ended = [row.ended.at_s for row in rows if row.ended is not None and row.ended.how is not EndSeen.WITH_CONTAINER]
    return max([*begun, *ended], default=float("-inf"))
