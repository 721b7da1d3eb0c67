"""What the store is asked for a question: spans wide enough for clocks that are apart, filters as far as they go."""

import ipaddress
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from shepherd.core.trace.answer import FULL_ID
from shepherd.core.trace.clocks import Between, Clocks
from shepherd.core.trace.evidence import GATEWAY, LENT
from shepherd.model.flow import TCP
from shepherd.model.question import Question
from shepherd.model.trace_rows import Flow, FlowsSought, Job, JobsSought, SeenSought, Span, Stay, StaysSought

T = TypeVar("T")
N = TypeVar("N", int, str)

HOST_CLOCK_S = 3600.0
"""How far a host's clock can be off while it is lent, and more: its keeper takes no lease of another hour."""
CLOCKS_S = 7200.0
"""How far from a time a clock's comparisons are looked for, besides the last one before."""
NEAR_S = 900.0
"""How long before a job began somebody else may have signed in from where it came from, to be told of."""
MOST_VALUES = 200
"""Values of one filter; with more of them the store is asked without it."""
MOST_PORT, MOST_PROTOCOL = 65535, 255
LONGEST_S = 400 * 86400.0
LATEST_S = 1e11
"""No time after this is meant: the year 5138."""


def question_problems(question: Question) -> Iterator[str]:
    """What nobody can have meant, a sentence each."""
    times = (question.from_s, question.until_s, question.within_s)
    if not all(math.isfinite(at_s) and abs(at_s) <= LATEST_S for at_s in times) or question.within_s < 0:
        yield "a time is out of any calendar"
    elif question.until_s < question.from_s:
        yield "the time ends before it begins"
    elif question.latest_s - question.earliest_s > LONGEST_S:
        yield "the time is longer than a year"
    for what, address in (("--nat", question.nat_address), ("--to", question.far_address), ("--ip", question.address)):
        if address and not is_ipv4(address):
            yield f"{what}: {address!r} is no IPv4 address"
    for port in (question.nat_port, question.port, question.far_port):
        if port is not None and not 0 <= port <= MOST_PORT:
            yield f"{port} is no port"
    if question.protocol is not None and not 0 <= question.protocol <= MOST_PROTOCOL:
        yield f"{question.protocol} is no IP protocol"


def is_ipv4(text: str) -> bool:
    """Whether it is one address; guests have no IPv6."""
    try:
        return isinstance(ipaddress.ip_address(text), ipaddress.IPv4Address)
    except ValueError:
        return False


def clocks_sought(sources: Iterable[str], span: Span) -> SeenSought:
    """Comparisons of clocks about a time."""
    return SeenSought(span=wider(span, CLOCKS_S), names=few(sources))


def gaps_sought(span: Span) -> SeenSought:
    """All gaps about a time. They are few, and one of anybody may matter."""
    return SeenSought(span=wider(span, HOST_CLOCK_S))


def schedds_sought(jobs: Sequence[Job]) -> list[SeenSought]:
    """Who had signed in as those jobs' schedds when they began; and anybody, from about then."""
    if not jobs:
        return []
    begun = [job.begun.at_s for job in jobs]
    span = wider(Span(from_s=min(begun), to_s=max(begun)), NEAR_S)
    return [SeenSought(span=span), SeenSought(span=span, names=few(job.begun.schedd for job in jobs))]


def flows_sought(question: Question, clocks: Clocks) -> FlowsSought:
    """The connections that are asked for, as the gateway has them."""
    told = clocks.told(GATEWAY, Between(lo=question.earliest_s, hi=question.latest_s))
    return FlowsSought(
        span=wider(Span(from_s=told.lo, to_s=told.hi), 1.0),
        sources=(GATEWAY,),
        protocols=given(question.protocol),
        addresses=given(question.address),
        ports=given(question.port),
        nat_addresses=given(question.nat_address),
        nat_ports=given(question.nat_port),
        far_addresses=given(question.far_address),
        far_ports=given(question.far_port),
    )


def stays_of_flows(flows: Sequence[Flow], span: Span) -> StaysSought:
    """The containers that can have had those connections' addresses."""
    addresses = few(flow.begun.address for flow in flows)
    return StaysSought(span=wider(span, HOST_CLOCK_S), herds=(LENT,), addresses=addresses)


def stays_sought(question: Question) -> StaysSought:
    """The stays that are asked for."""
    whole_id = question.container if len(question.container) == FULL_ID else ""
    return StaysSought(
        span=wider(Span(from_s=question.earliest_s, to_s=question.latest_s), HOST_CLOCK_S),
        hosts=given(question.host),
        leases=given(question.lease),
        containers=given(whole_id),
        images=given(question.image),
        addresses=given(question.address),
    )


def jobs_asked_for(question: Question, schedds: Iterable[str]) -> JobsSought:
    """The jobs that are asked for. `schedds`: those of the guest, if one is."""
    is_name = "@" in question.user
    named = given(question.schedd)
    return JobsSought(
        span=wider(Span(from_s=question.earliest_s, to_s=question.latest_s), HOST_CLOCK_S),
        hosts=given(question.host),
        slots=given(question.slot),
        uids=given(question.account),
        jobs=given(question.job),
        users=given(question.user if is_name else ""),
        pseudonyms=given("" if is_name else question.user),
        schedds=named or few(schedds),
    )


def jobs_of(stays: Sequence[Stay], span: Span) -> JobsSought:
    """All jobs of those stays' containers."""
    containers = few(stay.begun.container for stay in stays if stay.begun.container)
    hosts = few(stay.begun.host for stay in stays)
    return JobsSought(span=wider(span, HOST_CLOCK_S), hosts=hosts, containers=containers)


def at_hosts(flows: Sequence[Flow], sources: Sequence[str], span: Span) -> FlowsSought:
    """The same connections, as others saw them: their hosts, or the gateway, which may have had several like them."""
    return FlowsSought(
        span=wider(span, HOST_CLOCK_S),
        sources=few(sources),
        protocols=few(flow.begun.protocol for flow in flows),
        addresses=few(flow.begun.address for flow in flows),
        ports=few(flow.begun.port for flow in flows),
        far_addresses=few(flow.begun.far_address for flow in flows),
        far_ports=few(flow.begun.far_port for flow in flows),
    )


def makings(flows: Sequence[Flow], question: Question) -> Span:
    """When somebody can have made those connections: when they began; but for TCP others may have taken them up until
    the time that is asked for."""
    begun = [flow.begun.at_s for flow in flows]
    taken_up = [question.latest_s for flow in flows if flow.begun.protocol != TCP]
    return Span(from_s=min(begun), to_s=max([*begun, *taken_up]))


def wider(span: Span, by_s: float) -> Span:
    """So much more at either end."""
    return Span(from_s=span.from_s - by_s, to_s=span.to_s + by_s)


def given(value: T | None) -> tuple[T, ...]:
    """A filter of one value, or none."""
    return () if value is None or value == "" else (value,)


def few(values: Iterable[N]) -> tuple[N, ...]:
    """A filter of those values; no filter if they are many."""
    unique = tuple(sorted(set(values)))
    return unique if len(unique) <= MOST_VALUES else ()
