"""Asking the store who did what: from a question over rows to the answer. Nothing is changed."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TypeVar

from shepherd.core.trace.answer import answer, asks_for_jobs
from shepherd.core.trace.clocks import Clocks
from shepherd.core.trace.evidence import GATEWAY, HERE, SHEPHERD, Material, sources_of
from shepherd.core.trace.pairing import repeated
from shepherd.core.trace.question import (
    at_hosts,
    clocks_sought,
    few,
    flows_sought,
    gaps_sought,
    jobs_asked_for,
    jobs_of,
    makings,
    schedds_sought,
    stays_of_flows,
    stays_sought,
)
from shepherd.model.question import Question
from shepherd.model.trace import ClockSeen, ScheddSeen
from shepherd.model.trace_rows import Answer, Flow, Job, SeenSought, Span, Stay
from shepherd.model.tracing import Tracing
from shepherd.ports_trace import TraceReader
from shepherd.programs.flow.of_jobs import with_flows
from shepherd.programs.trace.hearing import Hearing

T = TypeVar("T")

SETTLED_S = 60.0
"""A record is in the store at the latest so long after what it tells of, if nothing holds it up."""


class Asking:
    """One store, or one hold."""

    def __init__(self, reader: TraceReader, now_s: float) -> None:
        self._reader, self._now_s = reader, now_s

    def ask(self, question: Question, *, flows: bool = False) -> Tracing:
        """`flows`: with every connection of each job that is named. Raises LedgerUnavailable."""
        material = self.gather(question)
        found = answer(question, material)
        return with_flows(found, material, self._reader) if flows else found

    def gather(self, question: Question) -> Material:
        """Everything of the store that bears on it. Raises LedgerUnavailable."""
        gathered = Gathered(self._reader)
        span = Span(from_s=question.earliest_s, to_s=question.latest_s)
        gathered.clocks(clocks_sought([GATEWAY, SHEPHERD], span))
        material = _of_flows(question, gathered) if question.is_of_flows else _of_stays(question, gathered, span)
        gathered.clocks(clocks_sought(sources_of(material.stays), _reach(span, material)))
        seen = [one for sought in schedds_sought(material.jobs) for one in gathered.schedds(sought)]
        gaps = gathered.rows(self._reader.gaps(gaps_sought(_reach(span, material))))
        hearing = Hearing(self._reader, Clocks(gathered.compared, HERE))
        return dataclasses.replace(
            material,
            schedds=tuple(dict.fromkeys(seen)),
            gaps=tuple(gaps),
            clocks=tuple(dict.fromkeys(gathered.compared)),
            unasked=tuple(dict.fromkeys(gathered.unasked)),
            is_cut=gathered.is_cut,
            heard_s=hearing.heard_s(question, material),
            lost=(*hearing.before(question), *self._too_new(question)),
        )

    def _too_new(self, question: Question) -> Iterable[str]:
        """Of jobs anywhere, there is no host whose later records could be looked for."""
        if asks_for_jobs(question) and not question.is_of_flows and question.latest_s > self._now_s - SETTLED_S:
            yield f"records of the last {SETTLED_S:.0f} s may still be on their way: ask again"


class Gathered:
    """Rows, and what was wrong with the answers that had them."""

    def __init__(self, reader: TraceReader) -> None:
        self.reader = reader
        self.unasked: list[str] = []
        self.is_cut = False
        self.compared: list[ClockSeen] = []

    def rows(self, answer: Answer[T]) -> Sequence[T]:
        """The rows of an answer."""
        self.unasked += answer.unasked
        self.is_cut = self.is_cut or answer.is_cut
        return answer.rows

    def clocks(self, sought: SeenSought) -> Clocks:
        """All comparisons so far, with these."""
        self.compared += self.rows(self.reader.clocks(sought))
        return Clocks(dict.fromkeys(self.compared), HERE)

    def schedds(self, sought: SeenSought) -> Sequence[ScheddSeen]:
        """Who was seen as which schedd. If there are more than these, a job's sender stays claimed."""
        found = self.reader.schedds(sought)
        self.unasked += found.unasked
        return found.rows


def _of_flows(question: Question, gathered: Gathered) -> Material:
    """Connections, where they came from, what ran there, and the same connections there."""
    reader = gathered.reader
    flows = gathered.rows(reader.flows(flows_sought(question, Clocks(gathered.compared, HERE))))
    if not flows:
        return Material()
    made = makings(flows, question)
    stays = gathered.rows(reader.stays(stays_of_flows(flows, made)))
    jobs = gathered.rows(reader.jobs(jobs_of(stays, made))) if stays else ()
    seen = gathered.rows(reader.flows(at_hosts(flows, sources_of(stays), made))) if stays else ()
    material = _material(flows, stays, jobs, [flow for flow in seen if not flow.begun.nat_address])
    again = repeated(flows, material.host_flows)
    siblings = gathered.rows(reader.flows(at_hosts(again, [GATEWAY], made))) if again else ()
    return dataclasses.replace(material, siblings=tuple(siblings))


def _of_stays(question: Question, gathered: Gathered, span: Span) -> Material:
    """Who had which host, and what ran there: all of it, or the jobs asked for and where they ran."""
    reader = gathered.reader
    if not asks_for_jobs(question):
        stays = gathered.rows(reader.stays(stays_sought(question)))
        return _material((), stays, gathered.rows(reader.jobs(jobs_of(stays, span))) if stays else (), ())
    schedds = [one.schedd for one in _of_guest(question, gathered, span)]
    if question.guest and not schedds and not question.schedd:
        return Material()
    jobs = gathered.rows(reader.jobs(jobs_asked_for(question, schedds)))
    containers = few(job.begun.container for job in jobs)
    where = dataclasses.replace(stays_sought(question), containers=containers)
    return _material((), gathered.rows(reader.stays(where)) if jobs else (), jobs, ())


def _of_guest(question: Question, gathered: Gathered, span: Span) -> Sequence[ScheddSeen]:
    if not question.guest:
        return ()
    return gathered.schedds(SeenSought(span=span, names=(question.guest,)))


def _material(flows: Sequence[Flow], stays: Sequence[Stay], jobs: Sequence[Job], seen: Sequence[Flow]) -> Material:
    return Material(flows=tuple(flows), stays=tuple(stays), jobs=tuple(jobs), host_flows=tuple(seen))


def _reach(span: Span, material: Material) -> Span:
    """The time asked for, and back to where what was found began."""
    begun = [row.begun.at_s for rows in (material.flows, material.jobs) for row in rows]
    return Span(from_s=min([span.from_s, *begun]), to_s=span.to_s)
