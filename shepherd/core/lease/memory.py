"""What a keeper remembers of pages, over its own restarts, within one boot of its host."""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import TypeVar

from shepherd.core.lease.encode import lease_from, lease_members
from shepherd.core.lease.members import Members
from shepherd.errors import LeaseRefused
from shepherd.model.host import Nonce
from shepherd.model.lease import Lease

VERSION = 1

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Issue:
    """The newest issue that was believed."""

    instance: str
    serial: int
    issued_at_s: float
    """Wall clock of the shepherd."""
    digest: str
    """Hex SHA-256 of the page's bytes: one serial is one content."""
    counted_from_s: float
    """CLOCK_BOOTTIME from which its leases count: the earliest of its first sight and of its issue
    time plus skew, as the wall clock had it at any sight."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Held:
    """A lease that was believed."""

    lease: Lease
    until_boottime_s: float
    """CLOCK_BOOTTIME at which it lapses; goes into the control file."""
    until_wall_s: float
    """Wall clock at which it lapses; whichever comes first."""
    key_id: str
    """Who signed it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Memory:
    """All that is remembered. Worthless after a reboot, which makes a new nonce."""

    nonce: Nonce
    issue: Issue | None = None
    serials: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Highest serial seen of each shepherd instance."""
    held: Held | None = None


def to_json(memory: Memory) -> str:
    """`memory` as one line of JSON."""
    held = memory.held
    members = {
        "v": VERSION,
        "nonce": memory.nonce,
        "issue": dataclasses.asdict(memory.issue) if memory.issue else None,
        "serials": dict(memory.serials),
        "held": held_members(held) if held else None,
    }
    return json.dumps(members, sort_keys=True, allow_nan=False)


def held_members(held: Held) -> Members:
    """A held lease as JSON values."""
    return {
        "lease": lease_members(held.lease),
        "until_boottime_s": held.until_boottime_s,
        "until_wall_s": held.until_wall_s,
        "key_id": held.key_id,
    }


def from_json(text: str, nonce: Nonce) -> Memory:
    """The memory stored in `text`; an empty one if it is of another boot than `nonce`.

    Raises:
        LeaseRefused: it is damaged. The caller makes a new nonce, which makes every lease that may
            have been forgotten worthless; going on with an empty memory could extend one.
    """
    try:
        members = json.loads(text)
        if members["v"] != VERSION:
            raise LeaseRefused(f"memory of leases has version {members['v']}, not {VERSION}")
        return memory_from(members) if members["nonce"] == nonce else Memory(nonce=nonce)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        raise LeaseRefused(f"memory of leases is damaged: {exc!r}") from exc


def memory_from(members: Members) -> Memory:
    """A memory from JSON values; raises what a wrong shape raises."""
    serials = expect(members["serials"], dict)
    return Memory(
        nonce=Nonce(expect(members["nonce"], str)),
        issue=issue_from(expect(members["issue"], dict)) if members["issue"] else None,
        serials={expect(name, str): expect(serial, int) for name, serial in serials.items()},
        held=held_from(expect(members["held"], dict)) if members["held"] else None,
    )


def issue_from(members: Members) -> Issue:
    """An issue from JSON values."""
    return Issue(
        instance=expect(members["instance"], str),
        serial=expect(members["serial"], int),
        issued_at_s=seconds(members["issued_at_s"]),
        digest=expect(members["digest"], str),
        counted_from_s=seconds(members["counted_from_s"]),
    )


def held_from(members: Members) -> Held:
    """A held lease from JSON values."""
    return Held(
        lease=lease_from(members["lease"]),
        until_boottime_s=seconds(members["until_boottime_s"]),
        until_wall_s=seconds(members["until_wall_s"]),
        key_id=expect(members["key_id"], str),
    )


def seconds(value: object) -> float:
    """A finite number; raises TypeError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is not a number of seconds")
    return float(value)


def expect(value: object, kind: type[T]) -> T:
    """`value`, which is of `kind`; raises TypeError."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{value!r} is not {kind.__name__}")
    return value
