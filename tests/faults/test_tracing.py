"""Who ran what on the real site, while containers, keepers and collectors die."""

import dataclasses
import os
import re
import signal
import time
from collections.abc import Iterator

import pytest

from shepherd.core.trace.lines import segment_of
from shepherd.lab.node import Node
from shepherd.lab.pools import SHEPHERD_CONFIG
from shepherd.model.trace import EndSeen, JobBegun, JobEnded, Segment, StayBegun
from tests.faults.scene import Scene

pytestmark = [pytest.mark.real, pytest.mark.large("tracing", sample=1)]

SPOOL = "/var/lib/shepherd-node/spool"
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
EARLY_S, LATE_S = 5.0, 5.0
"""Between activation and the job's first word HTCondor fetches the job's files; after its last it brings them back."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Truth:
    """What a job wrote down itself."""

    job: str
    began_s: float
    slot: str
    uid: int
    flock_name: str
    ended_s: float | None


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


def segments(host: Node) -> list[Segment]:
    """All that lies in a host's spool; what is open, too."""
    names = host.must(("ls", SPOOL)).split()
    numbers = sorted(int(name.partition(".")[2]) for name in names if name.startswith("segment."))
    return [segment_of(host.read(f"{SPOOL}/segment.{number}")) for number in numbers]


def compared(scene: Scene, found: list[Truth]) -> list[str]:
    """What of the truth is missing or wrong in the record."""
    records = [record for host in scene.site.hosts for one in segments(host) for record in one.records]
    begun = [record for record in records if isinstance(record, JobBegun)]
    ended = {(one.host, one.container, one.slot, one.begun): one for one in records if isinstance(one, JobEnded)}
    wrong = []
    for truth in found:
        host = "p" + truth.flock_name[1:]
        same = [one for one in begun if f"#{truth.job}#" in one.job and (one.host, one.slot) == (host, truth.slot)]
        first = next((one for one in same if -0.2 <= truth.began_s - one.at_s <= EARLY_S), None)
        if first is None:
            wrong.append(f"{truth}: no beginning; of this job there are {same}")
            continue
        last = ended.get((first.host, first.container, first.slot, first.begun))
        if (first.uid, first.user.partition("@")[0]) != (truth.uid, "alice"):
            wrong.append(f"{truth}: told as {first}")
        elif last is None:
            wrong.append(f"{truth}: its end is missing")
        elif truth.ended_s is not None and not -1.1 <= last.at_s - truth.ended_s <= LATE_S:
            wrong.append(f"{truth}: ended as {last}")
    return wrong


def done(scene: Scene, cluster: int) -> bool:
    return not scene.site.queue(scene.site.campus, f"ClusterId == {cluster}")


@pytest.mark.limit(280)
def test_jobs_of_a_second_are_all_on_record_with_slot_account_and_user(scene: Scene) -> None:
    """Between two looks at slot ads a job came, attacked somebody, and was gone."""
    scene.lend()
    cluster = submit(scene, 24)
    scene.eventually(lambda: done(scene, cluster), 120, "all jobs are done")
    time.sleep(5)
    found = list(truths(scene, cluster, 24))
    assert len(found) == 24
    assert all(truth.ended_s for truth in found)
    assert compared(scene, found) == []
    records = [record for host in scene.site.hosts for one in segments(host) for record in one.records]
    ends = [one for one in records if isinstance(one, JobEnded) and one.how is EndSeen.SEEN]
    assert len([one for one in ends if one.exit_code == 0]) >= 24
    peers = {one.peer for one in records if isinstance(one, JobBegun)}
    assert peers
    assert "" not in peers
    stays = [one for one in records if isinstance(one, StayBegun) and one.herd == "flock"]
    assert all(one.address and one.mac and one.image.startswith("sha256:") for one in stays)


@pytest.mark.limit(290)
@pytest.mark.parametrize("victim", ["flock-init", "condor_startd", "keeper", "collector"])
def test_no_job_is_missing_when_something_dies_under_it(scene: Scene, victim: str) -> None:
    """The container's own logs were gone with it, and with them the only trace of the job that it was killed for."""
    scene.lend()
    cluster = submit(scene, 30, seconds=2)
    host = scene.site.host("p201")
    for _ in range(2):
        time.sleep(6)
        match victim:
            case "keeper":
                host.kill("keeper", signal.SIGKILL)
            case "collector":
                for pid in scene.site.cm.pids("condor_collector"):
                    os.kill(pid, signal.SIGKILL)
            case _:
                for pid in host.pids(victim, containers=True)[:1]:
                    os.kill(pid, signal.SIGKILL)
    time.sleep(20)
    scene.site.campus.run(("condor_rm", str(cluster)))
    scene.flockoff("look at the record")
    scene.eventually(lambda: scene.is_home("p201") and scene.is_home("p202"), 120, "all hosts are at home")
    time.sleep(5)
    found = list(truths(scene, cluster, 30))
    assert len(found) >= 4
    assert compared(scene, found) == []


@pytest.mark.limit(200)
def test_the_shepherd_fetches_segments_and_nobody_else_can(scene: Scene) -> None:
    """What hosts record of guests' users is for the shepherd; a user of the pool asked a master for it, and got it."""
    scene.lend()
    host = scene.site.host("p201")
    scene.eventually(lambda: len(segments(host)) > 0, 60, "something is sealed")
    number = segments(host)[-1].number
    name = '" || Machine == "p201" && "" != "@'
    argv = ("condor_fetchlog", "-master", name, f"SHEPHERD_SPOOL.{number}")
    config = {"CONDOR_CONFIG": SHEPHERD_CONFIG}
    said = scene.site.cm.run(argv, user="shepherd", env=config)
    assert segment_of(said.stdout) == segments(host)[-1], said.stderr
    gone = scene.site.cm.run((*argv[:-1], "SHEPHERD_SPOOL.1"), user="shepherd", env=config)
    assert "unable to access" in gone.stderr
    for node, user in ((scene.site.cm, "carol"), (scene.site.campus, "alice")):
        refused = node.run(argv, user=user)
        assert "Segment" not in refused.stdout
        assert refused.returncode != 0
