"""Local work between the daemon's reading and its doing, claims that only look idle, and jobs that are no demand."""

import time

import pytest

from tests.faults.breaking import flocking_starts_s, orders_out, plan, records, regular_pid, shown
from tests.faults.gate import gate, open_gate, told
from tests.faults.scene import Scene

pytestmark = pytest.mark.real

WHOLE = "executable = /bin/sleep\narguments = {seconds}\nrequest_cpus = 2\nrequest_memory = 32\n{more}\nqueue {count}\n"


def running_here(scene: Scene, cluster: int) -> int:
    """Running local jobs of a cluster."""
    return len(scene.site.queue(scene.site.cm, f"ClusterId == {cluster} && JobStatus == 2"))


@pytest.mark.large("orders and words of people", sample=1)
def test_a_job_matched_after_the_last_look_is_not_disturbed(scene: Scene) -> None:
    """Between looking and draining the negotiator gave the host a job; the drain must be refused by the startd."""
    with gate(scene):
        scene.flockon()
        scene.eventually(lambda: len(told(scene, "step", kind="drain")) == 2, 40, "both hosts are about to be drained")
        cluster = scene.site.submit(scene.site.cm, "carol", WHOLE.format(seconds=25, count=2, more=""))
        scene.eventually(lambda: running_here(scene, cluster) == 2, 30, "local jobs run on both hosts")
        open_gate(scene)
        refused = {"kind": "drain", "result": "refused"}
        scene.eventually(lambda: len(told(scene, "outcome", **refused)) == 2, 15, "both drains were refused")
        scene.eventually(lambda: scene.done(cluster) == 2, 40, "the jobs have ended by themselves")
        assert not [memory for memory in records(scene, "memory") if memory["body"].get("failures")]
        scene.eventually(scene.all_lent, 30, "the hosts are lent afterwards, without cooling")


@pytest.mark.large("orders and words of people", sample=1)
def test_a_slot_that_a_schedd_keeps_claimed_is_not_idle(scene: Scene) -> None:
    """A schedd keeps a claim for its next job; a drain would have thrown that job's start away."""
    keep = "keep_claim_idle = 20"
    cluster = scene.site.submit(scene.site.cm, "carol", WHOLE.format(seconds=1, count=2, more=keep))
    scene.eventually(lambda: scene.done(cluster) == 2, 40, "both jobs have ended")
    ended_s = time.monotonic()
    before = [regular_pid(scene, host.name) for host in scene.site.hosts]
    scene.flockon()
    scene.eventually(lambda: "it works for local jobs" in plan(scene), 10, "the reason is shown")
    time.sleep(max(0.0, ended_s + 14 - time.monotonic()))
    assert not [out for host in scene.site.hosts for out in orders_out(scene, host.name)]
    assert [regular_pid(scene, host.name) for host in scene.site.hosts] == before
    assert not flocking_starts_s(scene)
    scene.eventually(scene.all_lent, 40, "the hosts are lent when the claims are over")


NEVER = {
    "held": "executable = /bin/sleep\narguments = 600\nhold = true\nqueue 8\n",
    "scheduler": "universe = scheduler\nexecutable = /bin/sleep\narguments = 600\nqueue 6\n",
    "local": "universe = local\nexecutable = /bin/sleep\narguments = 600\nrequest_memory = 1\nqueue 6\n",
    "grid": "universe = grid\ngrid_resource = batch slurm\nexecutable = /bin/sleep\narguments = 600\nqueue 6\n",
}


@pytest.mark.large("orders and words of people", sample=1)
def test_jobs_that_no_host_can_run_are_no_demand(scene: Scene) -> None:
    """A thousand held jobs, or a workflow's own processes, kept every host at home for a week."""
    scene.lend()
    for description in NEVER.values():
        scene.site.submit(scene.site.cm, "carol", description)
    until_s = time.monotonic() + 15
    while time.monotonic() < until_s:
        assert shown(scene)["queue"]["idle_jobs"] == 0, scene.site.queue(scene.site.cm)
        time.sleep(1)
    assert scene.all_lent()
