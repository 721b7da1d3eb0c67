"""Keeper, container and its daemons die; the host must come home by itself."""

import os
import signal

import pytest

from tests.faults.scene import DAEMONISED, Scene

pytestmark = pytest.mark.real


def test_a_killed_keeper_is_restarted_and_ends_no_lend(scene: Scene) -> None:
    """An upgrade of the keeper's package must cost no guest its job."""
    scene.lend()
    cluster = scene.guests()
    scene.site.host("p201").kill("keeper", signal.SIGKILL)
    scene.eventually(lambda: scene.site.host("p201").status("keeper")["state"] == "active", 10, "the keeper is back")
    assert scene.running(cluster) == 1
    assert scene.is_lent("p201")


@pytest.mark.parametrize("victim", ["flock-init", "condor_master", "condor_startd"])
def test_a_container_that_loses_a_daemon_under_a_daemonised_payload_comes_home(scene: Scene, victim: str) -> None:
    """A double-forked payload outlived a graceful reclaim beside the regular startd when this was tried by hand."""
    scene.lend()
    scene.guests(description=DAEMONISED, count=2)
    host = scene.site.host("p201")
    pids = host.pids(victim, containers=True)
    assert pids, host.pids(".", containers=True)
    os.kill(min(pids), signal.SIGKILL)
    scene.flockoff("home")
    scene.eventually(lambda: scene.is_home("p201"), 30, "p201 is back")
    assert not host.pids("sleep 471", containers=None)
