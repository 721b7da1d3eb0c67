"""What jobs wrote down of themselves, and what the record has of them. How long HTCondor takes on a busy machine says
nothing about the record: each job is compared with what else is known to have been in its slot, not with a stopwatch.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator

from shepherd.lab.spans import Span
from shepherd.model.trace import JobEnded
from shepherd.model.trace_rows import Job
from tests.faults.scene import Scene

TRUTH = """#!/bin/sh
echo "began $(date +%s.%N) $_CONDOR_SLOT $(id -u) $(hostname)"
sleep "$1"
echo "ended $(date +%s.%N)"
"""
SUBMIT = """initialdir = /home/alice
executable = /home/alice/truth.sh
arguments = {seconds}
should_transfer_files = YES
when_to_transfer_output = ON_EXIT
output = truth.$(Cluster).$(Process).out
stream_output = True
request_memory = 32
request_disk = 1024
queue {count}
"""
BEGAN = re.compile(r"began ([0-9.]+) (\S+) ([0-9]+) (\S+)")
TICK_S = 1.1
"""HTCondor tells ends in whole seconds."""
READ_S = 0.2
"""Clocks of one machine, read one after the other."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Truth:
    """What a job wrote down itself."""

    job: str
    began_s: float
    slot: str
    uid: int
    flock_name: str
    ended_s: float | None

    @property
    def host(self) -> str:
        """Whose container it was in."""
        return "p" + self.flock_name[1:]

    @property
    def last_s(self) -> float:
        """When it lived for certain, for the last time."""
        return self.began_s if self.ended_s is None else self.ended_s


def submit(scene: Scene, count: int, seconds: int = 1) -> int:
    """Jobs of alice that write down what they are; their cluster."""
    scene.site.campus.write("/home/alice/truth.sh", TRUTH, owner="alice", mode=0o755)
    return scene.site.submit(scene.site.campus, "alice", SUBMIT.format(seconds=seconds, count=count))


def truths(scene: Scene, cluster: int, count: int) -> Iterator[Truth]:
    """What they wrote."""
    for number in range(count):
        path = f"/home/alice/truth.{cluster}.{number}.out"
        text = scene.site.campus.run(("cat", path)).stdout
        if match := BEGAN.search(text):
            ended = re.search(r"ended ([0-9.]+)", text[match.end() :])
            yield Truth(
                job=f"{cluster}.{number}", began_s=float(match[1]), slot=match[2], uid=int(match[3]),
                flock_name=match[4].partition(".")[0], ended_s=float(ended[1]) if ended else None,
            )  # fmt: skip


def compared(found: list[Truth], record: Iterable[Job], within: Span) -> list[str]:
    """What of the truth is missing or wrong in the record. `within`: submitted, and all over."""
    runs = list(record)
    return [wrong for truth in found if (wrong := compared_one(truth, found, runs, within))]


def compared_one(truth: Truth, found: list[Truth], record: list[Job], within: Span) -> str:
    """What is wrong of one job, the essence first; empty: nothing."""
    of_job = [one for one in record if f"#{truth.job}#" in one.begun.job]
    here = [
        one for one in of_job
        if (one.begun.host, one.begun.slot) == (truth.host, truth.slot) and one.begun.at_s <= truth.began_s + READ_S
    ]  # fmt: skip
    if not here:
        return f"{truth.job} has no beginning: {truth}; of this job there are {of_job}"
    run = max(here, key=lambda one: one.begun.at_s)
    in_slot = [one for one in found if (one.host, one.slot) == (truth.host, truth.slot)]
    before_s = max((one.last_s for one in in_slot if one.began_s < truth.began_s), default=within.start_s)
    after_s = min((one.began_s for one in in_slot if one.began_s > truth.began_s), default=within.end_s)
    if run.begun.at_s < before_s - READ_S:
        return f"{truth.job} began before it could, at {before_s}: {truth} is told as {run}"
    if (run.begun.uid, run.begun.user.partition("@")[0]) != (truth.uid, "alice"):
        return f"{truth.job} is told as somebody else's: {truth}, {run}"
    return f"{said}: {truth} is told as {run}" if (said := wrong_end(truth, run.ended, after_s)) else ""


def wrong_end(truth: Truth, ended: JobEnded | None, after_s: float) -> str:
    """What is wrong of an end. One that was seen is its own; any other is when the job was missed, and that may be
    when its startd is back, which its master starts some time after a death."""
    if ended is None:
        return f"{truth.job} has no end"
    if ended.at_s < truth.last_s - TICK_S:
        return f"{truth.job} ended while it lived"
    if ended.at_s > after_s + TICK_S:
        return f"{truth.job} ended when its slot had another job, or all were over, at {after_s}"
    return ""
