"""The drill's jobs at the foreign pools: submitted, waited for, and what they and their schedds wrote down."""

import contextlib
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shepherd.errors import Unavailable
from shepherd.lab.drill.place import FOLDER, POOLS, Place
from shepherd.lab.drill.plans import JobPlan
from shepherd.lab.drill.truth import Line, Run, lines_of
from shepherd.lab.eventually import eventually
from shepherd.lab.node import Node

SUBMIT = """\
executable = /usr/bin/python3
transfer_executable = False
arguments = "-IS job.py $(ClusterId).$(ProcId) $(plan)"
initialdir = {home}
transfer_input_files = job.py
should_transfer_files = YES
when_to_transfer_output = ON_EXIT
output = $(ClusterId).$(ProcId).out
error = $(ClusterId).$(ProcId).err
job_lease_duration = 30
request_cpus = 1
request_memory = 64
request_disk = 20480
queue plan from (
{plans}
)
"""
SHADOW_LOG = "/var/log/condor/ShadowLog"
STARTED = re.compile(
    r"^(\S+ \S+) \((\d+)\.(\d+)\) \(\d+\): Request to run on (\S+)@(\S+) .* was ACCEPTED$", re.MULTILINE
)
"""There: when, cluster, process, slot and startd. A job's own log tells a start only when its program begins."""
LOGS_FORM = "%m/%d/%y %H:%M:%S"


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """All users' jobs."""

    place: Place

    def prepare(self) -> None:
        """Each user has a directory with the job's program."""
        for node, user in self._users():
            home = home_of(user)
            copy = f"install -d -o {user} -g {user} {home} && install -m 644 -o {user} {FOLDER}/job.py {home}/"
            node.must(("sh", "-c", copy))

    def submit(self, plans: Sequence[JobPlan]) -> None:
        """Those, one cluster for each user."""
        by_user = defaultdict[tuple[str, str], list[str]](list)
        for plan in plans:
            by_user[plan.pool, plan.user].append(plan.words)
        for (pool, user), words in by_user.items():
            text = SUBMIT.format(home=home_of(user), plans="\n".join(words))
            self.place.site.submit(self.place.site.nodes[pool], user, text)

    def left(self) -> int:
        """Jobs that are not done."""
        return sum(len(self.place.site.queue(self.place.site.nodes[pool.name])) for pool in POOLS)

    def wait(self, within_s: float) -> int:
        """Until all are done; those that are not then are removed. How many were."""
        with contextlib.suppress(Unavailable):
            eventually(lambda: not self.left(), within_s, 1.0, what="all jobs are done")
        left = self.left()
        for pool in POOLS:
            self.place.site.nodes[pool.name].run(("condor_rm", "-all"))
        return left

    def told(self) -> list[Line]:
        """Everything that came back with the jobs."""
        texts = (node.must(("sh", "-c", f"cat {home_of(user)}/*.out 2>&1 || true")) for node, user in self._users())
        return [line for text in texts for line in lines_of(text)]

    def started(self) -> Iterator[Run]:
        """Every start that a shadow knows of. What of it ran is not known there."""
        hosts = {names.flocking: names.regular for names in self.place.site.names}
        for pool in POOLS:
            node = self.place.site.nodes[pool.name]
            ads = self._ads(node)
            text = node.must(("sh", "-c", f"cat {SHADOW_LOG}.old {SHADOW_LOG} 2>/dev/null || true"))
            for at, cluster, process, slot, startd in STARTED.findall(text):
                ad, at_s = ads[int(cluster), int(process)], seconds(at)
                yield Run(
                    run=f"{pool.name}-{cluster}.{process}-{at_s:.0f}-{startd}", job=str(ad["GlobalJobId"]),
                    user=str(ad["User"]), pool=pool.name, host=hosts.get(startd.partition(".")[0], startd),
                    slot=slot, uid=-1, begun_s=at_s, last_s=at_s, ended_s=at_s, was_heard=False,
                )  # fmt: skip

    def _ads(self, node: Node) -> Mapping[tuple[int, int], Mapping[str, object]]:
        ads = [*self.place.site.queue(node), *self.place.site.history(node)]
        return {(int(ad["ClusterId"]), int(ad["ProcId"])): ad for ad in ads}

    def _users(self) -> Iterator[tuple[Node, str]]:
        return ((self.place.site.nodes[pool.name], user) for pool in POOLS for user in pool.users)


def home_of(user: str) -> str:
    """Where a user's jobs begin and what they say comes back to."""
    return f"/home/{user}/drill"


def seconds(text: str) -> float:
    """A time in HTCondor's logs. The lab's nodes are in UTC."""
    return datetime.strptime(text, LOGS_FORM).replace(tzinfo=UTC).timestamp()


def pause_until(at_s: float) -> None:
    """Sleep until a time of the steady clock."""
    time.sleep(max(0.0, at_s - time.monotonic()))
