"""What the next cycle would do. It is given nothing to act with, so it cannot change anything."""

import dataclasses
from collections.abc import Mapping

from shepherd.core.policy.decide import decide
from shepherd.core.records import past_from
from shepherd.model.flockoff import FlockOff
from shepherd.model.host import HostName
from shepherd.model.observation import Snapshot
from shepherd.model.orders import HostMemory, Stage, SwitchRecord, Verdict
from shepherd.model.past import NOTHING_PAST, Past
from shepherd.model.settings import Settings
from shepherd.model.view import NO_BARS, Bars
from shepherd.ports import Clock, Pool
from shepherd.programs.observe import Observer


@dataclasses.dataclass(frozen=True, kw_only=True)
class Foresight:
    """The verdict of a cycle held now, and what it was made from."""

    snapshot: Snapshot
    verdict: Verdict


def foresee(
    pool: Pool,
    clock: Clock,
    settings: Settings,
    switches: Mapping[HostName, SwitchRecord],
    memories: Mapping[HostName, HostMemory],
    flockoff: FlockOff | None,
    bars: Bars = NO_BARS,
    past: Past = NOTHING_PAST,
) -> Foresight:
    """Observe and decide as the daemon's next cycle would. `switches` and `memories` come from the ledger."""
    lent = sum(1 for record in switches.values() if record.stage is Stage.LENT)
    snapshot = Observer(pool, clock, settings).full(lent)
    now = clock.wall_s()
    verdict = decide(snapshot, switches, memories, flockoff, settings, now, is_cycle=True, bars=bars, past=past)
    return Foresight(snapshot=snapshot, verdict=verdict)


def remembered(body: Mapping[str, object]) -> Past:
    """What the daemon's policy remembers; nothing if it wrote that otherwise than we read."""
    try:
        return past_from(body)
    except ValueError:
        return NOTHING_PAST
