"""What may be believed about one host now."""

from shepherd.model.host import LeaseId
from shepherd.model.lease import drain_reason, drained_for
from shepherd.model.observation import (
    HostFacts,
    KeeperPhase,
    KeeperReport,
    RegularMaster,
    RegularStartd,
)
from shepherd.model.settings import TimerSettings

OFF_BELIEVED_S = 15.0
"""A startd that is off for longer was turned off by somebody: thrice the restart back-off of our drop-in."""

AT_HOME = frozenset({KeeperPhase.IDLE, KeeperPhase.FAILED})
"""Keeper phases without a container."""


def is_ours(regular: RegularStartd) -> bool:
    """Whether the startd is drained, or draining, by a shepherd."""
    return regular.draining and drained_for(regular.drain_reason) is not None


def is_drained_for(regular: RegularStartd, lease: LeaseId) -> bool:
    """Whether the startd is drained, or draining, for exactly this lend."""
    return regular.draining and regular.drain_reason == drain_reason(lease)


def is_humans(regular: RegularStartd) -> bool:
    """Whether somebody else drains it: an administrator, condor_defrag, another tool."""
    return regular.draining and drained_for(regular.drain_reason) is None


def is_off(master: RegularMaster | None, now: float) -> bool:
    """Whether a human turned the startd off, as far as can be told: the back-off of a restart is over."""
    if master is None or not master.startd_off or master.off_since_s is None:
        return False
    return now - master.off_since_s > OFF_BELIEVED_S


def is_fresh(heard_at_s: float, now: float, timers: TimerSettings) -> bool:
    """Whether an ad heard then still tells about now (absence is not evidence)."""
    return now - heard_at_s <= timers.stale_factor * timers.ad_period_s


def fresh_regular(facts: HostFacts, now: float, timers: TimerSettings) -> RegularStartd | None:
    """The regular startd's ad if it can be believed."""
    regular = facts.regular
    return regular if regular and is_fresh(regular.heard_at_s, now, timers) else None


def fresh_keeper(facts: HostFacts, now: float, timers: TimerSettings) -> KeeperReport | None:
    """The keeper's ad if it can be believed. Its own report period equals an ad's."""
    keeper = facts.keeper
    return keeper if keeper and is_fresh(keeper.heard_at_s, now, timers) else None


def has_container(keeper: KeeperReport | None, lease: LeaseId) -> bool:
    """Whether the keeper says that this lend's container may still be there."""
    return keeper is not None and keeper.lease == lease and keeper.phase not in AT_HOME
