"""What one host is to the sums at a moment: whose, how many of its cores, how many of them claimed."""

import enum
from collections.abc import Mapping
from typing import NamedTuple

from shepherd.core.recorded.facts import resources_from
from shepherd.core.recorded.members import Json, count, members
from shepherd.model.demand import NOTHING, Resources


class Is(enum.IntEnum):
    """Whose a host is. Places in lists of sums."""

    LOCAL = 0
    """Its regular startd takes work."""
    LENT = 1
    """It serves guests."""
    MOVING = 2
    """On its way, either way."""
    OTHER = 3
    """Held, silent, not understood."""


class Out(NamedTuple):
    """What is known of a host from its switch."""

    serves: bool
    """Its flocking startd was seen, and it was not ordered home."""
    cpus: int
    whole: Resources
    """What it would give to local jobs; nothing if that is not on record."""
    largest: Resources


class Now(NamedTuple):
    """One host, now."""

    of: Is
    cpus: int
    used: int
    """Of these, claimed."""
    free: Resources
    """What it has for local jobs; of a host that is out, what it would have."""
    largest: Resources
    """The largest slot of that."""


def now_of(row: Json | None, out: Out | None, back: Out | None) -> Now:
    """`row`: of the newest snapshot. `back`: it came home since then. Raises ValueError on what it cannot read."""
    if out is not None:
        return _out(row, out)
    if back is not None:
        return Now(Is.LOCAL, back.cpus, 0, back.whole, back.largest)
    regular = row.get("regular") if row is not None else None
    if not isinstance(regular, Mapping) or regular.get("draining") or "heard_at_s" in regular:
        return Now(Is.OTHER, 0, 0, NOTHING, NOTHING)
    return _local(regular)


def _out(row: Json | None, out: Out) -> Now:
    if not out.serves:
        return Now(Is.MOVING, out.cpus, 0, out.whole, out.largest)
    flock = members(row, "flock") if row is not None else {}
    used = 0 if "heard_at_s" in flock else count(flock, "claimed_cpus")
    return Now(Is.LENT, out.cpus, used, out.whole, out.largest)


def _local(regular: Json) -> Now:
    cpus = count(regular, "cpus")
    whole = Resources(cpus, count(regular, "memory_mib"), count(regular, "disk_kib"), count(regular, "gpus"))
    free = whole if count(regular, "claimed_slots") == 0 else NOTHING
    if "free" in regular:
        free = resources_from(regular["free"])
    largest = resources_from(regular["largest"]) if "largest" in regular else whole
    return Now(Is.LOCAL, cpus, max(0, cpus - free.cpus), free, largest)
