"""Which idle jobs count as demand: not those that hosts they fit have passed over, and by when they are due.

HTCondor's negotiator knows requirements, limits and priorities; the shepherd looks at what comes of them. A host that
stood free for `stuck_s`, fits a shape, and was not taken although jobs of that shape waited all the while, cannot
serve so many of them, and neither can others of its kind. When one of these jobs is taken after all, another one is
tried, then two, then four.
"""

import dataclasses
from collections.abc import Iterable, Mapping

from shepherd.core.demand.fewest import after, level
from shepherd.core.demand.fit import times
from shepherd.model.demand import DemandGroup, Resources
from shepherd.model.past import Fewest, Waiting

FORGET_S = 86400.0
"""What was not seen again for a day is tried again."""
PROVEN_S = 3600.0
"""A proof that is seen again at every look is noted as seen again so often: each note goes on record."""
AT_ONCE = Fewest(from_s=0.0, now=0)
"""Of jobs that may not wait at all."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """Jobs of one shape that want a host."""

    asks: Resources
    jobs: int
    passed: frozenset[Resources] = frozenset()
    """Kinds of hosts that do not take them."""


def requests(
    groups: Iterable[DemandGroup],
    known: Mapping[Resources, Waiting],
    due: Mapping[Resources, Waiting] | None = None,
) -> list[Request]:
    """What is to be served, as far as was `known` before this look: what is learnt now counts from the next one on.
    With `due` only jobs that have waited for their time. Of those in store as many more as are there."""
    found = []
    for group in groups:
        jobs = group.jobs if due is None else level(due[group.asks].due)
        before = known.get(group.asks)
        stuck = min(jobs, before.stuck) if before else 0
        if more := jobs - stuck:
            found.append(Request(asks=group.asks, jobs=more + min(group.soon, more)))
        if stuck and before:
            found.append(Request(asks=group.asks, jobs=stuck, passed=frozenset(before.passed)))
    return found


def looked(
    groups: Iterable[DemandGroup],
    known: Mapping[Resources, Waiting],
    long_free: Mapping[Resources, Resources],
    now: float,
    *,
    stuck_s: float,
    patience_s: float,
) -> dict[Resources, Waiting]:
    """What is known after this look. `long_free`: kinds of hosts that stood free for `stuck_s`, and what the roomiest
    of each has."""
    found = {}
    for group in groups:
        old = known.get(group.asks)
        jobs = group.jobs
        waiting = Waiting(
            asks=group.asks,
            jobs=jobs,
            fewest=after(old.fewest if old else None, jobs, now, stuck_s),
            due=after(old.due if old else None, jobs, now, patience_s) if patience_s > 0 else AT_ONCE,
        )
        if old is not None:
            waiting = _disbelieved(waiting, old, now)
        found[group.asks] = _learnt(waiting, long_free, now)
    return found


def _disbelieved(waiting: Waiting, old: Waiting, now: float) -> Waiting:
    """What was believed before, as far as this look does not speak against it: as many again as were taken are tried,
    and when these are gone, too, twice as many."""
    stuck, trial = old.stuck, old.trial
    if waiting.jobs < stuck or (trial and waiting.jobs == stuck):
        trial = stuck - waiting.jobs + (2 * trial if waiting.jobs == stuck else trial)
        stuck = waiting.jobs - trial
    if stuck <= 0 or not 0 <= now - old.proven_s <= FORGET_S:
        return waiting
    return dataclasses.replace(waiting, stuck=stuck, trial=trial, passed=old.passed, proven_s=old.proven_s)


def _learnt(waiting: Waiting, long_free: Mapping[Resources, Resources], now: float) -> Waiting:
    """Kinds that passed these jobs over until now are added."""
    all_the_while = level(waiting.fewest)
    kinds = {kind for kind, has in long_free.items() if times(waiting.asks, has) > 0} if all_the_while else set()
    if not kinds:
        return waiting
    stuck = all_the_while if kinds >= set(waiting.passed) else min(waiting.stuck, all_the_while)
    passed = tuple(sorted(kinds.union(waiting.passed)))
    is_known = (waiting.stuck, waiting.passed) == (stuck, passed) and now - waiting.proven_s < PROVEN_S
    proven_s = waiting.proven_s if is_known else now
    return dataclasses.replace(waiting, stuck=stuck, trial=0, passed=passed, proven_s=proven_s)
