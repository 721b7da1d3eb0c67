"""What waits in the queue, and what a policy remembers of it, as JSON objects without null, by shape; and back."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from shepherd.core.recorded.members import Json, count, listed, names, objects, unreadable
from shepherd.core.records import past_body, past_from
from shepherd.model.demand import Demand, DemandGroup, Resources
from shepherd.model.observation import Queue
from shepherd.model.past import Past


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
    body = {name: plain(value) for name, value in past_body(past).items() if value}
    waiting = [one for one in listed(body, "waiting") if isinstance(one, Mapping)]
    by_shape = {"/".join(map(str, listed(one, "asks"))): _but(one, "asks") for one in waiting}
    return {**body, "waiting": by_shape} if by_shape else body


def past_from_row(row: Json) -> Past:
    """The inverse of `past_row`. Raises ValueError."""
    waiting = [{**one, "asks": list(shape_from(name))} for name, one in sorted_by_shape(objects(row, "waiting"))]
    return past_from({**row, "waiting": waiting})


def shape_name(shape: Resources) -> str:
    """`1/2048/1024/0`: cpus, MiB, KiB, GPUs."""
    return "/".join(map(str, shape))


def shape_from(name: str) -> Resources:
    """The inverse. Raises ValueError."""
    parts = [int(part) for part in name.split("/")]
    if len(parts) != len(Resources._fields):
        raise unreadable("a shape", name)
    return Resources(*parts)


def sorted_by_shape(rows: Mapping[str, Json]) -> list[tuple[str, Json]]:
    """Rows by what they are of, the smallest first."""
    return sorted(rows.items(), key=lambda row: shape_from(row[0]))


def plain(value: object) -> object:
    """What JSON makes of it, without null."""
    match value:
        case dict():
            return {str(name): plain(one) for name, one in value.items() if one is not None}
        case list() | tuple():
            return [plain(one) for one in value]
    return value


def _but(row: Json, name: str) -> Json:
    return {key: value for key, value in row.items() if key != name}


def _demand_row(demand: Demand, now: float) -> Json:
    groups = {shape_name(group.asks): _usual_left_out(group, "asks") for group in demand.groups}
    age = {"age_s": round(now - demand.at_s)} if now - demand.at_s > 1 else {}
    return {**_usual_left_out(demand, "groups", "at_s"), "groups": groups, **age}


def _demand_from(row: Json, at_s: float) -> Demand:
    """Groups are in the order in which the schedds are asked to give them: the largest first."""
    rows = reversed(sorted_by_shape(objects(row, "groups")))
    groups = [DemandGroup(**{"asks": shape_from(name), "jobs": 0, **_ints(one)}) for name, one in rows]
    return Demand(
        groups=tuple(groups), at_s=at_s - count(row, "age_s"), soon=count(row, "soon"), unasked=names(row, "unasked")
    )


def _usual_left_out(of: Demand | DemandGroup, *besides: str) -> dict[str, object]:
    body = {field.name: getattr(of, field.name) for field in dataclasses.fields(of) if field.name not in besides}
    return {name: plain(value) for name, value in body.items() if value}


def _ints(row: Json) -> dict[str, Any]:
    known = {field.name for field in dataclasses.fields(DemandGroup)}
    return {name: count(row, name) for name in row if name in known}
