"""How long the switches of recorded days took."""

import statistics
from collections.abc import Iterable

from shepherd.model.entry import Entry, EntryKind
from shepherd.model.orders import HOMEWARD, Stage
from shepherd.model.replay import SwitchTimes

ENOUGH = 3
"""Fewer say little about all."""


def switch_times(entries: Iterable[Entry]) -> SwitchTimes:
    """The medians of what is on record, of each kind if there are enough; else what was measured elsewhere."""
    granted: dict[str, float] = {}
    revoked: dict[str, float] = {}
    lends: list[float] = []
    homes: list[float] = []
    homeward = {stage.value for stage in HOMEWARD}
    for entry in entries:
        if entry.kind is not EntryKind.SWITCH:
            continue
        lease, stage = entry.cause, str(entry.body.get("stage"))
        if stage == Stage.GRANTED.value:
            granted[lease] = entry.at_s
        elif stage == Stage.LENT.value and lease in granted:
            lends.append(entry.at_s - granted.pop(lease))
        elif stage in homeward:
            revoked.setdefault(lease, entry.at_s)
        elif not entry.body and lease in revoked:
            homes.append(entry.at_s - revoked.pop(lease))
    usual = SwitchTimes()
    return SwitchTimes(
        lend_s=statistics.median(lends) if len(lends) >= ENOUGH else usual.lend_s,
        home_s=statistics.median(homes) if len(homes) >= ENOUGH else usual.home_s,
        lends=len(lends) if len(lends) >= ENOUGH else 0,
        homecomings=len(homes) if len(homes) >= ENOUGH else 0,
    )
