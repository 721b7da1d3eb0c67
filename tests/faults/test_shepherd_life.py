"""Starting, stopping, reloading and doubling the shepherd, and replaying what it said, on the real site."""

import json
import signal
import time
from collections.abc import Iterator
from subprocess import Popen

import pytest

from shepherd.lab.command import kill_session
from tests.faults.scene import TIMERS, Scene

pytestmark = [pytest.mark.real, pytest.mark.large("processes, pages and disks", sample=1)]

SETTINGS = "/etc/shepherd/shepherd.toml"
RUNS = {"CONDOR_CONFIG": "/etc/shepherd/condor_config", "HOME": "/var/lib/shepherd"}
COMMAND = "/usr/local/bin/shepherd"
OTHER = "/tmp/other-{number}"
QUIET_S = 3 * TIMERS["renew_s"] + 1.0
"""After this a shepherd that ended is not taken for alive any more."""


@pytest.fixture
def settings(scene: Scene) -> Iterator[str]:
    """The daemon's settings, given back afterwards."""
    text = scene.site.cm.read(SETTINGS)
    yield text
    scene.site.cm.write(SETTINGS, text)
    scene.site.cm.kill("shepherd", signal.SIGHUP)


def log_since(scene: Scene, event: str) -> list[dict[str, object]]:
    """Lines of the daemon's log about an event, since the scenario began."""
    lines = scene.site.cm.read("/var/log/shepherd.log").splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    began = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(scene.began_wall_s))
    return [one for one in told if one["event"] == event and str(one["timestamp"]) >= began]


def other_settings(scene: Scene, text: str, number: int) -> str:
    """The same settings with a state of its own: as a second installation would have it. It is told that flocking is
    off, which only the first has latched."""
    state = OTHER.format(number=number)
    cm = scene.site.cm
    cm.must(("rm", "-rf", state))
    cm.must(("install", "-d", "-o", "shepherd", f"{state}", f"{state}/intents"))
    assert "[paths]" not in text
    cm.write(f"{state}.toml", f'{text}\n[paths]\nstate = "{state}"\nintents = "{state}/intents"\n')
    cm.must(("shepherd", "--settings", f"{state}.toml", "flockoff", "as the first"), user="shepherd")
    return f"{state}.toml"


def test_a_second_shepherd_with_the_same_ledger_is_refused(scene: Scene) -> None:
    """Two daemons after a careless upgrade ordered one host in two directions."""
    scene.lend()
    second = scene.site.cm.run((COMMAND, "run"), user="shepherd", env=RUNS, timeout_s=20)
    assert second.returncode == 1
    assert "another shepherd (process" in second.stderr
    assert "Traceback" not in second.stderr
    assert scene.all_lent()


def test_a_second_shepherd_with_a_ledger_of_its_own_is_refused(scene: Scene, settings: str) -> None:
    """A second central manager that was brought up from a copy knew nothing of the first."""
    scene.lend()
    other = other_settings(scene, settings, 1)
    second = scene.site.cm.run((COMMAND, "--settings", other, "run"), user="shepherd", env=RUNS, timeout_s=20)
    assert second.returncode == 1
    assert "another shepherd (" in second.stderr.splitlines()[-1]
    assert "Traceback" not in second.stderr
    assert scene.all_lent()


def test_of_two_shepherds_started_at_once_one_survives(scene: Scene, settings: str) -> None:
    """Two that start in the same second, after a power cut, must not both believe to be alone; nor both give up."""
    cm = scene.site.cm
    cm.stop("shepherd")
    time.sleep(QUIET_S)
    files = [other_settings(scene, settings, number) for number in (1, 2)]
    pair = [cm.spawn((COMMAND, "--settings", file, "run"), user="shepherd", env=RUNS) for file in files]
    try:
        scene.eventually(lambda: len(living(pair)) == 1, 30, "one of the two has ended")
        time.sleep(2 * TIMERS["renew_s"])
        assert len(living(pair)) == 1
    finally:
        for one, file in zip(pair, files, strict=True):
            kill_session(one)
            scene.keep_records(file)
        time.sleep(QUIET_S)
        cm.start("shepherd")


def living(pair: list[Popen[bytes]]) -> list[Popen[bytes]]:
    """Those that still run."""
    return [one for one in pair if one.poll() is None]


def test_a_stopped_shepherd_leaves_its_hosts_as_they_are(scene: Scene) -> None:
    """An upgrade of the shepherd must cost no guest its job."""
    scene.lend()
    cluster = scene.guests(count=2)
    scene.site.cm.stop("shepherd")
    ends_s = time.monotonic() + 2.0
    while time.monotonic() < ends_s:
        assert scene.all_lent()
        time.sleep(0.5)
    began_s = time.time()
    scene.site.cm.start("shepherd")
    scene.eventually(lambda: present(scene)["at_s"] > began_s, 30, "the next shepherd shows what is")
    time.sleep(2 * TIMERS["look_s"])
    assert scene.all_lent()
    assert scene.running(cluster) == 2


def present(scene: Scene) -> dict[str, float]:
    """What `shepherd -s --json` says."""
    told: dict[str, float] = json.loads(scene.site.cm.must(("shepherd", "-s", "--json")))
    return told


def test_reloading_bad_settings_changes_nothing(scene: Scene, settings: str) -> None:
    """A typing error must not end the daemon that keeps thousand leases alive, nor half apply."""
    scene.lend()
    cluster = scene.guests()
    bad = settings.replace("idle_jobs_threshold = 3", 'idle_jobs_threshold = "many"').replace("= 8.0", "= 9.0")
    assert bad != settings
    scene.site.cm.write(SETTINGS, bad)
    starts = scene.site.cm.status("shepherd")["starts"]
    scene.site.cm.kill("shepherd", signal.SIGHUP)
    refused = "reload refused, the old settings stay"
    scene.eventually(lambda: log_since(scene, refused), 10, "the reload is refused")
    problem = str(log_since(scene, refused)[-1]["problem"])
    assert SETTINGS in problem
    assert "policy.idle_jobs_threshold" in problem
    time.sleep(2 * TIMERS["cycle_s"])
    assert "below 3" in scene.status()
    assert scene.site.cm.status("shepherd")["starts"] == starts
    assert scene.running(cluster) == 1


def test_reloading_good_settings_applies_them(scene: Scene, settings: str) -> None:
    """Changing a threshold must not need a restart, and must not touch a host that is lent."""
    scene.lend()
    cluster = scene.guests()
    scene.site.cm.write(SETTINGS, settings.replace("idle_jobs_threshold = 3", "idle_jobs_threshold = 7"))
    starts = scene.site.cm.status("shepherd")["starts"]
    scene.site.cm.kill("shepherd", signal.SIGHUP)
    scene.eventually(lambda: "below 7" in scene.status(), 15, "the new threshold is in force")
    assert scene.site.cm.status("shepherd")["starts"] == starts
    assert scene.running(cluster) == 1
    assert scene.all_lent()
