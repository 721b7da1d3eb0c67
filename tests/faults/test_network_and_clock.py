"""Hosts cut off from a network, and clocks that are an hour wrong."""

import time

import pytest

from tests.faults.breaking import flocking_starts_s, orders_out, plan, regular_pid, shown, wrong_clock
from tests.faults.scene import TIMERS, Scene

pytestmark = pytest.mark.real

LADDER_S = TIMERS["graceful_s"] + TIMERS["fast_s"] + TIMERS["kill_s"]


@pytest.mark.large("something is away", sample=1)
def test_a_host_without_the_private_network_is_local_when_its_lease_has_lapsed(scene: Scene) -> None:
    """Nobody could tell the host to come home any more; guests kept it until somebody drove there."""
    scene.lend()
    scene.guests()
    host = scene.site.host("p201")
    host.cut("private")
    try:
        scene.eventually(lambda: regular_pid(scene, "p201"), TIMERS["lease_s"] + LADDER_S + 10, "p201 is local")
        assert not host.pids(".", containers=True)
        assert scene.is_lent("p202")
    finally:
        host.join("private")
    scene.eventually(lambda: scene.is_home("p201") or scene.is_lent("p201"), 40, "p201 is back in one of the pools")


@pytest.mark.large("something is away", sample=1)
def test_guests_of_a_host_without_the_flock_network_leave_on_order(scene: Scene) -> None:
    """The flocking master could not be told anything any more, and the host served neither guests nor local jobs."""
    scene.lend()
    scene.guests()
    host = scene.site.host("p201")
    host.cut("flock")
    try:
        scene.flockoff("home")
        scene.eventually(lambda: scene.is_home("p201"), 40, "p201 is at home")
        assert not host.pids(".", containers=True)
    finally:
        host.join("flock")
    scene.lend()


@pytest.mark.large("something is away", sample=1)
@pytest.mark.parametrize("offset", ["+1h", "-1h"])
def test_a_host_whose_clock_is_an_hour_wrong_is_not_lent_and_says_why(scene: Scene, offset: str) -> None:
    """A lease is a promise about time; a host that cannot tell the time must not be given one."""
    with wrong_clock(scene.site.host("p201"), "keeper", offset):
        scene.flockon()
        scene.eventually(lambda: scene.is_lent("p202"), 60, "the other host is lent")
        scene.eventually(lambda: "clock" in plan(scene) + str(shown(scene)), 45, "the reason is shown")
        assert not {"drain", "go", "restart"} & set(orders_out(scene, "p201"))
        assert scene.is_home("p201")
    scene.eventually(scene.all_lent, 60, "with the right time it is lent")


@pytest.mark.large("something is away", sample=1)
@pytest.mark.parametrize(("node", "service", "offset"), [
    ("p201", "keeper", "+1h"), ("p201", "keeper", "-1h"), ("cm", "shepherd", "+1h"), ("cm", "shepherd", "-1h"),
])  # fmt: skip
def test_a_clock_that_goes_wrong_while_lent_ends_in_a_local_host(
    scene: Scene, node: str, service: str, offset: str
) -> None:
    """A time server jumped by an hour; leases must lapse at once or in time, never be prolonged."""
    scene.lend()
    scene.guests()
    with wrong_clock(scene.site.nodes[node], service, offset):
        lapsed_s = TIMERS["lease_s"] + LADDER_S + 15
        scene.eventually(lambda: regular_pid(scene, "p201"), lapsed_s, "p201 is local")
        assert not scene.site.host("p201").pids(".", containers=True)
    scene.eventually(scene.all_lent, 60, "with the right time both are lent")


@pytest.mark.large("something is away", sample=1)
@pytest.mark.parametrize("offset", ["+1h", "-1h"])
def test_a_shepherd_whose_clock_is_an_hour_wrong_lends_nothing(scene: Scene, offset: str) -> None:
    """Every ad seemed an hour old, or from the future, and every lease was void where it arrived."""
    with wrong_clock(scene.site.cm, "shepherd", offset):
        scene.flockon()
        scene.eventually(lambda: "this machine's clock" in scene.status(), 40, "the status names the clock")
        time.sleep(8)
        assert not flocking_starts_s(scene)
        assert scene.all_home()
    scene.eventually(scene.all_lent, 60, "with the right time both are lent")

