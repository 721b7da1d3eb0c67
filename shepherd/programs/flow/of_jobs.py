"""Every connection of a job: by its account as its host saw it, with the address at the NAT as the gateway did."""

import dataclasses
from collections.abc import Iterable, Sequence

from shepherd.core.trace.evidence import GATEWAY, Evidence, Material, sources_of
from shepherd.core.trace.lives import may_live
from shepherd.core.trace.question import HOST_CLOCK_S, wider
from shepherd.model.flow import TCP
from shepherd.model.trace_rows import Flow, FlowsSought, Span
from shepherd.model.tracing import FlowFound, JobFlow, StayFound, Suspect, Tracing
from shepherd.ports_trace import TraceReader

MOST_JOBS = 20
"""Of more jobs than this, connections are not listed: ask for fewer."""


def with_flows(tracing: Tracing, material: Material, reader: TraceReader) -> Tracing:
    """The answer with every connection of each job it names. Raises LedgerUnavailable."""
    if len(tracing.suspects()) > MOST_JOBS:
        note = f"more than {MOST_JOBS} jobs are named: their connections are not listed, ask for fewer"
        return dataclasses.replace(tracing, notes=(*tracing.notes, note))
    evidence = Evidence(material)
    flows = tuple(_in_flow(found, evidence, reader) for found in tracing.flows)
    stays = tuple(_in_stay(at, at.jobs, evidence, reader) for at in tracing.stays)
    return dataclasses.replace(tracing, flows=flows, stays=stays)


def _in_flow(found: FlowFound, evidence: Evidence, reader: TraceReader) -> FlowFound:
    suspects = [
        dataclasses.replace(one, others=of_job(one, at, evidence, reader))
        for one in found.suspects for at in found.stays if at.stay.begun.container == one.job.begun.container
    ]  # fmt: skip
    return dataclasses.replace(found, suspects=tuple(suspects))


def _in_stay(at: StayFound, jobs: Iterable[Suspect], evidence: Evidence, reader: TraceReader) -> StayFound:
    told = tuple(dataclasses.replace(one, others=of_job(one, at, evidence, reader)) for one in jobs)
    return dataclasses.replace(at, jobs=told)


def of_job(suspect: Suspect, at: StayFound, evidence: Evidence, reader: TraceReader) -> tuple[JobFlow, ...]:
    """The job's connections, oldest first; those of the whole container if accounts are not known."""
    life = evidence.job_life(suspect.job)
    span = wider(Span(from_s=life.begun.at.lo, to_s=life.ended.at.hi), HOST_CLOCK_S)
    addresses = (at.stay.begun.address,)
    outside = reader.flows(FlowsSought(span=span, sources=(GATEWAY,), addresses=addresses)).rows
    inside = reader.flows(FlowsSought(span=span, sources=sources_of([at.stay]), addresses=addresses)).rows
    own = suspect.job.begun.uid
    by_account = own >= 0 and bool(inside) and all(flow.begun.uid >= 0 for flow in inside)
    theirs = [flow for flow in inside if flow.begun.uid == own] if by_account else outside
    then = [flow for flow in theirs if may_live(life, evidence.flow_life(flow).begun, evidence.clocks)]
    return tuple(_told(flow, outside, evidence, by_account=by_account) for flow in then)


def _told(flow: Flow, outside: Sequence[Flow], evidence: Evidence, *, by_account: bool) -> JobFlow:
    seen = flow if flow.begun.nat_address else _at_gateway(flow, outside, evidence)
    times = evidence.times(evidence.flow_life(flow))
    if seen is None:
        return JobFlow(flow=flow, times=times, nat_address="", nat_port=None, by_account=by_account)
    counted = seen if seen.ended is not None else flow
    return JobFlow(
        flow=dataclasses.replace(flow, ended=counted.ended),
        times=times,
        nat_address=seen.begun.nat_address,
        nat_port=seen.begun.nat_port,
        by_account=by_account,
    )


def _at_gateway(flow: Flow, outside: Sequence[Flow], evidence: Evidence) -> Flow | None:
    """The same connection there, if there is only one that it can be."""
    life = evidence.flow_life(flow)
    ends = (flow.begun.protocol, flow.begun.port, flow.begun.far_address, flow.begun.far_port)
    same = [
        one for one in outside
        if (one.begun.protocol, one.begun.port, one.begun.far_address, one.begun.far_port) == ends
        and (
            may_live(life, evidence.flow_life(one).begun, evidence.clocks)
            or (flow.begun.protocol != TCP and may_live(evidence.flow_life(one), life.begun, evidence.clocks))
        )
    ]  # fmt: skip
    return same[0] if len(same) == 1 else None
