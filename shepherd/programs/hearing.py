"""Up to when what a source saw is in the store: later records of it show that the earlier ones are there."""

from collections.abc import Iterable, Mapping, Sequence

from shepherd.core.trace.clocks import Between, Clocks, stamp
from shepherd.core.trace.evidence import GATEWAY, LATE_S, LENT, Material, sources_of
from shepherd.model.question import Question
from shepherd.model.trace import EndSeen
from shepherd.model.trace_rows import MOST_ROWS, Flow, FlowsSought, Job, JobsSought, Span, Stay, StaysSought
from shepherd.ports_trace import TraceReader

MOST_HOSTS = 200
"""Of more hosts than this it is not asked; they count as not heard."""
ROWS = 100
"""Among so many that reach beyond a time, one was seen to begin or end after it."""
BEFORE_S = 86400.0


class Hearing:
    """One store."""

    def __init__(self, reader: TraceReader, clocks: Clocks) -> None:
        self._reader, self._clocks = reader, clocks

    def heard_s(self, question: Question, material: Material) -> Mapping[str, float]:
        """By source, the time of a later record, if there is one. Raises LedgerUnavailable."""
        heard = {GATEWAY: self._gateway_s(question)} if question.is_of_flows else {}
        lent = [stay for stay in material.stays if stay.begun.herd == LENT]
        born = [self._clocks.true(stamp(GATEWAY, flow.begun.at_s)).hi for flow in material.flows]
        until_s = max(born) if question.is_of_flows and born else question.latest_s
        for source in sources_of(lent)[:MOST_HOSTS]:
            heard[source] = self._host_s(source, self._told(source, until_s))
        return heard

    def before(self, question: Question) -> Iterable[str]:
        """Why nothing may have been recorded yet at the time asked for. Raises LedgerUnavailable."""
        known = self._reader.span()
        if known is None or question.earliest_s < known.from_s:
            yield "the record begins later than the time asked for, or what there was is older than is kept"
        elif question.is_of_flows:
            day = Span(from_s=question.earliest_s - BEFORE_S, to_s=question.earliest_s)
            if not self._reader.flows(FlowsSought(span=day, sources=(GATEWAY,), limit=1)).rows:
                yield "the gateway told of nothing in the day before: it may not have recorded yet"

    def _told(self, source: str, at_s: float) -> float:
        """A time by the clock of a source, at the latest, and a little later."""
        return self._clocks.told(source, Between(lo=at_s, hi=at_s)).hi + 2 * LATE_S

    def _gateway_s(self, question: Question) -> float:
        return self._flows_s(GATEWAY, self._told(GATEWAY, question.latest_s))

    def _flows_s(self, source: str, after_s: float) -> float:
        """Connections that are still open tell nothing: only if there are many, all are looked at."""
        found_s = float("-inf")
        for limit in (ROWS, MOST_ROWS):
            found = self._reader.flows(FlowsSought(span=Span(from_s=after_s), sources=(source,), limit=limit))
            found_s = newest_s(found.rows)
            if found_s >= after_s or not found.is_cut:
                break
        return found_s

    def _host_s(self, source: str, after_s: float) -> float:
        span = Span(from_s=after_s)
        if (found := self._flows_s(source, after_s)) >= after_s:
            return found
        jobs = self._reader.jobs(JobsSought(span=span, hosts=(source,), limit=ROWS)).rows
        stays = self._reader.stays(StaysSought(span=span, hosts=(source,), limit=ROWS)).rows
        return max(found, newest_s(jobs), newest_s(stays))


def newest_s(rows: Sequence[Stay | Job | Flow]) -> float:
    """When the last of these was seen to begin or end; long ago if none was."""
    begun = [row.begun.at_s for row in rows]
    ended = [row.ended.at_s for row in rows if row.ended is not None and row.ended.how is not EndSeen.WITH_CONTAINER]
    return max([*begun, *ended], default=float("-inf"))
