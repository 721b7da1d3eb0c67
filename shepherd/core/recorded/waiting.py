"""What waits in the queue, and what a policy remembers of it, as JSON objects without null, by shape; and back."""

import dataclasses
from collections.abc import Mapping

from shepherd.core.recorded.members import Json, count, names, objects
from shepherd.core.records import past_body, past_from
from shepherd.model.demand import Demand, DemandGroup, Resources
from shepherd.model.observation import Queue
from shepherd.model.past import Past

PARTS = ("cpus", "memory_mib", "disk_kib", "gpus")
"""Of a shape's name: `1/2048/1024/0`."""


def queue_row(queue: Queue, now: float) -> Json:
    """Local demand."""
    row: dict[str, object] = {
        "idle_jobs": queue.idle_jobs,
        "running_jobs": queue.running_jobs,
        "schedds": list(queue.schedds),
        "refused_submitters": queue.refused_submitters,
        "missing_schedds": list(queue.missing_schedds),
    }
    row = {name: value for name, value in row.items() if value or name == "idle_jobs"}
    return row if queue.demand is None else {**row, "demand": _demand_row(queue.demand, now)}


def queue_from(row: Json, at_s: float) -> Queue:
    """The inverse of `queue_row`. Raises ValueError."""
    demand = row.get("demand")
    return Queue(
        idle_jobs=count(row, "idle_jobs"),
        running_jobs=count(row, "running_jobs"),
        schedds=names(row, "schedds"),
        refused_submitters=count(row, "refused_submitters"),
        missing_schedds=names(row, "missing_schedds"),
        demand=_demand_from(demand, at_s) if isinstance(demand, Mapping) else None,
    )


def past_row(past: Past) -> Json:
    """A policy's past; what waits by its shape."""
    rows = [_without_null(dataclasses.asdict(one), "asks") for one in past.waiting]
    waiting = {shape_name(one.asks): row for one, row in zip(past.waiting, rows, strict=True)}
    return {name: value for name, value in {**past_body(past), "waiting": waiting}.items() if value}


def past_from_row(row: Json) -> Past:
    """The inverse of `past_row`. Raises ValueError."""
    waiting = objects(row, "waiting")
    rows = [{**one, "asks": dataclasses.asdict(shape_from(name))} for name, one in waiting.items()]
    return past_from({**row, "waiting": rows})


def shape_name(shape: Resources) -> str:
    """`1/2048/1024/0`."""
    return "/".join(str(getattr(shape, part)) for part in PARTS)


def shape_from(name: str) -> Resources:
    """The inverse. Raises ValueError."""
    parts = [int(part) for part in name.split("/")]
    return Resources(**dict(zip(PARTS, parts, strict=True)))


def _demand_row(demand: Demand, now: float) -> Json:
    groups = {shape_name(group.asks): _group_row(group) for group in demand.groups}
    row = {"groups": groups, "withheld": demand.withheld, "unasked": list(demand.unasked)}
    age = {"age_s": round(now - demand.at_s)} if now - demand.at_s > 1 else {}
    return {name: value for name, value in row.items() if value} | age


def _group_row(group: DemandGroup) -> Json:
    return {"jobs": group.jobs, "first_job": group.first_job} if group.first_job else {"jobs": group.jobs}


def _demand_from(row: Json, at_s: float) -> Demand:
    groups = (
        DemandGroup(asks=shape_from(name), jobs=count(one, "jobs"), first_job=str(one.get("first_job", "")))
        for name, one in objects(row, "groups").items()
    )
    return Demand(
        groups=tuple(sorted(groups, key=lambda group: group.asks, reverse=True)),
        at_s=at_s - count(row, "age_s"),
        withheld=count(row, "withheld"),
        unasked=names(row, "unasked"),
    )


def _without_null(row: Json, *besides: str) -> Json:
    return {name: value for name, value in row.items() if value is not None and name not in besides}
