"""What keeps a local host from being lent besides its own jobs."""

from shepherd.core.maintenance import Hours, sentence
from shepherd.core.naming import is_excluded
from shepherd.core.stop.bans import why_not_lent
from shepherd.core.switch import belief
from shepherd.model.observation import HostFacts, KeeperPhase
from shepherd.model.orders import HostMemory
from shepherd.model.settings import Settings
from shepherd.model.view import NO_BARS, Bar, Bars, Obstacle

EXCLUDED = "excluded by hosts.exclude"
MAX_COOLING = 16
"""Cooling is doubled with each failure up to so many times. One that reaches further was written under a
clock that was ahead, and counts for nothing."""


def obstacle_of(
    facts: HostFacts,
    memory: HostMemory,
    settings: Settings,
    now: float,
    bars: Bars = NO_BARS,
    hours: Hours | None = None,
) -> Obstacle | None:
    """The first there is, those that only a person ends before the others; None if the host could be lent. `hours`:
    of maintenance, that are on or near."""
    if why := bars.why.get(facts.pair.host):
        return Obstacle(bar=Bar.PERSON, why=why)
    if is_excluded(facts.pair.host, settings.hosts):
        return Obstacle(bar=Bar.SETTINGS, why=EXCLUDED)
    if why := why_not_lent(bars.bans, facts.pair.host, settings.flock.image):
        return Obstacle(bar=Bar.PERSON, why=why)
    if facts.regular is not None and facts.regular.gpus and not settings.policy.lend_gpus:
        return Obstacle(bar=Bar.SETTINGS, why="it has GPUs, whose memory cannot be shown to be scrubbed")
    if hours is not None:
        return Obstacle(bar=Bar.MAINTENANCE, why=sentence(hours), until_s=hours.end_s)
    if now < memory.not_before_s <= now + settings.policy.cooling_s * MAX_COOLING:
        why = f"cooling after a failed lend: {memory.last_problem}"
        return Obstacle(bar=Bar.COOLING, why=why, until_s=memory.not_before_s)
    why = _keeper_blocks(facts, settings, now)
    return Obstacle(bar=Bar.KEEPER, why=why) if why else None


def _keeper_blocks(facts: HostFacts, settings: Settings, now: float) -> str:
    keeper = belief.fresh_keeper(facts, now, settings.timers)
    if keeper is None:
        return "its keeper is not heard"
    if keeper.phase is KeeperPhase.FAILED:
        return f"its keeper cannot: {keeper.problem}"
    if keeper.phase is not KeeperPhase.IDLE:
        return f"its keeper is {keeper.phase.value}"
    if keeper.problem:
        return f"its keeper says: {keeper.problem}"
    return ""
