"""The one lend a keeper may be in, as it is remembered over the keeper's own restarts."""

import dataclasses
import json
from collections.abc import Mapping

from shepherd.core.lease.encode import lease_from, lease_members
from shepherd.core.lease.memory import expect, seconds
from shepherd.errors import LeaseRefused
from shepherd.model.container import Container
from shepherd.model.host import LeaseId
from shepherd.model.lease import Lease

VERSION = 1
USED_KEPT = 50
"""Used leases that are remembered; each is good for one container only."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leaving:
    """The container is on its way out."""

    since_s: float
    """CLOCK_BOOTTIME."""
    why: str
    failed: bool
    """The lend went wrong, rather than being ended."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lend:
    """One lend, from the first request to dockerd until nothing of it is left."""

    lease: Lease
    """As it was when the lend began; the phase is read from the lease that stands now."""
    container: Container | None = None
    """None until dockerd has started it."""
    went: bool = False
    """PID 1 was told `go`: guests may have lived in it."""
    leaving: Leaving | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """All that a keeper remembers of lends within one boot."""

    lend: Lend | None = None
    used: tuple[LeaseId, ...] = ()
    """Leases that a container was started for, oldest first."""


def begun(record: Record, lease: Lease) -> Record:
    """The record once a lend has begun: its lease is used up."""
    return Record(lend=Lend(lease=lease), used=(*record.used, lease.lease)[-USED_KEPT:])


def to_json(record: Record) -> str:
    """`record` as one line of JSON."""
    members = {"v": VERSION, "used": list(record.used), "lend": _members(record.lend)}
    return json.dumps(members, sort_keys=True, allow_nan=False)


def _members(lend: Lend | None) -> Mapping[str, object] | None:
    if lend is None:
        return None
    return {
        "lease": lease_members(lend.lease),
        "container": dataclasses.asdict(lend.container) if lend.container else None,
        "went": lend.went,
        "leaving": dataclasses.asdict(lend.leaving) if lend.leaving else None,
    }


def from_json(text: str) -> Record:
    """The record stored in `text`. Raises LeaseRefused if it is damaged."""
    try:
        members = json.loads(text)
        if members["v"] != VERSION:
            raise LeaseRefused(f"record of the lend has version {members['v']}, not {VERSION}")
        used = tuple(LeaseId(expect(lease, str)) for lease in members["used"])
        return Record(lend=_lend_from(members["lend"]) if members["lend"] else None, used=used)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        raise LeaseRefused(f"record of the lend is damaged: {exc!r}") from exc


def _lend_from(members: Mapping[str, object]) -> Lend:
    container, leaving = members["container"], members["leaving"]
    return Lend(
        lease=lease_from(members["lease"]),
        container=_container_from(expect(container, dict)) if container else None,
        went=expect(members["went"], bool),
        leaving=_leaving_from(expect(leaving, dict)) if leaving else None,
    )


def _container_from(members: Mapping[str, object]) -> Container:
    return Container(
        ident=expect(members["ident"], str),
        pid=expect(members["pid"], int),
        start_ticks=expect(members["start_ticks"], int),
        cgroup=expect(members["cgroup"], str),
    )


def _leaving_from(members: Mapping[str, object]) -> Leaving:
    why, failed = expect(members["why"], str), expect(members["failed"], bool)
    return Leaving(since_s=seconds(members["since_s"]), why=why, failed=failed)
