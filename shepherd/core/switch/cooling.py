"""How long a host is left alone after a lend that went wrong."""

import dataclasses

from shepherd.core.policy.obstacle import MAX_COOLING
from shepherd.model.orders import HostMemory, SwitchRecord


def remembered(old: HostMemory, ended: SwitchRecord, now: float, cooling_s: float) -> HostMemory:
    """A failed lend lengthens the host's cooling; a good one ends it."""
    if not ended.failed:
        return HostMemory()
    times = min(2**old.failures, MAX_COOLING)
    return dataclasses.replace(
        old, failures=old.failures + 1, not_before_s=now + cooling_s * times, last_problem=ended.why
    )
