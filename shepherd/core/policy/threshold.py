"""The policy of the original talk.

If idle queue < 600 and not all hosts are flocking: lend x.
Elif idle queue > 600 and there is active flocking: reclaim y.
"""

from shepherd.model.past import Past
from shepherd.model.settings import Settings
from shepherd.model.view import PoolView, Want


def want(view: PoolView, past: Past, settings: Settings) -> Want:
    """How many hosts the threshold rule would move. Exactly at the threshold nothing moves."""
    policy = settings.policy
    if view.idle_jobs is None:
        return Want(why="the local queue is not known", past=past)
    jobs = f"{view.idle_jobs} idle local jobs"
    if view.idle_jobs > policy.idle_jobs_threshold:
        out = sum(1 for host in view.hosts.values() if host.is_out)
        count = min(out, policy.reclaim_per_cycle) if policy.reclaim_per_cycle else out
        return Want(reclaim=count, why=f"{jobs}, above {policy.idle_jobs_threshold}", past=past)
    if view.idle_jobs < policy.idle_jobs_threshold:
        below = f"{jobs}, below {policy.idle_jobs_threshold}"
        return Want(lend=policy.lend_per_cycle, enough="enough hosts go out this cycle", why=below, past=past)
    return Want(why=f"{jobs}, exactly the threshold", past=past)
