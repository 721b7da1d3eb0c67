"""Which jobs and connections are not on record at all, although they were and somebody should have seen them. Pure."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from shepherd.lab.drill.expected import life_of_connection
from shepherd.lab.drill.judge import GATEWAY, Outage, What
from shepherd.lab.drill.told import NEAR_S
from shepherd.lab.drill.truth import Connection, Run, Truth
from shepherd.model.trace import Gap
from shepherd.model.trace_rows import Flow, Job

TOLERANCE_S = 1.0
"""How exactly a gap must say when nothing was recorded."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Missed:
    """What is not on record."""

    jobs: Sequence[Run]
    flows: Sequence[Connection]
    """Made while the flow logger was up."""
    flows_in_outages: int
    """Made while it was down."""
    outages_unreported: Sequence[Outage]
    """Of the flow logger, without a gap that says so."""


def missed(
    truth: Truth, jobs: Sequence[Job], flows: Sequence[Flow], gaps: Sequence[Gap], outages: Sequence[Outage]
) -> Missed:
    """Hold the whole record against the whole truth."""
    down = [one for one in outages if one.what is What.FLOWS and one.source == GATEWAY]
    lost = flows_missed(truth.connections, flows)
    seen = [one for one in lost if not any(o.from_s <= one.seen_s and one.begun_s <= o.to_s for o in down)]
    return Missed(
        jobs=jobs_missed(truth.runs, jobs), flows=seen, flows_in_outages=len(lost) - len(seen),
        outages_unreported=[one for one in down if not is_reported(one, gaps)],
    )  # fmt: skip


def jobs_missed(runs: Mapping[str, Run], jobs: Iterable[Job]) -> list[Run]:
    """Runs of which there is no record; each record is one run's."""
    on_record = defaultdict[tuple[str, str, str], list[float]](list)
    for job in jobs:
        on_record[job.begun.job, job.begun.host, job.begun.slot].append(job.begun.at_s)
    lost = []
    for run in sorted((run for run in runs.values() if run.was_heard), key=lambda run: run.begun_s):
        begun = on_record[run.job, run.host, run.slot]
        found = next((at_s for at_s in sorted(begun) if abs(at_s - run.begun_s) <= NEAR_S), None)
        if found is None:
            lost.append(run)
        else:
            begun.remove(found)
    return lost


def flows_missed(connections: Iterable[Connection], flows: Iterable[Flow]) -> list[Connection]:
    """Connections of which the gateway has no record; each record is one connection's."""
    on_record = defaultdict[object, list[float]](list)
    for flow in flows:
        if flow.begun.source == GATEWAY:
            on_record[ends(flow.begun)].append(flow.begun.at_s)
    lost = []
    for one in connections:
        life, begun = life_of_connection(one), on_record[ends(one)]
        found = next((at_s for at_s in sorted(begun) if life.from_lo <= at_s <= life.to_hi), None)
        if found is None:
            lost.append(one)
        else:
            begun.remove(found)
    return lost


def ends(one: object) -> object:
    """All three ends."""
    names = ("protocol", "address", "port", "nat_address", "nat_port", "far_address", "far_port")
    return tuple(getattr(one, name) for name in names)


def is_reported(outage: Outage, gaps: Iterable[Gap]) -> bool:
    """Whether the gateway's own gaps say that nothing was recorded then."""
    own = sorted((gap.from_s, gap.to_s) for gap in gaps if gap.source == GATEWAY and gap.what == "flows")
    until_s = outage.from_s + TOLERANCE_S
    for from_s, to_s in own:
        if from_s <= until_s:
            until_s = max(until_s, to_s)
    return until_s >= outage.to_s - TOLERANCE_S
