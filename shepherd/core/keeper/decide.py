"""The keeper's next act on its one lend. Level-triggered: it looks at what is so, never at what was tried."""

import dataclasses

from shepherd.core.keeper.lend import Leaving, Lend, Record
from shepherd.core.lease.judge import Instant
from shepherd.core.lease.memory import Held
from shepherd.model.host import LeaseId
from shepherd.model.lease import LeasePhase
from shepherd.model.observation import KeeperPhase, LockHolder

MARGIN_S = 1.0
"""PID 1 climbs the same ladder; the keeper's kill comes this much after the end of it."""
WAITER_S = 2.0
"""For a PID 1 that was never told `go` to end: it has nothing to end but itself."""
ABANDONED = "the regular startd neither holds the host lock nor waits for it: HTCondor is off, or has no guard"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything the next act depends on."""

    now: Instant
    record: Record
    held: Held | None
    """The lease that stands now."""
    revoked: str
    """Why the newest page says leave; empty if it does not."""
    busy: bool
    """A request to dockerd is under way."""
    refused: str
    """Why dockerd, or the checks before it, would not start the container; empty if they did."""
    alive: bool
    """PID 1 of the container lives."""
    others: bool
    """Other processes of the container live."""
    lock: LockHolder
    drained_s: float
    """Seconds for which our own startd has been Drained by the shepherd's mark; 0 if it is not."""
    drained_too_long_s: float
    abandoned: bool
    """For too long the regular startd neither ran nor waited for the host."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rest:
    """Nothing but waiting; the control file says nothing or stays as it is."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Begin:
    """Check, then create and start the container."""

    held: Held


@dataclasses.dataclass(frozen=True, kw_only=True)
class Allow:
    """Let the control file say what the lease says."""

    held: Held


@dataclasses.dataclass(frozen=True, kw_only=True)
class Depart:
    """Remember that the lend is over, then tell PID 1."""

    leaving: Leaving


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kill:
    """SIGKILL to PID 1 and everything in the container's cgroup, without dockerd."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bury:
    """Nothing lives: let dockerd remove the container, then forget the lend."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Unstick:
    """End our own startd, which is drained and forgotten; its master starts it anew."""


Act = Rest | Begin | Allow | Depart | Kill | Bury | Unstick


def next_act(seen: Situation) -> Act:
    """What to do now. Repeating it does no harm."""
    lend = seen.record.lend
    if lend is None:
        return _at_home(seen)
    if lend.leaving is None:
        return _lent(seen, lend)
    return _leaving(seen, lend, lend.leaving)


def phase_of(seen: Situation, problem: str) -> KeeperPhase:
    """The word for it in the keeper's ad. `problem` keeps a host without a container from being lent."""
    lend = seen.record.lend
    if lend is None:
        return KeeperPhase.FAILED if problem else KeeperPhase.IDLE
    if lend.leaving is not None:
        buried = not (seen.alive or seen.others)
        return KeeperPhase.FAILED if buried and problem else KeeperPhase.LEAVING
    if lend.container is None:
        return KeeperPhase.PREPARING
    if seen.lock is not LockHolder.FLOCK:
        return KeeperPhase.ARMED
    return KeeperPhase.FLOCKING if lend.went else KeeperPhase.HOLDING


def why_not_begin(seen: Situation) -> str:
    """Why a lease that stands starts nothing; empty if it does, or if there is none."""
    held = seen.held
    if held is None or seen.record.lend is not None:
        return ""
    if seen.abandoned:
        return ABANDONED
    if held.lease.lease in seen.record.used:
        return f"lease {held.lease.lease} had its container"
    if held.lease.phase is not LeasePhase.ARM:
        return f"lease {held.lease.lease} says {held.lease.phase.value}, but nothing was armed for it"
    return ""


def _at_home(seen: Situation) -> Act:
    if _stuck(seen):
        return Unstick()
    if seen.held is None or seen.busy or why_not_begin(seen) or seen.lock is LockHolder.NOBODY:
        return Rest()  # a startd without the guard would not wait for the container
    return Begin(held=seen.held)


def _stuck(seen: Situation) -> bool:
    return seen.lock is LockHolder.REGULAR and seen.drained_s > seen.drained_too_long_s


def _lent(seen: Situation, lend: Lend) -> Act:
    held = seen.held
    if seen.refused:
        return _depart(seen, seen.refused, failed=True)
    if held is None or held.lease.lease != lend.lease.lease:
        return _depart(seen, _why_ended(seen, lend.lease.lease))
    if lend.container is None:
        return Rest() if seen.busy else _depart(seen, "the keeper was restarted while dockerd was asked", failed=True)
    if not seen.alive:
        return _depart(seen, "the container ended by itself", failed=not lend.went)
    if seen.abandoned:
        return _depart(seen, ABANDONED)
    if _stuck(seen):
        gone = held.lease.phase is LeasePhase.GO
        return Unstick() if gone else _depart(seen, "our startd was drained, but no go came", failed=True)
    return Allow(held=held)


def _why_ended(seen: Situation, lease: LeaseId) -> str:
    if seen.revoked:
        return f"revoked: {seen.revoked}"
    if seen.held is not None:
        return f"another lease took its place: {seen.held.lease.lease}"
    return f"the lease {lease} has lapsed"


def _depart(seen: Situation, why: str, *, failed: bool = False) -> Depart:
    return Depart(leaving=Leaving(since_s=seen.now.boottime_s, why=why, failed=failed))


def _leaving(seen: Situation, lend: Lend, leaving: Leaving) -> Act:
    if seen.alive or seen.others:
        patience_s = lend.lease.ladder.graceful_s + lend.lease.ladder.fast_s + MARGIN_S if lend.went else WAITER_S
        if not seen.alive or seen.now.boottime_s - leaving.since_s >= patience_s:
            return Kill()
        return Rest()
    if _stuck(seen):
        return Unstick()
    return Rest() if seen.busy else Bury()
