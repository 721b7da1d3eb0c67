"""Upgrades while hosts are lent and local jobs run: nobody local is evicted, no lend ends that its lease covers."""

import dataclasses
import time

import pytest

from shepherd.lab.booted import BootedNode
from shepherd.lab.eventually import eventually
from shepherd.lab.pools import GUARD
from tests.faults.breaking import containers_first
from tests.faults.scene import TIMERS, Scene

pytestmark = [pytest.mark.real, pytest.mark.limit(400), pytest.mark.large("upgrades", sample=1)]

WHOLE = "executable = /bin/sleep\narguments = {seconds}\nrequest_cpus = 2\nrequest_memory = 32\nqueue 1\n"
"""A local job that has a host to itself."""
LONG_S = 900
SOON = "MASTER_CHECK_NEW_EXEC_INTERVAL = 2\nMASTER_NEW_BINARY_DELAY = 2\n"
"""HTCondor looks for new programs every five minutes, and then waits for two."""
NEW_FILES = """
cd /usr/sbin
for one in condor_master condor_startd; do cp -p $one $one.new; touch $one.new; mv $one.new $one; done
"""
POLICY = "#!/bin/sh\ncase $1 in condor | condor.service) exit 101 ;; esac\nexit 0\n"


@dataclasses.dataclass(frozen=True)
class Mixed:
    """One host works for a local user, the other is lent and works for guests."""

    local: BootedNode
    lent: BootedNode
    job: int
    guests: int
    containers: list[int]

    @property
    def both(self) -> tuple[BootedNode, BootedNode]:
        return self.local, self.lent


@pytest.fixture
def mixed(scene: Scene) -> Mixed:
    """Both kinds of work run for as long as the test."""
    job = scene.site.submit(scene.site.cm, "carol", WHOLE.format(seconds=LONG_S))
    eventually(lambda: where_it_runs(scene, job), 60, what="the local job runs")
    busy = where_it_runs(scene, job)
    free = next(host.name for host in scene.site.hosts if host.name != busy)
    scene.flockon()
    eventually(lambda: scene.is_lent(free), 120, what="the other host is lent")
    guests = scene.guests(count=2, seconds=LONG_S)
    local, lent = scene.site.host(busy), scene.site.host(free)
    assert isinstance(local, BootedNode)
    assert isinstance(lent, BootedNode)
    return Mixed(local=local, lent=lent, job=job, guests=guests, containers=containers_first(scene))


def where_it_runs(scene: Scene, job: int) -> str:
    """The host of a running local job."""
    found = scene.site.queue(scene.site.cm, f"ClusterId == {job} && JobStatus == 2")
    return str(found[0].get("RemoteHost", "")).rpartition("@")[2] if found else ""


def is_undisturbed(scene: Scene, mixed: Mixed, at_least_s: float) -> None:
    """For so long the same container serves the same guests, and the local job runs where it ran."""
    until_s = time.monotonic() + at_least_s
    while time.monotonic() < until_s:
        assert containers_first(scene) == mixed.containers
        assert where_it_runs(scene, mixed.job) == mixed.local.name
        time.sleep(1)
    assert scene.running(mixed.guests) == 2
    [job] = scene.site.queue(scene.site.cm, f"ClusterId == {mixed.job}")
    assert job["NumShadowStarts"] == 1, "the local job had to start again"


def test_the_daemons_upgrade_moves_nobody(scene: Scene, cm: BootedNode, mixed: Mixed) -> None:
    """A restart took all hosts home, and with them every guest's job, at each release."""
    before = cm.status("shepherd")["pid"]
    cm.restart("shepherd")
    assert cm.status("shepherd")["pid"] not in {0, before}
    is_undisturbed(scene, mixed, TIMERS["lease_s"] + 5)
    scene.eventually(lambda: "1 lent" in scene.status(), 20, "the new daemon knows the lend")


def test_a_daemon_that_is_away_for_less_than_a_lease_moves_nobody(scene: Scene, cm: BootedNode, mixed: Mixed) -> None:
    """The new package had to be fetched first; the stop was ten minutes before the start."""
    cm.stop("shepherd")
    is_undisturbed(scene, mixed, TIMERS["lease_s"] / 2)
    cm.start("shepherd")
    assert cm.status("shepherd")["state"] == "active"
    is_undisturbed(scene, mixed, TIMERS["lease_s"] + 5)


def test_the_keepers_upgrade_moves_nobody(scene: Scene, mixed: Mixed) -> None:
    """A restarted keeper took the container that it did not know for somebody else's."""
    for host in mixed.both:
        before = host.status("keeper")["pid"]
        host.restart("keeper")
        assert host.status("keeper")["pid"] not in {0, before}
    is_undisturbed(scene, mixed, TIMERS["lease_s"] + 5)


def test_the_guards_upgrade_is_used_from_the_next_start_on(scene: Scene, mixed: Mixed) -> None:
    """A startd was restarted under a running job because the program that had started it was replaced."""
    new = mixed.local.read(GUARD) + "# the next release\n"
    for host in mixed.both:
        host.write(GUARD, new, 0o755)
    is_undisturbed(scene, mixed, 12)
    scene.flockoff("the next start")
    scene.eventually(lambda: scene.is_home(mixed.lent.name), 60, "the lent host is home, by its old guard")
    scene.flockon()
    scene.eventually(lambda: scene.is_lent(mixed.lent.name), 120, "and is lent again, with the new one waiting")
    assert where_it_runs(scene, mixed.job) == mixed.local.name


@pytest.fixture
def notices_soon(scene: Scene) -> None:
    """Masters look for new programs every other second."""
    for host in scene.site.hosts:
        host.write("/etc/condor/config.d/90-soon.conf", SOON)
        host.must(("condor_reconfig",))


@pytest.mark.usefixtures("notices_soon")
def test_htcondors_upgrade_waits_for_the_local_job(scene: Scene, mixed: Mixed) -> None:
    """The package's upgrade restarted HTCondor, which threw every local job off."""
    began = {host.name: masters_started(host) for host in mixed.both}
    for host in mixed.both:
        as_a_package_does(host)
    starts = {host.name: host.status("condor")["starts"] for host in mixed.both}
    is_undisturbed(scene, mixed, 30)
    assert {host.name: host.status("condor")["starts"] for host in mixed.both} == starts
    scene.site.cm.must(("condor_rm", str(mixed.job)))
    scene.eventually(
        lambda: masters_started(mixed.local) > began[mixed.local.name], 60, "the job is over, and its master restarts"
    )
    assert masters_started(mixed.lent) > began[mixed.lent.name]
    local = mixed.local.name
    scene.eventually(lambda: scene.is_home(local) or scene.is_lent(local), 60, "the host is of use to somebody")


def as_a_package_does(host: BootedNode) -> None:
    """What Debian's package does: new files in the place of the old ones, then its service is restarted, unless the
    administrator's policy forbids that."""
    host.write("/usr/sbin/policy-rc.d", POLICY, 0o755)
    host.must(("sh", "-e", "-c", NEW_FILES))
    host.run(("deb-systemd-invoke", "restart", "condor.service"))
    host.must(("rm", "/usr/sbin/policy-rc.d"))


def masters_started(host: BootedNode) -> int:
    """How many masters have begun on a host, each with the program that was there then."""
    logs = "cat /var/log/condor/MasterLog.old /var/log/condor/MasterLog 2>/dev/null; true"
    return host.must(("sh", "-c", logs)).count("(CONDOR_MASTER) STARTING UP")
