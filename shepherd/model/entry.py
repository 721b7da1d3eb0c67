"""What the ledger keeps: one kind of row for everything that happens."""

import dataclasses
import enum
from collections.abc import Mapping


class EntryKind(enum.Enum):
    """Every kind of record."""

    OBSERVED = "observed"
    """Digest of a snapshot: counts, ages, problems."""
    SNAPSHOT = "snapshot"
    """What a look knew, as far as decisions depend on it: all of it (`body.whole`, once a day at least), or what has
    changed since the one before. At every decision, and else each minute at most."""
    SETTINGS = "settings"
    """The tables of the settings that decisions depend on, when they differ from those on record."""
    VERDICT = "verdict"
    """Sentence, orders, refusals of a cycle, or of a look that ordered something. What it was made from is the snapshot
    just before it."""
    ORDER = "order"
    STEP = "step"
    """Written before the step is taken."""
    OUTCOME = "outcome"
    SWITCH = "switch"
    """A host's SwitchRecord after a change; `body` is empty when it is over."""
    MEMORY = "memory"
    """A host's HostMemory after a change."""
    PAST = "past"
    """What the policy remembers between decisions, at every cycle and every order."""
    FLOCKOFF = "flockoff"
    """Latched, or (with empty body) ended."""
    SERIAL = "serial"
    """Of lease pages, while serials are ahead of the clock: later ones must be above, and the pages may be lost."""
    INTENT = "intent"
    """A person's wish folded in."""
    LIFE = "life"
    """The daemon started, stopped, reloaded."""
    BANS = "bans"
    """All bans that stand, after a change: `body.bans` is the whole list."""
    QUARANTINES = "quarantines"
    """All quarantines that are not over, after a change: the whole list."""
    ROSTER = "roster"
    """All hosts that are known (`body.hosts`, with their flocking names) and when those that are no longer heard were
    heard last (`body.unheard`), after a change and each hour at most."""
    RETIRED = "retired"
    """Days that were old enough are removed after this."""
    GAP = "gap"
    """Nothing could be recorded from `body.from_s` to `body.to_s`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One record. `body` holds only JSON values."""

    at_s: float
    kind: EntryKind
    cause: str
    """Joins a chain: the lease id of a lend, the id of a cycle, an intent's id."""
    host: str = ""
    body: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stored:
    """A record as read back."""

    seq: int
    entry: Entry
    hash: str
    """Hex SHA-256 over the previous hash and this row."""
