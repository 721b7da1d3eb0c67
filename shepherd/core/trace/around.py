"""What is put aside for an incident: what was found, and everything around it at those hosts in that time."""

import math
from collections.abc import Iterator

from shepherd.core.trace.clocks import UNMEASURED_S
from shepherd.core.trace.question import few, wider
from shepherd.model.trace_rows import FlowsSought, JobsSought, Span, StaysSought
from shepherd.model.tracing import FlowFound, StayFound, Tracing

AROUND_S = 600.0
"""So much more before and after."""
MOST_BACK_S = 86400.0
"""What was found and began earlier is held from its begin on; all else, from so long before the time asked for."""


def to_hold(tracing: Tracing) -> tuple[StaysSought, JobsSought, FlowsSought] | None:
    """What to copy; None if nothing was found. Whatever was there at some moment of the span is copied from its begin
    on."""
    stays = [*tracing.stays, *(at for flow in tracing.flows for at in flow.stays)]
    if not stays and not tracing.flows:
        return None
    span = span_of(tracing)
    hosts = few(at.stay.begun.host for at in stays)
    addresses = few({at.stay.begun.address for at in stays} | {f.flow.begun.address for f in tracing.flows} - {""})
    return (
        StaysSought(span=span, hosts=hosts),
        JobsSought(span=span, hosts=hosts),
        FlowsSought(span=span, addresses=tuple(address for address in addresses if address)),
    )


def span_of(tracing: Tracing) -> Span:
    """The time asked for and the lives of what was found, with what is around it."""
    question = tracing.question
    begun = [question.earliest_s, *(max(at_s, question.earliest_s - MOST_BACK_S) for at_s, _ in _lives(tracing))]
    ended = [question.latest_s, *(at_s for _, at_s in _lives(tracing))]
    return wider(Span(from_s=min(begun), to_s=max(ended)), AROUND_S + UNMEASURED_S)


def _lives(tracing: Tracing) -> Iterator[tuple[float, float]]:
    """Begin and end of each connection and job; what is not over counts until what was asked for."""
    found: list[FlowFound | StayFound] = [*tracing.flows]
    times = [one.times for one in found] + [one.times for one in tracing.suspects()]
    for one in times:
        yield one.from_s, -math.inf if one.until_s is None else one.until_s
