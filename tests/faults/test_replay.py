"""Old lease pages, sent again by somebody who may advertise, lend nothing."""

import signal
import time

import pytest

from shepherd.lab.pools import SHEPHERD_CONFIG
from tests.faults.breaking import kill_collector
from tests.faults.scene import Scene

pytestmark = [pytest.mark.real, pytest.mark.large("processes, pages and disks", sample=1)]

PAGES = 'MyType == "ShepherdLeasePage"'
SENT = ("MyType", "Name", "Page", "Pages", "Payload", "Serial", "KeyId", "Signature")
RUNS = {"CONDOR_CONFIG": SHEPHERD_CONFIG, "HOME": "/var/lib/shepherd"}
QUIET_S = 10.0


def pages(scene: Scene) -> str:
    """The pages in the home collector, as ads."""
    asked = ("condor_status", "-license", "-long", "-constraint", PAGES)
    return scene.site.cm.must(asked, user="shepherd", env=RUNS)


def replay(scene: Scene, recorded: str) -> None:
    """Send recorded pages again, as they were sent first."""
    for number, ad in enumerate(recorded.strip().split("\n\n")):
        text = "".join(f"{line}\n" for line in ad.splitlines() if line.partition(" ")[0] in SENT)
        scene.site.cm.write(f"/tmp/page-{number}", text)
        sent = ("condor_advertise", "UPDATE_LICENSE_AD", f"/tmp/page-{number}")
        scene.site.cm.must(sent, user="shepherd", env=RUNS)


def payloads(ads: str) -> set[str]:
    """The signed parts of pages."""
    return {line for line in ads.splitlines() if line.startswith("Payload")}


@pytest.mark.parametrize("collector", ["as it was", "empty"])
def test_replayed_lease_pages_lend_nothing(scene: Scene, collector: str) -> None:
    """Whoever may advertise could otherwise give a host to guests with a page of a minute ago."""
    scene.lend()
    recorded = pages(scene)
    assert payloads(recorded)
    scene.flockoff("home")
    scene.eventually(scene.all_home, 40, "all hosts are at home")
    scene.site.cm.stop("shepherd")
    try:
        if collector == "empty":
            kill_collector(scene, "condor")
        replay(scene, recorded)
        scene.eventually(lambda: payloads(pages(scene)) == payloads(recorded), 10, "only the old pages are there")
        scene.site.host("p201").kill("keeper", signal.SIGKILL)
        nothing_starts(scene)
    finally:
        scene.site.cm.start("shepherd")


def nothing_starts(scene: Scene) -> None:
    """No container begins while keepers have time to read the pages several times."""
    ends_s = time.monotonic() + QUIET_S
    while time.monotonic() < ends_s:
        assert not any(host.pids("flock-init", containers=True) for host in scene.site.hosts)
        time.sleep(0.3)
