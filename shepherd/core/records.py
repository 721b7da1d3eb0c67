"""Records as JSON bodies and back: what the ledger stores of a switch, a memory, a flockoff.

The body of a switch that is over is empty. `…_from` raises ValueError on a body it cannot read: such a
ledger was written by a newer shepherd or altered.
"""

import dataclasses
from collections.abc import Mapping, Sequence

from shepherd.core.stop.encode import ban_from, ban_members
from shepherd.errors import LeaseRefused
from shepherd.model.demand import GIVES_NOTHING, DemandGroup, Gives, Resources
from shepherd.model.flockoff import FlockOff
from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.orders import HostMemory, Outcome, Reason, Stage, Step, SwitchRecord
from shepherd.model.past import Fewest, Given, Past, Waiting
from shepherd.model.stop import Ban

Body = Mapping[str, object]


def switch_body(record: SwitchRecord) -> Body:
    """All fields; stage and reason by their values."""
    return {**dataclasses.asdict(record), "stage": record.stage.value, "reason": record.reason.value}


def switch_from(body: Body) -> SwitchRecord:
    """The switch a body tells of."""
    fields = {**_known(SwitchRecord, body), "stage": Stage(body.get("stage")), "reason": _reason_from(body)}
    try:
        record = SwitchRecord(**fields)  # type: ignore[arg-type]
    except TypeError as exc:
        raise ValueError(f"not a switch: {exc}") from exc
    return dataclasses.replace(
        record,
        host=HostName(record.host),
        lease=LeaseId(record.lease),
        nonce=Nonce(record.nonce),
        gives=_gives_from(body.get("gives")),
    )


def _reason_from(body: Body) -> Reason:
    """A record from before there were reasons, or of a shepherd that knows more of them, has a clause all the same."""
    known = {reason.value: reason for reason in Reason}
    return known.get(str(body.get("reason")), Reason.FAULT if body.get("failed") else Reason.SPARE)


def groups_body(groups: Sequence[DemandGroup]) -> list[Body]:
    """What idle jobs ask for, and how many they are."""
    return [{**group.asks._asdict(), "jobs": group.jobs} for group in groups]


def _gives_from(body: object) -> Gives:
    """A record from before shapes were kept tells nothing."""
    if isinstance(body, list | tuple) and len(body) == len(Gives._fields):
        return Gives(*map(_resources_from, body))
    return GIVES_NOTHING


def _resources_from(body: object) -> Resources:
    if not isinstance(body, list | tuple) or len(body) != len(Resources._fields):
        raise ValueError(f"not what a slot gives: {body!r}")
    return Resources(*map(int, body))


def past_body(past: Past) -> Body:
    """What is not as it is by default: there may be a thousand shapes. What jobs ask for, and the fewest over a window,
    are lists in the order of their fields."""
    lends = [dataclasses.asdict(one) for one in past.lends]
    return {"lends": lends, "waiting": [_waiting_body(one) for one in past.waiting]}


def _waiting_body(one: Waiting) -> Body:
    fewest = {name: dataclasses.astuple(value) for name, value in (("fewest", one.fewest), ("due", one.due))}
    proof = {"stuck": one.stuck, "passed": one.passed, "proven_s": one.proven_s, "trial": one.trial}
    return {"asks": one.asks, "jobs": one.jobs, **fewest, **{name: value for name, value in proof.items() if value}}


def past_from(body: Body) -> Past:
    """What a policy remembered; an empty body is nothing."""
    try:
        return Past(
            lends=tuple(Given(**_known(Given, one)) for one in _rows(body, "lends")),  # type: ignore[arg-type]
            waiting=tuple(map(_waiting_from, _rows(body, "waiting"))),
        )
    except (TypeError, ValueError) as exc:
        raise ValueError(f"not a policy's past: {exc}") from exc


def _waiting_from(body: Body) -> Waiting:
    parts: dict[str, object] = {name: _fewest_from(body.get(name)) for name in ("fewest", "due")}
    passed = body.get("passed", [])
    parts["passed"] = tuple(map(_resources_from, passed if isinstance(passed, list | tuple) else ()))
    return Waiting(**{**_known(Waiting, body), **parts, "asks": _resources_from(body.get("asks"))})  # type: ignore[arg-type]


def _fewest_from(body: object) -> Fewest:
    if not isinstance(body, list | tuple) or len(body) != len(dataclasses.fields(Fewest)):
        raise TypeError(f"not the fewest of anything: {body!r}")
    from_s, now, before = body
    return Fewest(from_s=from_s, now=now, before=before)


def _rows(body: Body, name: str) -> list[Body]:
    rows = body.get(name, [])
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list | tuple) else []


def memory_body(memory: HostMemory) -> Body:
    """All fields."""
    return dataclasses.asdict(memory)


def memory_from(body: Body) -> HostMemory:
    """The memory a body tells of; an empty one means nothing is remembered."""
    return HostMemory(**_known(HostMemory, body))  # type: ignore[arg-type]


def flockoff_body(flockoff: FlockOff | None) -> Body:
    """All fields; empty when flocking is on again."""
    return dataclasses.asdict(flockoff) if flockoff else {}


def flockoff_from(body: Body) -> FlockOff | None:
    """The latch a body tells of."""
    try:
        return FlockOff(**_known(FlockOff, body)) if body else None  # type: ignore[arg-type]
    except TypeError as exc:
        raise ValueError(f"not a flockoff: {exc}") from exc


def bans_body(bans: Sequence[Ban]) -> Body:
    """The whole list, as a page has it."""
    return {"bans": [dict(ban_members(ban)) for ban in bans]}


def bans_from(body: Body) -> tuple[Ban, ...]:
    """The bans a body tells of."""
    listed = body.get("bans", [])
    try:
        return tuple(ban_from(one) for one in listed) if isinstance(listed, list) else ()
    except LeaseRefused as exc:
        raise ValueError(f"not bans: {exc}") from exc


def step_body(step: Step, stage: Stage) -> Body:
    """What is about to be done."""
    return {"kind": step.kind.value, "lease": step.lease, "stage": stage.value}


def outcome_body(outcome: Outcome) -> Body:
    """What came of it."""
    return {
        "kind": outcome.step.kind.value,
        "result": outcome.result.value,
        "detail": outcome.detail,
        "took_s": round(outcome.took_s, 3),
    }


def _known(record: type, body: Body) -> dict[str, object]:
    """Fields the type knows; a newer shepherd's additions are ignored, so that a downgrade works."""
    names = {field.name for field in dataclasses.fields(record)}
    return {key: value for key, value in body.items() if key in names}
