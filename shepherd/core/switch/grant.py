"""The first record of a lend, and what is remembered of a host after its last."""

import dataclasses

from shepherd.core.policy.obstacle import MAX_COOLING
from shepherd.model.host import LeaseId, Nonce
from shepherd.model.observation import HostFacts
from shepherd.model.orders import HostMemory, Order, Stage, SwitchRecord


def granted(order: Order, facts: HostFacts, lease: LeaseId, image: str, now: float) -> SwitchRecord | None:
    """The record of a lease that is granted now; None if the host is not seen well enough for one."""
    if facts.keeper is None:
        return None
    return granted_to(facts.keeper.nonce, order, facts, lease, image, now)


def granted_to(
    nonce: Nonce, order: Order, facts: HostFacts, lease: LeaseId, image: str, now: float
) -> SwitchRecord | None:
    """The same for a keeper that need not have been seen; None without a regular startd."""
    if facts.regular is None:
        return None
    return SwitchRecord(
        host=order.host,
        lease=lease,
        nonce=nonce,
        image=image,
        flock_name=facts.pair.flock_name,
        stage=Stage.GRANTED,
        granted_at_s=now,
        stage_at_s=now,
        why=order.why,
        cpus=facts.regular.cpus,
        gives=facts.regular.gives,
    )


def remembered(old: HostMemory, ended: SwitchRecord, now: float, cooling_s: float) -> HostMemory:
    """A failed lend lengthens the host's cooling; a good one ends it."""
    if not ended.failed:
        return HostMemory()
    times = min(2**old.failures, MAX_COOLING)
    return dataclasses.replace(
        old, failures=old.failures + 1, not_before_s=now + cooling_s * times, last_problem=ended.why
    )
