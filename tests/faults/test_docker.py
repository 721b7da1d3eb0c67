"""dockerd dies, stops answering, is upgraded; no host depends on it for coming home."""

import signal

import pytest

from tests.faults.breaking import daemons, oldest_sign_of_life_s, plan, stopped
from tests.faults.scene import Scene

pytestmark = pytest.mark.real


@pytest.mark.large("something is away", sample=1)
def test_a_killed_dockerd_keeps_no_host(scene: Scene) -> None:
    """The out-of-memory killer likes dockerd; the hosts it leaves behind must not need it to come home."""
    scene.lend()
    scene.guests(count=4)
    host = scene.site.host("p201")
    starts = host.status("dockerd")["starts"]
    host.kill("dockerd", signal.SIGKILL)
    scene.flockoff("home")
    scene.eventually(lambda: scene.is_home("p201"), 30, "p201 is at home")
    scene.eventually(lambda: host.status("dockerd")["starts"] == starts + 1, 30, "another dockerd was started")
    scene.flockon()
    scene.eventually(lambda: scene.is_lent("p201"), 60, "and p201 is lent again")


@pytest.mark.large("something is away", sample=1)
def test_a_dockerd_that_never_answers_delays_no_reclaim(scene: Scene) -> None:
    """dockerd hung on a dead disk while a burst of local work arrived: the keeper waited for its answer."""
    scene.lend()
    scene.guests()
    host = scene.site.host("p201")
    with stopped(daemons(host, "dockerd", "^dockerd")):
        scene.flockoff("home")
        scene.eventually(lambda: scene.is_home("p201"), 20, "p201 is at home while its dockerd is stopped")
        assert not host.pids(".", containers=True)
        scene.eventually(lambda: _report_age_s(scene, "p201") < 25, 5, "the keeper still reports")


@pytest.mark.large("something is away", sample=1)
def test_an_upgrade_of_docker_ends_a_lend_and_no_more(scene: Scene) -> None:
    """A restarted dockerd takes its containers along; the host must be local, and then be lent again."""
    scene.lend()
    scene.guests()
    host = scene.site.host("p201")
    before = host.pids("flock-init", containers=True)
    host.restart("dockerd")
    scene.eventually(lambda: host.pids("flock-init", containers=True) != before, 30, "the container has ended")
    scene.eventually(lambda: scene.is_home("p201"), 30, "p201 is at home")
    scene.eventually(scene.all_lent, 60, "p201 is lent again")


@pytest.mark.large("something is away", sample=1)
def test_a_host_whose_dockerd_never_answers_is_not_lent_and_says_why(scene: Scene) -> None:
    """A host that cannot start containers was drained again and again, and did nothing else."""
    host = scene.site.host("p201")
    regular = host.pids("condor_startd", containers=False)
    with stopped(daemons(host, "dockerd", "^dockerd")):
        scene.flockon()
        scene.eventually(lambda: scene.is_lent("p202"), 60, "the other host is lent")
        assert oldest_sign_of_life_s(scene, 5) < 10
        # A request that began before the lend may take its 20 s first, and the check's own comes after it.
        scene.eventually(lambda: "docker" in plan(scene), 50, "the reason is shown")
        assert host.pids("condor_startd", containers=False) == regular
        assert scene.is_home("p201")


def _report_age_s(scene: Scene, host: str) -> float:
    """How long ago the home collector heard this host's keeper."""
    ads = scene.site.collector_ads(scene.site.cm, "generic", constraint=f'ShepherdHost == "{host}"')
    now = float(scene.site.cm.must(("date", "+%s.%N")))
    return min((now - float(ad["LastHeardFrom"]) for ad in ads), default=1e9)
