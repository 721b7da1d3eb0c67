"""The view that the daemon published, as values. Its body is written by `core.present`, schema 1."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from shepherd.errors import Unavailable
from shepherd.model.demand import DemandGroup, Resources
from shepherd.model.flockoff import FlockOff, Leak
from shepherd.model.host import HostState
from shepherd.model.stop import Ban, BanKind

SCHEMA = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShownHost:
    """One host."""

    host: str
    flock_name: str
    state: HostState
    why: str
    since_s: float | None
    blocked: str = ""
    """Why it cannot be lent although it is local, or the empty string."""
    blocked_until_s: float | None = None
    stage: str = ""
    """How far its switch is; empty: it is in none."""
    deadline_s: float | None = None
    """By when the stage must be over, epoch seconds; None: it has no end of its own."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShownReading:
    """One source."""

    source: str
    at_s: float
    problem: str | None
    period_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Present:
    """All of it."""

    at_s: float
    sentence: str
    cycle_at_s: float
    flockoff: FlockOff | None
    hosts: tuple[ShownHost, ...]
    readings: tuple[ShownReading, ...]
    idle_jobs: int | None
    running_jobs: int | None
    unmanaged: tuple[str, ...]
    problems: tuple[str, ...]
    bans: tuple[Ban, ...] = ()
    unfit: tuple[DemandGroup, ...] = ()
    """Idle jobs that no host could take."""
    stuck: tuple[DemandGroup, ...] = ()
    """Idle jobs that were not taken although hosts they fit stood free."""
    leaks: tuple[Leak, ...] = ()
    """What keepers found since their hosts booted."""

    def in_state(self, state: HostState) -> tuple[ShownHost, ...]:
        """The hosts of one state."""
        return tuple(host for host in self.hosts if host.state is state)


def present_from(body: Mapping[str, Any]) -> Present:
    """Read a body. Raises Unavailable if it is of another schema or damaged."""
    if body.get("schema") != SCHEMA:
        raise Unavailable(
            f"the running shepherd shows its state in schema {body.get('schema')}, this command reads "
            f"{SCHEMA}: use the command of the same version, or restart the shepherd after the upgrade"
        )
    try:
        return read(body)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise Unavailable(f"the published state is damaged ({exc!r}); the shepherd replaces it when it runs") from exc


def read(body: Mapping[str, Any]) -> Present:
    """A body of schema 1."""
    queue = body.get("queue") or {}
    flockoff = body.get("flockoff")
    return Present(
        at_s=float(body["at_s"]),
        sentence=str(body.get("sentence") or ""),
        cycle_at_s=float(body.get("cycle_at_s") or 0),
        flockoff=FlockOff(**flockoff) if flockoff else None,
        hosts=tuple(map(shown_host, body["hosts"])),
        readings=tuple(map(shown_reading, body.get("readings", ()))),
        idle_jobs=queue.get("idle_jobs"),
        running_jobs=queue.get("running_jobs"),
        unmanaged=tuple(body.get("unmanaged", ())),
        problems=tuple(body.get("problems", ())),
        bans=tuple(map(shown_ban, body.get("bans", ()))),
        unfit=tuple(map(shown_group, queue.get("unfit", ()))),
        stuck=tuple(map(shown_group, queue.get("stuck", ()))),
        leaks=tuple(Leak(**leak) for leak in body.get("leaks", ())),
    )


def shown_ban(body: Mapping[str, Any]) -> Ban:
    """One of `bans`."""
    return Ban(**{**body, "kind": BanKind(body["kind"]), "addresses": tuple(body["addresses"])})


def shown_group(body: Mapping[str, Any]) -> DemandGroup:
    """One of `unfit` or `stuck`."""
    asks = Resources(**{name: int(body[name]) for name in Resources._fields})
    return DemandGroup(asks=asks, jobs=int(body["jobs"]))


def shown_host(body: Mapping[str, Any]) -> ShownHost:
    """One of `hosts`."""
    return ShownHost(
        host=body["host"],
        flock_name=body["flock_name"],
        state=HostState(body["state"]),
        why=body["why"],
        since_s=body.get("since_s"),
        blocked=body.get("blocked") or "",
        blocked_until_s=body.get("blocked_until_s"),
        stage=body.get("stage") or "",
        deadline_s=body.get("deadline_s"),
    )


def shown_reading(body: Mapping[str, Any]) -> ShownReading:
    """One of `readings`."""
    return ShownReading(
        source=body["source"],
        at_s=float(body["at_s"]),
        problem=body.get("problem"),
        period_s=float(body.get("period_s") or 0),
    )
