"""The policy of the original talk.

If idle queue < 600 and not all hosts are flocking: lend x.
Elif idle queue > 600 and there is active flocking: reclaim y.
"""

from shepherd.model.settings import PolicySettings
from shepherd.model.view import PoolView, Want


def want(view: PoolView, settings: PolicySettings) -> Want:
    """How many hosts the threshold rule would move. Exactly at the threshold nothing moves."""
    if view.idle_jobs is None:
        return Want(why="the local queue is not known")
    jobs = f"{view.idle_jobs} idle local jobs"
    if view.idle_jobs > settings.idle_jobs_threshold:
        out = sum(1 for host in view.hosts.values() if host.is_out)
        count = min(out, settings.reclaim_per_cycle) if settings.reclaim_per_cycle else out
        return Want(reclaim=count, why=f"{jobs}, above {settings.idle_jobs_threshold}")
    if view.idle_jobs < settings.idle_jobs_threshold:
        return Want(lend=settings.lend_per_cycle, why=f"{jobs}, below {settings.idle_jobs_threshold}")
    return Want(why=f"{jobs}, exactly the threshold")
