"""The regular side of a host is disturbed while guests are, or are about to be, on it."""

import signal
import time
from collections.abc import Iterator

import pytest

from tests.faults.breaking import flocking_starts_s
from tests.faults.scene import TIMERS, Scene
from tests.faults.strike import Striker

pytestmark = [pytest.mark.real, pytest.mark.large("processes, pages and disks", sample=1)]

AS_SHEPHERD = {"CONDOR_CONFIG": "/etc/shepherd/condor_config"}
STEPS = {"armed": "drain", "drained": "go", "told to restart": "restart"}
"""The step before whose record the shepherd is held, so that its hosts are in that state."""


@pytest.fixture
def striker(scene: Scene) -> Iterator[Striker]:
    """The site's shepherd may be held; it goes on at the end."""
    made = Striker(scene=scene)
    made.install()
    yield made
    made.clear()


def by_tool(scene: Scene, *argv: str) -> str:
    """One of HTCondor's tools on the central manager, with the right to administer the home pool."""
    return scene.site.cm.must(argv, user="shepherd", env=AS_SHEPHERD)


def guard_of(scene: Scene, host: str) -> list[int]:
    """The waiting guard of a host."""
    return scene.site.host(host).pids("startd-guard", containers=False)


def serves_guests_alone(scene: Scene) -> bool:
    """Both hosts are lent and no regular startd runs: a startd told to reconfigure leaves its drained ad behind."""
    regular = [pid for host in scene.site.hosts for pid in host.pids("^condor_startd", containers=False)]
    return all(scene.is_lent(host.name) for host in scene.site.hosts) and not regular


def test_a_regular_master_restarted_by_an_upgrade_disturbs_no_guest(scene: Scene) -> None:
    """The package's upgrade restarts condor_master; its new guard must wait as the old one did."""
    scene.lend()
    cluster = scene.guests()
    before = guard_of(scene, "p201")
    by_tool(scene, "condor_restart", "-daemon", "master", "-constraint", 'Machine == "p201"')
    scene.eventually(lambda: guard_of(scene, "p201") not in ([], before), 30, "another guard waits")
    assert scene.running(cluster) == 1
    assert scene.is_lent("p201")


def test_a_killed_regular_master_disturbs_no_guest(scene: Scene) -> None:
    """When the master dies, its guard must not take the host while a guest is on it, and the next one must wait."""
    scene.lend()
    cluster = scene.guests()
    before = guard_of(scene, "p201")
    scene.site.host("p201").kill("condor", signal.SIGKILL)
    scene.eventually(lambda: guard_of(scene, "p201") not in ([], before), 30, "another guard waits")
    assert scene.running(cluster) == 1
    assert scene.is_lent("p201")


def test_reconfig_of_everything_disturbs_no_guest(scene: Scene) -> None:
    """Administrators type `condor_reconfig -all` after every change; the waiting guard hears HUP."""
    scene.lend()
    cluster = scene.guests()
    scene.eventually(lambda: guard_of(scene, "p201"), 20, "the regular startd's guard waits")
    before = guard_of(scene, "p201")
    by_tool(scene, "condor_reconfig", "-all")
    scene.site.host("p201").must(("condor_reconfig",))
    ends_s = time.monotonic() + 6.0
    while time.monotonic() < ends_s:
        assert scene.is_lent("p201")
        time.sleep(0.5)
    assert guard_of(scene, "p201") == before
    assert scene.running(cluster) == 1


@pytest.mark.parametrize("state", ["armed", "drained"])
def test_reconfig_of_everything_in_the_middle_of_a_lend_is_borne(scene: Scene, striker: Striker, state: str) -> None:
    """A reconfig between two steps must neither undo the drain in silence nor give the host to both."""
    striker.order(STEPS[state], "before the record", signal.SIGSTOP)
    scene.flockon()
    striker.await_strike(40)
    by_tool(scene, "condor_reconfig", "-all")
    scene.site.host("p201").must(("condor_reconfig",))
    striker.resume()
    scene.eventually(lambda: serves_guests_alone(scene), 60, "all hosts are lent in the end")


def test_a_host_rebooted_while_flocking_comes_back_local(scene: Scene) -> None:
    """After a power cut no container and no lease of the former boot may be taken up again."""
    scene.lend()
    scene.guests()
    host, began_s = scene.site.host("p201"), time.monotonic()
    lease = lease_of(scene, "p201")
    host.reboot()
    scene.watch.excuse("p201", began_s, time.monotonic())
    scene.eventually(lambda: scene.is_home("p201"), 30, "p201 is local again")
    assert not host.pids("condor_startd", containers=True)
    scene.eventually(lambda: scene.is_lent("p201"), 60, "p201 is lent anew, under another lease")
    assert lease not in ("", lease_of(scene, "p201"))


def lease_of(scene: Scene, host: str) -> str:
    """The lease that a host's keeper last reported."""
    ads = scene.site.collector_ads(scene.site.cm, "generic", constraint=f'ShepherdHost == "{host}"')
    return max((str(ad.get("Lease", "")) for ad in ads), default="")


@pytest.mark.parametrize("state", list(STEPS))
def test_flockoff_in_the_middle_of_a_lend_brings_the_host_home(scene: Scene, striker: Striker, state: str) -> None:
    """An administrator who stops flocking must not have to wait for the lend to be complete first."""
    striker.order(STEPS[state], "before the record", signal.SIGSTOP)
    scene.flockon()
    striker.await_strike(40)
    scene.site.cm.write("/tmp/flockoff", "a test\n")
    striker.resume()
    scene.eventually(lambda: "a test" in scene.status(), 10, "the shepherd says why")
    scene.eventually(scene.all_home, 30, "all hosts are at home")
    began_s = time.monotonic()
    time.sleep(2 * TIMERS["cycle_s"])
    assert not [start for start in flocking_starts_s(scene) if start > began_s]


@pytest.mark.parametrize("step", ["revoke", "off graceful", "forget"])
def test_flockoff_in_the_middle_of_a_reclaim_neither_stops_nor_repeats_it(
    scene: Scene, striker: Striker, step: str
) -> None:
    """The file appeared while hosts were on their way home for a burst; they must arrive, once, and stay."""
    scene.lend()
    scene.guests()
    striker.order(step, "before the record", signal.SIGSTOP)
    burst = scene.local(6, seconds=1)
    striker.await_strike(40)
    scene.site.cm.write("/tmp/flockoff", "a test\n")
    striker.resume()
    scene.eventually(lambda: "a test" in scene.status(), 10, "the shepherd says why")
    scene.eventually(scene.all_home, 30, "all hosts are at home")
    began_s = time.monotonic()
    scene.eventually(lambda: scene.done(burst) == 6, 40, "the burst is done")
    time.sleep(2 * TIMERS["cycle_s"])
    assert not [start for start in flocking_starts_s(scene) if start > began_s]
    granted = [one["body"]["kind"] for one in striker.records("step")].count("grant")
    assert granted == len(scene.site.hosts)
