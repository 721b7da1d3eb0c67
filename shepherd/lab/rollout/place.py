"""The site of the rollout: everything of the lab, and one machine that really boots as one more host of it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from shepherd.lab.image import provide_image
from shepherd.lab.node import SOURCE
from shepherd.lab.progress import Progress
from shepherd.lab.rollout.disk import Disk, provide_disk, provide_docker_disk
from shepherd.lab.rollout.machine import Machine
from shepherd.lab.rollout.wheels import provide_delivery
from shepherd.lab.rootfs import provide_trees
from shepherd.lab.settings import Table
from shepherd.lab.site import Site, SiteSpec

TIMERS: Table = {
    "look_s": 2.0, "lease_s": 300.0, "renew_s": 20.0, "drain_deadline_s": 10.0, "start_deadline_s": 34.0,
    "graceful_s": 20.0, "fast_s": 20.0, "kill_s": 30.0, "home_deadline_s": 240.0, "arm_deadline_s": 300.0,
    "command_s": 60.0, "stale_factor": 8.0,
}  # fmt: skip
"""Slower than the lab's by what an emulated processor needs; what keeps a host from being without a startd for a minute
cannot be: drain and start together stay below 45 s."""
POLICY: Table = {"kind": "threshold", "idle_jobs_threshold": 1, "reserve": 0.0, "lend_per_cycle": 10, "cooling_s": 20.0}


@dataclass(frozen=True, kw_only=True)
class Place:
    """The site and its machine."""

    site: Site
    machine: Machine
    disk: Disk
    progress: Progress


@contextlib.contextmanager
def place(progress: Progress, *, neighbours: int) -> Iterator[Place]:
    """A site with so many hosts that are nodes, and a machine that is booting; the shepherd is not started."""
    trees = provide_trees(progress)
    disk = provide_disk(trees, progress)
    docker = provide_docker_disk(provide_image(trees, SOURCE / "images/flock", progress), progress)
    spec = SiteSpec(
        hosts=neighbours, machines=1, start_keepers=True, shepherd={"timers": TIMERS, "policy": POLICY}
    )  # fmt: skip
    with Site(spec, progress=progress) as site:
        delivery = provide_delivery(SOURCE, site.state.bulk / "delivery.ext4", progress)
        machine = Machine(
            names=site.machines[0], state=site.state, fabric=site.fabric, disk=disk, docker=docker, delivery=delivery
        )  # fmt: skip
        try:
            machine.switch_on()
            yield Place(site=site, machine=machine, disk=disk, progress=progress)
        finally:
            machine.shut_off()
