"""A look that is on record, with everything that its decision was made from."""

import dataclasses
from collections.abc import Mapping

from shepherd.model.flockoff import FlockOff
from shepherd.model.host import HostName
from shepherd.model.observation import Snapshot
from shepherd.model.orders import HostMemory, Order, Refusal, SwitchRecord
from shepherd.model.past import Past
from shepherd.model.view import Bars


@dataclasses.dataclass(frozen=True, kw_only=True)
class Said:
    """A verdict as it was recorded."""

    seq: int
    """Its record, which names the decision: `shepherd explain cycle SEQ`."""
    at_s: float
    is_cycle: bool
    """A slow cycle, which may lend; otherwise a look between two of them."""
    sentence: str
    orders: tuple[Order, ...]
    refusals: tuple[Refusal, ...]
    unfit: tuple[tuple[str, int], ...] = ()
    """Shapes of idle jobs that fit no host, as `core.recorded.waiting` writes them, and how many."""
    stuck: tuple[tuple[str, int], ...] = ()
    """The same of jobs that were not taken although hosts that they fit stood free."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Moment:
    """What the shepherd knew at one look, before it decided."""

    at_s: float
    snapshot: Snapshot
    switches: Mapping[HostName, SwitchRecord]
    memories: Mapping[HostName, HostMemory]
    flockoff: FlockOff | None
    bars: Bars
    past: Past
    settings: Mapping[str, object]
    """The tables of the settings file that decisions depend on, as they were then; empty if that is not on record."""
    said: Said | None = None
    """What was decided. None: this look ordered nothing, and was no cycle."""
