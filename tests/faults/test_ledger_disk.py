"""The ledger's disk is full: nothing is lent, reclaims go on, and the gap is on record afterwards."""

import time
from collections.abc import Iterator

import pytest

from shepherd.lab.pools import SHEPHERD_DIRECTORIES
from tests.faults.breaking import flocking_starts_s, records, shown
from tests.faults.scene import Scene

pytestmark = [pytest.mark.real, pytest.mark.large("processes, pages and disks", sample=1)]

STATE = "/var/lib/shepherd"
INSTANCE = f"{STATE}/instance"
FILL = f"dd if=/dev/zero of={STATE}/filling bs=4k 2>/dev/null; true"
FREE = ("rm", "-f", f"{STATE}/filling")


@pytest.fixture
def small_disk(scene: Scene) -> Iterator[Scene]:
    """The shepherd's state on a disk of its own, of eight megabytes; it remains the same shepherd."""
    cm = scene.site.cm
    scene.eventually(lambda: cm.run(("test", "-s", INSTANCE)).returncode == 0, 20, "the shepherd has begun")
    cm.stop("shepherd")
    instance = cm.read(INSTANCE)
    cm.must(("mount", "-t", "tmpfs", "-o", "size=8m", "ledger", STATE))
    cm.must(("sh", "-e", "-c", SHEPHERD_DIRECTORIES))
    cm.write(INSTANCE, instance, owner="shepherd")
    cm.start("shepherd")
    yield scene
    cm.run(FREE)
    scene.flockoff("the disk is taken away")
    scene.eventually(scene.all_home, 60, "all hosts are at home")
    scene.keep_records()
    cm.stop("shepherd")
    cm.must(("umount", "-l", STATE))
    cm.start("shepherd")


def test_a_full_disk_stops_lending_but_no_reclaim(small_disk: Scene) -> None:
    """The disk filled at night; in the morning nobody could say who had been where, and hosts still went out."""
    scene, cm = small_disk, small_disk.site.cm
    scene.lend()
    cm.must(("sh", "-c", FILL))
    burst = scene.local(6, seconds=1)
    scene.eventually(lambda: scene.done(burst) == 6, 60, "the burst brings hosts home and is done")
    full_s = time.monotonic()
    scene.eventually(scene.all_home, 30, "both came home")
    time.sleep(12)
    assert not [start for start in flocking_starts_s(scene) if start > full_s]
    assert cm.status("shepherd")["state"] == "active"
    assert "disk" in scene.status().lower() or "full" in scene.status().lower()
    cm.must(FREE)
    scene.eventually(lambda: records(scene, "gap"), 20, "the gap is on record")
    assert records(scene, "gap")[0]["body"]["lost_entries"] > 0
    scene.eventually(scene.all_lent, 40, "hosts are lent again")
    assert shown(scene)["problems"] == []
