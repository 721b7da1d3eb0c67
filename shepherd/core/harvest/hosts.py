"""What one host is to the sums at a moment: whose, how many of its cores, how many of them claimed."""

import enum
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


class Out(NamedTuple):
    """What is known of a host from its switch."""

    serves: bool
    """Its flocking startd was seen, and it was not ordered home."""
    cpus: int
    whole: Resources
    """What it would give to local jobs; nothing if that is not on record."""
    largest: Resources

    def away(self, claimed: int) -> Now:
        """Of a host that guests have claimed so many cpus of."""
        of, used = (Is.LENT, claimed) if self.serves else (Is.MOVING, 0)
        return Now(of, self.cpus, used, self.whole, self.largest)

    def back(self) -> Now:
        """Of a host that has just come home."""
        return Now(Is.LOCAL, self.cpus, 0, self.whole, self.largest)


class Seen(NamedTuple):
    """A host by the snapshots. One object for all hosts that became alike at once: it is read once."""

    row: Json
    here: Now
    """What it is unless it is out."""
    claimed: int
    """Cpus that guests have claimed."""


def seen_of(row: Json) -> Seen:
    """Reads a row. Ads that are too old to be believed are none. Raises ValueError."""
    flock = members(row, "flock")
    claimed = 0 if "heard_at_s" in flock else count(flock, "claimed_cpus")
    return Seen(row, _here(members(row, "regular")), claimed)


def _here(regular: Json) -> Now:
    if not regular or regular.get("draining") or "heard_at_s" in regular:
        return NOWHERE
    cpus = count(regular, "cpus")
    whole = Resources(cpus, count(regular, "memory_mib"), count(regular, "disk_kib"), count(regular, "gpus"))
    free = whole if count(regular, "claimed_slots") == 0 else NOTHING
    if "free" in regular:
        free = resources_from(regular["free"])
    largest = resources_from(regular["largest"]) if "largest" in regular else whole
    return Now(Is.LOCAL, cpus, max(0, cpus - free.cpus), free, largest)


NOWHERE = Now(Is.OTHER, 0, 0, NOTHING, NOTHING)
UNSEEN = seen_of({})
