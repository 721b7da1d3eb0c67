"""Collectors restart young and empty, or stop answering: absence proves nothing, and nobody hangs."""

import time

import pytest

from tests.faults.breaking import (
    containers_first,
    daemons,
    flocking_starts_s,
    kill_collector,
    oldest_sign_of_life_s,
    regular_pid,
    shown,
    stopped,
)
from tests.faults.scene import HOME_S, TIMERS, Scene

pytestmark = pytest.mark.real

HOME, FLOCK = "condor", "flock-condor"
BLIND_S = 3 * TIMERS["query_s"]
"""A look at two silent collectors takes one question and the renewal before it another; a third is spare."""


@pytest.mark.large("something is away", sample=1)
@pytest.mark.parametrize("service", [HOME, FLOCK])
def test_an_empty_collector_ends_no_lend_and_stops_no_reclaim(scene: Scene, service: str) -> None:
    """After a restart of the collector every host looked dead, and all lends were thrown away."""
    scene.lend()
    cluster = scene.guests()
    before = containers_first(scene)
    kill_collector(scene, service)
    scene.eventually(lambda: "young" in str(shown(scene)["readings"]), 20, "the collector is back, young and empty")
    time.sleep(2 * TIMERS["look_s"])
    assert containers_first(scene) == before
    assert scene.running(cluster) == 1
    burst = scene.local(6, seconds=1)
    scene.eventually(lambda: scene.done(burst) == 6, 60, "the local burst is done although the collector is young")
    assert scene.running(cluster) == 0


@pytest.mark.large("something is away", sample=1)
@pytest.mark.parametrize("service", [HOME, FLOCK])
def test_nothing_is_lent_before_a_collector_is_old_enough(scene: Scene, service: str) -> None:
    """A collector that had just started knew of no busy host and of no waiting job."""
    kill_collector(scene, service)
    scene.flockon()
    young_until_s = time.monotonic() + TIMERS["young_collector_s"] - 3
    scene.eventually(lambda: "young" in str(shown(scene)["readings"]), 10, "the reason is shown")
    scene.eventually(scene.all_lent, 60, "all hosts are lent in the end")
    assert min(flocking_starts_s(scene)) > young_until_s


@pytest.mark.large("something is away", sample=1)
@pytest.mark.parametrize("services", [(HOME,), (FLOCK,), (HOME, FLOCK)])
def test_a_collector_that_never_answers_hangs_nobody(scene: Scene, services: tuple[str, ...]) -> None:
    """A hung collector held the daemon in a library call for hours; nobody noticed, and no host came home."""
    scene.lend()
    scene.guests()
    cm = scene.site.cm
    with stopped([pid for service in services for pid in daemons(cm, service, "condor_collector")]):
        assert oldest_sign_of_life_s(scene, 12) < BLIND_S
        scene.flockoff("while it is silent")
        gone = TIMERS["lease_s"] + TIMERS["graceful_s"] + TIMERS["fast_s"] + TIMERS["kill_s"]
        scene.eventually(lambda: not scene.site.hosts[0].pids(".", containers=True), gone, "the guests have left")
        scene.eventually(lambda: regular_pid(scene, "p201"), 10, "p201 has its own startd")
    scene.eventually(scene.all_home, HOME_S, "all hosts are at home")
