"""One site that systemd booted, for all tests of this folder; each begins calm and ends with the invariants checked."""

import dataclasses
from collections.abc import Iterator

import pytest

from shepherd.lab.booted import BootedNode
from shepherd.lab.cgroups import choose
from shepherd.lab.site import Site
from shepherd.lab.watch import Watch
from tests.faults.scene import Scene, spec

TEXTFILE = "/run/shepherd-metrics/shepherd.prom"


def limits() -> dict[str, object]:
    """Limits of containers that this machine's control groups cannot keep are not asked for."""
    there = (choose(2).trees[""] / "cgroup.controllers").read_text().split()
    wanted = {"processes": "pids", "memory_percent": "memory"}
    return {setting: 0 for setting, controller in wanted.items() if controller not in there}


@pytest.fixture(scope="package")
def booted_site() -> Iterator[tuple[Site, Watch]]:
    """Two hosts, keepers and shepherd running under their units, watched from outside."""
    plain = spec()
    shepherd = {**plain.shepherd, "metrics": {"textfile": TEXTFILE}}
    asked = dataclasses.replace(plain, booted=True, node=limits(), shepherd=shepherd)
    with Site(asked) as site, Watch(site) as watch:
        yield site, watch


@pytest.fixture
def scene(booted_site: tuple[Site, Watch]) -> Iterator[Scene]:
    """Calm before, checked after."""
    site, watch = booted_site
    made = Scene(site=site, watch=watch)
    made.calm()
    yield made
    made.check()


@pytest.fixture
def cm(scene: Scene) -> BootedNode:
    """The central manager."""
    return booted(scene, "cm")


@pytest.fixture
def host(scene: Scene) -> BootedNode:
    """One of the hosts."""
    return booted(scene, "p201")


def booted(scene: Scene, name: str) -> BootedNode:
    """A node that systemd booted."""
    node = scene.site.nodes[name]
    assert isinstance(node, BootedNode)
    return node
