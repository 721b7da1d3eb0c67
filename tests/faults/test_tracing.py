"""Who ran what on the real site, while containers, keepers and collectors die."""

import os
import signal
import time

import pytest

from shepherd.core.trace.lines import segment_of
from shepherd.lab.node import Node
from shepherd.lab.pools import SHEPHERD_CONFIG
from shepherd.lab.spans import Span
from shepherd.model.trace import EndSeen
from tests.faults.on_record import on_record, wrong_at_last
from tests.faults.scene import Scene
from tests.faults.told_jobs import compared, submit, truths

pytestmark = [pytest.mark.real, pytest.mark.large("tracing", sample=1)]

SPOOL = "/var/lib/shepherd-node/spool"
SLOTS = 4
REAPED_S = 15.0
"""A startd may hear of a starter's end so long after the schedd has heard of its job's, on a busy machine."""


def sealed(host: Node) -> list[int]:
    """Numbers of the segments that wait in a host's spool, in order."""
    names = host.must(("ls", SPOOL)).split()
    return sorted(int(name.partition(".")[2]) for name in names if name.startswith("segment."))


def done(scene: Scene, cluster: int) -> bool:
    return not scene.site.queue(scene.site.campus, f"ClusterId == {cluster}")


@pytest.mark.limit(280)
def test_jobs_of_a_second_are_all_on_record_with_slot_account_and_user(scene: Scene) -> None:
    """Between two looks at slot ads a job came, attacked somebody, and was gone."""
    scene.lend()
    submitted_s = time.time()
    cluster = submit(scene, 24)
    scene.eventually(lambda: done(scene, cluster), 120, "all jobs are done")
    within = Span(start_s=submitted_s, end_s=time.time() + REAPED_S)
    found = list(truths(scene, cluster, 24))
    assert len(found) == 24
    assert all(truth.ended_s for truth in found)
    assert wrong_at_last(scene, lambda record: compared(found, record.jobs, within)) == []
    record = on_record(scene)
    ends = [one.ended for one in record.jobs if one.ended and one.ended.how is EndSeen.SEEN]
    assert len([one for one in ends if one.exit_code == 0]) >= 24
    assert all(one.begun.peer for one in record.jobs)
    assert {one.begun.cpus for one in record.jobs} == {1}
    stays = [one for one in record.stays if one.herd == "flock"]
    assert len(stays) >= len(scene.site.hosts)
    assert all(one.address and one.mac and one.image.startswith("sha256:") for one in stays)


@pytest.mark.limit(290)
@pytest.mark.parametrize("victim", ["flock-init", "condor_startd", "keeper", "collector"])
def test_no_job_is_missing_when_something_dies_under_it(scene: Scene, victim: str) -> None:
    """The container's own logs were gone with it, and with them the only trace of the job that it was killed for."""
    scene.lend()
    submitted_s = time.time()
    cluster = submit(scene, 30, seconds=2)
    host = scene.site.host("p201")
    scene.eventually(lambda: len(list(truths(scene, cluster, 30))) >= SLOTS, 60, "jobs run in all slots")
    for _ in range(2):
        match victim:
            case "keeper":
                host.kill("keeper", signal.SIGKILL)
            case "collector":
                for pid in scene.site.cm.pids("condor_collector"):
                    os.kill(pid, signal.SIGKILL)
            case _:
                for pid in host.pids(victim, containers=True)[:1]:
                    os.kill(pid, signal.SIGKILL)
        time.sleep(6)
    time.sleep(14)
    scene.site.campus.run(("condor_rm", str(cluster)))
    scene.flockoff("look at the record")
    scene.eventually(lambda: scene.is_home("p201") and scene.is_home("p202"), 120, "all hosts are at home")
    within = Span(start_s=submitted_s, end_s=time.time())
    found = list(truths(scene, cluster, 30))
    assert len(found) >= SLOTS
    assert wrong_at_last(scene, lambda record: compared(found, record.jobs, within)) == []


@pytest.mark.limit(200)
def test_the_shepherd_fetches_segments_and_nobody_else_can(scene: Scene) -> None:
    """What hosts record of guests' users is for the shepherd; a user of the pool asked a master for it, and got it."""
    scene.lend()
    scene.site.cm.stop("shepherd")
    host = scene.site.host("p201")
    scene.eventually(lambda: len(sealed(host)) > 0, 60, "something is sealed, and nobody says that it is stored")
    path = f"{SPOOL}/segment.{sealed(host)[-1]}"
    name = '" || Machine == "p201" && "" != "@'
    argv = ("condor_fetchlog", "-master", name, f"SHEPHERD_SPOOL.{sealed(host)[-1]}")
    config = {"CONDOR_CONFIG": SHEPHERD_CONFIG}
    said = scene.site.cm.run(argv, user="shepherd", env=config)
    assert segment_of(said.stdout) == segment_of(host.read(path)), said.stderr
    gone = scene.site.cm.run((*argv[:-1], "SHEPHERD_SPOOL.1"), user="shepherd", env=config)
    assert "unable to access" in gone.stderr
    for node, user in ((scene.site.cm, "carol"), (scene.site.campus, "alice")):
        refused = node.run(argv, user=user)
        assert "Segment" not in refused.stdout
        assert refused.returncode != 0
    scene.site.cm.start("shepherd")
