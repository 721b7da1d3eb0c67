"""Keeper, container and its daemons die; the host must come home by itself."""

import os
import signal
import time

import pytest

from shepherd.lab.herd_log import Side
from shepherd.lab.node import alive
from tests.faults.breaking import containers_first
from tests.faults.scene import DAEMONISED, HOME_S, TIMERS, Scene

pytestmark = [pytest.mark.real, pytest.mark.large("processes, pages and disks", sample=1)]

PAYLOAD = "^sleep 471[12]"
"""What the daemonised jobs leave running."""


def daemonised_on(scene: Scene, host: str) -> list[int]:
    """Guests on all slots of the site; what their jobs on this host have daemonised."""
    scene.guests(description=DAEMONISED, count=4)

    def all_there() -> list[int]:
        found = scene.site.host(host).pids(PAYLOAD, containers=True)
        return found if len(found) == 4 else []

    scene.eventually(all_there, 10, "both jobs of the host have daemonised their payload")
    return all_there()


def test_a_killed_keeper_is_restarted_and_ends_no_lend(scene: Scene) -> None:
    """An upgrade of the keeper's package must cost no guest its job."""
    scene.lend()
    cluster, before = scene.guests(count=4), containers_first(scene)
    host = scene.site.host("p201")
    starts = host.status("keeper")["starts"]
    host.kill("keeper", signal.SIGKILL)
    scene.eventually(lambda: host.status("keeper")["starts"] > starts, 10, "another keeper runs")
    time.sleep(TIMERS["lease_s"] + 5)
    assert host.status("keeper")["starts"] == starts + 1
    assert containers_first(scene) == before
    assert scene.running(cluster) == 4


def test_a_stopped_keeper_cannot_prolong_a_lend(scene: Scene) -> None:
    """A keeper that hangs heard neither revocation nor lapse; PID 1 reads the same clock and ends the lend itself."""
    scene.lend()
    host, payload = scene.site.host("p201"), daemonised_on(scene, "p201")
    host.kill("keeper", signal.SIGSTOP)
    try:
        scene.eventually(lambda: scene.is_home("p201"), HOME_S, "p201 comes home when its lease has lapsed")
        assert not [pid for pid in payload if alive(pid)]
        assert not host.pids("condor_startd", containers=True)
    finally:
        host.kill("keeper", signal.SIGCONT)
    scene.eventually(lambda: scene.is_lent("p201"), 60, "its keeper goes on, and p201 is lent again")


@pytest.mark.parametrize("victim", ["flock-init", "condor_master", "condor_startd"])
def test_a_container_that_loses_a_daemon_under_a_daemonised_payload_comes_home(scene: Scene, victim: str) -> None:
    """A double-forked payload outlived a graceful reclaim beside the regular startd when this was tried by hand."""
    scene.lend()
    host, payload = scene.site.host("p201"), daemonised_on(scene, "p201")
    pids, began_s = host.pids(victim, containers=True), time.monotonic()
    assert pids, host.pids(".", containers=True)
    os.kill(min(pids), signal.SIGKILL)
    scene.eventually(lambda: min(pids) not in host.pids(victim, containers=True), 5, f"that {victim} is dead")
    if victim == "flock-init":
        scene.eventually(lambda: not host.pids(".", containers=True), 10, "everything in the container died with it")
    scene.flockoff("home")
    scene.eventually(lambda: scene.is_home("p201"), 30, "p201 is back")
    regular = [run for run in scene.watch.runs("p201", Side.REGULAR) if run.start_ns > began_s * 1e9]
    assert len(regular) == 1
    assert not [pid for pid in payload if alive(pid)]


@pytest.mark.parametrize("victim", ["condor_master", "condor_startd"])
def test_a_container_that_loses_a_daemon_serves_again_or_comes_home_by_itself(scene: Scene, victim: str) -> None:
    """Nobody ordered anything: the host must not stay with a container that serves nobody."""
    scene.lend()
    host = scene.site.host("p201")
    startd, victims = host.pids("condor_startd", containers=True), host.pids(victim, containers=True)
    os.kill(min(victims), signal.SIGKILL)
    scene.eventually(lambda: min(victims) not in host.pids(victim, containers=True), 5, f"that {victim} is dead")

    def serves_anew() -> bool:
        now = host.pids("condor_startd", containers=True)
        return bool(now) and now != startd and scene.is_lent("p201")

    scene.eventually(lambda: serves_anew() or scene.is_home("p201"), 40, "p201 is of use to somebody")


def test_a_container_that_dies_without_a_shepherd_gives_its_host_back(scene: Scene) -> None:
    """Nobody is there to order anything: the kernel frees the lock, the guard waits for it."""
    scene.lend()
    host, payload = scene.site.host("p201"), daemonised_on(scene, "p201")
    scene.site.cm.kill("shepherd", signal.SIGSTOP)
    host.kill("keeper", signal.SIGSTOP)
    try:
        os.kill(min(host.pids("flock-init", containers=True)), signal.SIGKILL)
        scene.eventually(lambda: scene.is_home("p201"), 15, "p201 is back with nobody's help")
        assert not [pid for pid in payload if alive(pid)]
    finally:
        host.kill("keeper", signal.SIGCONT)
        scene.site.cm.kill("shepherd", signal.SIGCONT)
