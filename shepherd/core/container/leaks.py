"""The leak check: from a container that no guest has entered yet, what must answer does, and what must not does not.

A silent target proves nothing unless it answers somebody: each is tried from the host as well, and the container must
reach its own pool, or nothing that it does not reach says anything.
"""

from collections.abc import Collection, Iterator

from shepherd.model.container import Profile
from shepherd.model.node_settings import NodeSettings
from shepherd.model.reach import NOTHING_WRONG, Attempt, Finding, Whence


def attempts(settings: NodeSettings) -> tuple[Attempt, ...]:
    """What is tried. The original's containers were not checked."""
    if settings.profile is Profile.TALK:
        return ()
    pool = settings.flock_collector
    own = [Attempt(whence=whence, target=pool) for whence in (Whence.PILOT, Whence.JOB)]
    others = [Attempt(whence=whence, target=target) for target in settings.leak_targets for whence in Whence]
    return (*own, *others)


def judge(settings: NodeSettings, reached: Collection[Attempt]) -> Finding:
    """What the answers mean; `reached` are those attempts that were answered."""
    if settings.profile is Profile.TALK:
        return NOTHING_WRONG
    if leaks := list(leaks_in(settings, reached)):
        return Finding(problem=f"leak: {'; '.join(leaks)}", leaks=True)
    pool = settings.flock_collector
    if Attempt(whence=Whence.PILOT, target=pool) not in reached:
        return Finding(problem=f"the container does not reach the flock pool at {pool}: is the gateway up?")
    if not any(attempt.whence is Whence.HOST for attempt in reached):
        names = ", ".join(settings.leak_targets)
        return Finding(problem=f"no leak target ({names}) answers this host, so nothing is proven; mend `leak_targets`")
    return NOTHING_WRONG


def leaks_in(settings: NodeSettings, reached: Collection[Attempt]) -> Iterator[str]:
    """What was reached that must not be, in words."""
    for attempt in attempts(settings):
        if attempt not in reached or attempt.whence is Whence.HOST:
            continue
        if attempt.target == settings.flock_collector and attempt.whence is Whence.PILOT:
            continue
        yield f"{attempt.whence.value} reached {attempt.target}"
