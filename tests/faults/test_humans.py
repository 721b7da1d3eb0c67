"""What administrators order with HTCondor's own tools always wins, and is never undone by the shepherd."""

import contextlib
import time
from collections.abc import Iterator, Sequence

import pytest

from tests.faults.breaking import excused, finally_run, host_shown, orders_out, regular_pid, state
from tests.faults.gate import gate, open_gate, told
from tests.faults.scene import Scene

pytestmark = pytest.mark.real

P201 = ("-constraint", 'Machine == "p201"')
OFF: Sequence[str] = ("condor_off", "-daemon", "startd", *P201)
ON: Sequence[str] = ("condor_on", "-daemon", "startd", *P201)
DRAIN: Sequence[str] = ("condor_drain", "-reason", "new disk", "slot1@p201")
CANCEL: Sequence[str] = ("condor_drain", "-cancel", "slot1@p201")
QUIET_S = 10
ABANDONED_S = 60.0
"""`abandoned_s` of the keepers."""


def drained(scene: Scene) -> bool:
    """The startd of p201 is drained, by whomever."""
    ads = scene.site.collector_ads(scene.site.cm, "slots", constraint='Machine == "p201"')
    return any(ad.get("State") == "Drained" for ad in ads)


def accepts(scene: Scene) -> bool:
    """p201 takes local work."""
    ads = scene.site.collector_ads(scene.site.cm, "slots", constraint='Machine == "p201"')
    return any(ad.get("State") in {"Unclaimed", "Claimed"} and not ad.get("Draining") for ad in ads)


def turn_off(scene: Scene) -> None:
    """The administrator's condor_off. A master that has just started is in the collector some seconds later."""
    scene.eventually(lambda: scene.site.cm.run(OFF).returncode == 0, 20, "condor_off has found the master of p201")


@pytest.mark.large("orders and words of people", sample=1)
def test_a_host_turned_off_before_is_neither_lent_nor_turned_on(scene: Scene) -> None:
    """Somebody was changing its memory when the shepherd started HTCondor on it."""
    cm = scene.site.cm
    with excused(scene, "p201"), finally_run(cm, [ON]):
        turn_off(scene)
        scene.eventually(lambda: not scene.is_home("p201"), 20, "p201 is off")
        scene.flockon()
        scene.eventually(lambda: scene.is_lent("p202"), 60, "the other host is lent")
        scene.eventually(lambda: state(scene, "p201") == "held", 30, "the status says who holds it")
        assert "condor_off" in host_shown(scene, "p201")["why"]
        assert not orders_out(scene, "p201")
        assert not regular_pid(scene, "p201")


@pytest.mark.large("orders and words of people", sample=1)
def test_a_host_drained_before_is_neither_lent_nor_undrained(scene: Scene) -> None:
    """A drain for maintenance was cancelled by a tool that thought it was its own."""
    cm = scene.site.cm
    with excused(scene, "p201"), finally_run(cm, [CANCEL]):
        cm.must(DRAIN)
        scene.eventually(lambda: drained(scene), 20, "p201 is drained")
        scene.flockon()
        scene.eventually(lambda: scene.is_lent("p202"), 60, "the other host is lent")
        scene.eventually(lambda: "new disk" in str(host_shown(scene, "p201").get("why")), 10, "the reason is shown")
        time.sleep(QUIET_S)
        assert drained(scene)
        assert not orders_out(scene, "p201")
    scene.eventually(lambda: accepts(scene), 20, "p201 takes work again")
    scene.eventually(scene.all_lent, 40, "and is lent again")


@pytest.mark.large("orders and words of people", sample=1)
def test_a_lent_host_that_is_turned_off_comes_home_and_stays_off(scene: Scene) -> None:
    """An administrator's condor_off of a host must end the guests' time too, and must not be forgotten by then."""
    scene.lend()
    scene.guests()
    cm, host = scene.site.cm, scene.site.host("p201")
    with excused(scene, "p201"), finally_run(cm, [ON]):
        turn_off(scene)
        scene.eventually(lambda: not host.pids(".", containers=True), 60, "the guests have left")
        scene.eventually(lambda: state(scene, "p201") == "held", 40, "the status says who holds it")
        time.sleep(QUIET_S)
        assert not regular_pid(scene, "p201")
        assert not host.pids(".", containers=True)
        assert scene.is_lent("p202")
    scene.eventually(scene.all_lent, 60, "after condor_on the host is lent again")


@pytest.mark.large("orders and words of people", sample=1)
def test_guests_leave_a_lent_host_whose_htcondor_is_stopped(scene: Scene) -> None:
    """`systemctl stop condor` before a repair: its ads were only absent, and the guests were cut off by the repair."""
    scene.lend()
    scene.guests(count=2)
    host = scene.site.host("p201")
    began_s = time.monotonic()
    with excused(scene, "p201"):
        host.stop("condor")
        try:
            scene.eventually(lambda: not host.pids(".", containers=True), ABANDONED_S + 30, "the guests have left")
            assert time.monotonic() - began_s > ABANDONED_S - 5
            scene.eventually(lambda: "HTCondor is off" in scene.status(), 40, "the status says so")
            assert scene.is_lent("p202")
        finally:
            host.start("condor")
    scene.eventually(scene.all_lent, 90, "started again, the host is lent again")


@pytest.mark.large("orders and words of people", sample=1)
def test_a_host_turned_off_while_it_comes_home_stays_off(scene: Scene) -> None:
    """The order came in the seconds in which no startd of the host ran at all."""
    scene.lend()
    cm, host = scene.site.cm, scene.site.host("p201")
    with excused(scene, "p201"), finally_run(cm, [ON]):
        scene.flockoff("home")
        turn_off(scene)
        scene.eventually(lambda: not host.pids(".", containers=True), 30, "the container is gone")
        scene.flockon()
        time.sleep(QUIET_S)
        assert not regular_pid(scene, "p201")
        scene.eventually(lambda: state(scene, "p201") == "held", 40, "the status says who holds it")


@pytest.mark.large("orders and words of people", sample=1)
def test_a_host_drained_just_after_it_came_home_stays_drained(scene: Scene) -> None:
    """The switch was hardly over when the administrator's drain came; it must not be taken for a leftover."""
    scene.lend()
    cm = scene.site.cm
    scene.flockoff("home")
    scene.eventually(lambda: scene.is_home("p201"), 30, "p201 is at home")
    with excused(scene, "p201"), finally_run(cm, [CANCEL]):
        cm.must(DRAIN)
        scene.flockon()
        scene.eventually(lambda: scene.is_lent("p202"), 60, "the other host is lent")
        time.sleep(QUIET_S)
        assert drained(scene)
        assert state(scene, "p201") == "held"
    scene.eventually(lambda: accepts(scene), 20, "p201 takes work again")


@pytest.mark.large("orders and words of people", sample=1)
def test_a_host_drained_in_the_middle_of_a_lend_stays_drained(scene: Scene) -> None:
    """The administrator's drain came just before the shepherd's own, which must neither join it nor cancel it."""
    cm = scene.site.cm
    with gate(scene):
        scene.flockon()
        scene.eventually(lambda: len(told(scene, "step", kind="drain")) == 2, 60, "both are about to be drained")
        with excused(scene, "p201"), finally_run(cm, [CANCEL]):
            cm.must(DRAIN)
            scene.eventually(lambda: drained(scene), 20, "p201 is drained by somebody")
            open_gate(scene)
            scene.eventually(lambda: state(scene, "p201") == "held", 30, "the status says so")
            time.sleep(QUIET_S)
            assert drained(scene)
            assert not scene.site.host("p201").pids(".", containers=True)
        scene.eventually(lambda: accepts(scene), 20, "p201 takes work again")


DEFRAG = """DAEMON_LIST = $(DAEMON_LIST) DEFRAG
DEFRAG_INTERVAL = 3
DEFRAG_DRAINING_MACHINES_PER_HOUR = 3600
"""
"""Its other settings are its defaults; these two only make it work in seconds what it works in hours."""


DEFRAG_DROP_IN = "/etc/condor/config.d/90-defrag.conf"


@contextlib.contextmanager
def defrag(scene: Scene) -> Iterator[None]:
    """condor_defrag runs at the home pool for the time of the block."""
    cm = scene.site.cm
    with finally_run(cm, [("rm", "-f", DEFRAG_DROP_IN), ("condor_reconfig", "-daemon", "master")]):
        cm.write(DEFRAG_DROP_IN, DEFRAG)
        cm.must(("condor_reconfig", "-daemon", "master"))
        scene.eventually(lambda: cm.pids("condor_defrag"), 30, "condor_defrag runs")
        yield
        cm.run(("condor_off", "-fast", "-daemon", "defrag", "-constraint", 'Machine == "cm"'))
    scene.eventually(lambda: not cm.pids("condor_defrag"), 30, "condor_defrag is gone")


@pytest.mark.large("orders and words of people", sample=1)
def test_condor_defrag_and_the_shepherd_do_not_fight(scene: Scene) -> None:
    """condor_defrag cancels drains of whole machines: each lend was undone in the middle, and each reclaim drained."""
    with defrag(scene):
        for _ in range(3):
            scene.lend()
            scene.flockoff("home")
            scene.eventually(scene.all_home, 40, "all hosts are at home")
    scene.lend()
