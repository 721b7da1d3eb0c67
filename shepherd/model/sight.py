"""What the loop knows after a look, handed over to whoever measures it. Nothing in here changes any more."""

import dataclasses
from collections.abc import Mapping

from shepherd.model.flockoff import FlockOff
from shepherd.model.host import HostName
from shepherd.model.observation import Snapshot
from shepherd.model.orders import HostMemory, SwitchRecord, Verdict
from shepherd.model.roster import Known
from shepherd.model.settings import Settings
from shepherd.model.traced import Traced
from shepherd.model.view import Bars


@dataclasses.dataclass(frozen=True, kw_only=True)
class Troubles:
    """What is wrong with the daemon's own doings."""

    problems: int
    """That `shepherd -s` names."""
    gap_from_s: float | None
    """Since when nothing can be recorded, epoch seconds."""
    icinga_up: bool | None
    """None: no monitoring is used."""
    silences_owed: int
    awaited: Mapping[HostName, float]
    """Hosts whose container is gone and whose startd is not back, and since when."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sight:
    """After a look. Epoch seconds."""

    at_s: float
    took_s: float
    is_cycle: bool
    cycle_at_s: float
    """When the last cycle was in which hosts could be lent; 0: never."""
    snapshot: Snapshot
    switches: Mapping[HostName, SwitchRecord]
    memories: Mapping[HostName, HostMemory]
    bars: Bars
    quarantines: int
    unheard: Mapping[HostName, Known]
    """Hosts of the pool that the home collector has forgotten."""
    flockoff: FlockOff | None
    verdict: Verdict | None
    is_alone: bool
    pages_at_s: float
    """When lease pages were published last; 0: not yet."""
    traced: Traced
    troubles: Troubles
    settings: Settings
