"""The shepherd dies or stops at the worst moments; hosts go on, or come home."""

import signal
from collections.abc import Iterator

import pytest

from shepherd.lab.pools import SHEPHERD_CONFIG
from tests.faults.breaking import daemons, stopped
from tests.faults.scene import HOME_S, Scene
from tests.faults.strike import MOMENTS, Striker

pytestmark = pytest.mark.real

LEND = ("grant", "drain", "go", "restart")
RECLAIM = ("revoke", "off graceful", "forget")
REACHED = ("before the record", "before the act")
STUBBORN = '''executable = /bin/sh
arguments = "-c 'trap """" TERM; while :; do sleep 1; done'"
request_memory = 32
queue {count}
'''
"""A job that does not end when it is asked to."""


@pytest.fixture
def striker(scene: Scene) -> Iterator[Striker]:
    """The site's shepherd may be struck; whatever was ordered is over at the end."""
    made = Striker(scene=scene)
    made.install()
    yield made
    made.clear()


def is_restarted(scene: Scene, starts: int) -> bool:
    """The supervisor has started another daemon, once."""
    status = scene.site.cm.status("shepherd")
    return bool(status["state"] == "active" and status["starts"] == starts + 1)


def killed_at(scene: Scene, striker: Striker, step: str, moment: str, within_s: float) -> None:
    """The daemon kills itself at this moment, and is restarted."""
    striker.await_strike(within_s)
    starts = striker.starts
    what = f"a shepherd runs again after it died at {step}, {moment}"
    scene.eventually(lambda: is_restarted(scene, starts), 10, what)


@pytest.mark.large("shepherd dies", sample=1)
@pytest.mark.parametrize(
    ("step", "moment"),
    [(step, moment) for step in LEND for moment in MOMENTS] + [("reached lent", moment) for moment in REACHED],
)
def test_a_shepherd_killed_in_a_lend_goes_on(scene: Scene, striker: Striker, step: str, moment: str) -> None:
    """A daemon that died between an order and its record left a drained host that nobody remembered."""
    striker.order(step, moment)
    scene.flockon()
    killed_at(scene, striker, step, moment, 40)
    scene.eventually(scene.all_lent, 60, "all hosts are lent in the end")
    scene.eventually(lambda: "2 lent" in scene.status(), 20, "the shepherd knows")
    assert striker.ledger_is_whole()


@pytest.mark.large("shepherd dies", sample=1)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("step", RECLAIM)
def test_a_shepherd_killed_in_a_reclaim_goes_on(scene: Scene, striker: Striker, step: str, moment: str) -> None:
    """A reclaim that was forgotten half way kept a host from both herds until its lease had lapsed."""
    scene.lend()
    striker.order(step, moment)
    scene.flockoff("reclaim")
    killed_at(scene, striker, step, moment, 40)
    scene.eventually(scene.all_home, 60, "all hosts are at home")
    assert striker.ledger_is_whole()


@pytest.mark.large("shepherd dies", sample=1)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_shepherd_killed_while_it_pushes_goes_on(scene: Scene, striker: Striker, moment: str) -> None:
    """A guest that does not end when asked must not outlive the daemon that asked. Keepers that hang leave it to that
    daemon alone: otherwise theirs is the same ladder, and either may be first."""
    scene.lend()
    scene.guests(description=STUBBORN, count=2)
    keepers = [pid for host in scene.site.hosts for pid in daemons(host, "keeper", "-m shepherd")]
    with stopped(keepers):
        striker.order("off fast", moment)
        scene.flockoff("reclaim")
        killed_at(scene, striker, "off fast", moment, 40)
        scene.eventually(lambda: not scene.site.flocking_startds(), 30, "the guests' startds are gone")
    scene.eventually(scene.all_home, 60, "all hosts are at home")


@pytest.fixture
def seldom_updates(scene: Scene) -> Iterator[None]:
    """A drained startd restarts itself at its next update, which is as far away as on a real site."""
    drop_in = "/etc/condor/config.d/90-updates.conf"
    for host in scene.site.hosts:
        host.write(drop_in, "UPDATE_INTERVAL = 300\n")
    reconfig(scene)
    yield
    for host in scene.site.hosts:
        host.must(("rm", drop_in))
    reconfig(scene)


def reconfig(scene: Scene) -> None:
    """Let every daemon of the pool read its configuration again."""
    scene.site.cm.must(("condor_reconfig", "-all"), user="shepherd", env={"CONDOR_CONFIG": SHEPHERD_CONFIG})


@pytest.mark.usefixtures("seldom_updates")
@pytest.mark.large("shepherd dies", sample=1)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_shepherd_killed_while_it_cancels_its_drain_goes_on(scene: Scene, striker: Striker, moment: str) -> None:
    """A drain whose cancellation was forgotten is a host that accepts nothing and looks like maintenance.

    The daemon is stopped when it learns that a drain was taken, and has not seen the host drained: at its next look it
    finds the change of mind first, however the two hosts are in step.
    """
    striker.order("drain", "after the act", signal.SIGSTOP)
    scene.flockon()
    striker.await_strike(80)
    striker.order("undrain", moment)
    scene.flockoff("changed my mind")
    striker.resume()
    killed_at(scene, striker, "undrain", moment, 20)
    scene.eventually(scene.all_home, 90, "both accept work again")


@pytest.mark.large("shepherd dies", sample=1)
@pytest.mark.parametrize(
    ("step", "moment"), [("drain", "after the act"), ("go", "before the act"), ("restart", "before the act")]
)
def test_a_shepherd_that_stays_dead_between_drain_and_restart_costs_a_minute_at_most(
    scene: Scene, striker: Striker, step: str, moment: str
) -> None:
    """A drained startd waits for its own next update, five minutes later, when nobody tells it to restart."""
    striker.order(step, moment, stay=True)
    scene.flockon()
    striker.await_strike(80)
    scene.eventually(scene.all_home, 90, "all hosts accept work again without a shepherd")


@pytest.mark.large("shepherd dies", sample=1)
def test_a_shepherd_stopped_for_longer_than_a_lease_loses_its_hosts_and_understands(scene: Scene) -> None:
    """A daemon in a debugger, or on a swapping machine, must not find the world as it left it and act on that."""
    scene.lend()
    scene.guests()
    scene.site.cm.kill("shepherd", signal.SIGSTOP)
    try:
        scene.eventually(scene.all_home, HOME_S, "all hosts come home when their leases have lapsed")
    finally:
        scene.site.cm.kill("shepherd", signal.SIGCONT)
    scene.eventually(scene.all_lent, 60, "the shepherd understands and lends again")
