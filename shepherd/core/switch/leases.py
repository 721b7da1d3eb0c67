"""The leases that follow from what the shepherd remembers and sees. Pages are made from these alone."""

from collections.abc import Iterable, Mapping
from typing import assert_never

from shepherd.core.lease.encode import is_readable
from shepherd.core.switch import belief
from shepherd.model.host import HostName, LeaseId
from shepherd.model.lease import Lease, LeasePhase
from shepherd.model.observation import HostFacts, KeeperReport
from shepherd.model.orders import Stage, SwitchRecord
from shepherd.model.settings import TimerSettings


def leases_of(
    switches: Mapping[HostName, SwitchRecord], hosts: Mapping[HostName, HostFacts], timers: TimerSettings
) -> tuple[Lease, ...]:
    """One lease for every switch, and a revocation for every container under a lease nobody remembers.

    The second mends what a lost ledger or a forgotten lend leaves behind: such a host goes home at once
    instead of waiting for the lapse. A lease that no keeper could read (made of what a stranger advertised) is left
    out, so that it costs the others nothing; its own host comes home when it is overdue.
    """
    known = [_lease(record, timers) for record in switches.values()]
    every = sorted([*known, *_orphans(switches, hosts.values(), timers)], key=lambda lease: lease.host)
    return tuple(lease for lease in every if is_readable(lease))


def phase_of(stage: Stage) -> LeasePhase:
    """How far the lease of a switch in this stage reaches."""
    match stage:
        case Stage.GRANTED | Stage.DRAIN_ORDERED:
            return LeasePhase.ARM
        case Stage.GO_GIVEN | Stage.RESTART_ORDERED | Stage.LENT:
            return LeasePhase.GO
        case Stage.REVOKED | Stage.OFF_ORDERED | Stage.FAST_ORDERED:
            return LeasePhase.REVOKED
    assert_never(stage)


def _lease(record: SwitchRecord, timers: TimerSettings) -> Lease:
    return Lease(
        host=record.host,
        nonce=record.nonce,
        lease=record.lease,
        phase=phase_of(record.stage),
        image=record.image,
        lease_s=timers.lease_s,
        ladder=timers.ladder(),
        why=record.why,
    )


def _orphans(
    switches: Mapping[HostName, SwitchRecord], hosts: Iterable[HostFacts], timers: TimerSettings
) -> Iterable[Lease]:
    for facts in hosts:
        keeper, record = facts.keeper, switches.get(facts.pair.host)
        if keeper is None or keeper.lease is None or keeper.phase in belief.AT_HOME:
            continue
        if record is None:
            yield _revocation(facts.pair.host, keeper, keeper.lease, timers)


def _revocation(host: HostName, keeper: KeeperReport, lease: LeaseId, timers: TimerSettings) -> Lease:
    return Lease(
        host=host,
        nonce=keeper.nonce,
        lease=lease,
        phase=LeasePhase.REVOKED,
        image=keeper.image or "unknown",
        lease_s=timers.lease_s,
        ladder=timers.ladder(),
        why="nobody remembers this lend",
    )
