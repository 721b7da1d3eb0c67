"""Both versions of control groups: the one that the other tests' labs do not use is used at least once."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.errors import BadInput
from shepherd.lab import cgroups, engine
from shepherd.lab.cgroups import Cgroups, choose, mounted
from shepherd.lab.eventually import eventually
from shepherd.lab.herd_log import Side
from shepherd.lab.image import docker_socket
from shepherd.lab.settings import FAST_TIMERS
from shepherd.lab.site import Site, SiteSpec
from shepherd.lab.watch import Watch

TIMERS = {**FAST_TIMERS, "young_collector_s": 15.0}
GUESTS = "executable = /bin/sh\narguments = \"-c 'setsid sleep 4711 & sleep 600'\"\nrequest_memory = 32\nqueue 2\n"


@pytest.fixture(scope="module")
def other() -> Iterator[tuple[Site, Watch]]:
    """One host, lent by the real shepherd and keeper, on the version that is not chosen here, where both are."""
    version = next((one for one in mounted().values() if one != choose()), choose())
    limits = {} if mounted_with("pids", version) else {"processes": 0, "memory_percent": 0}
    spec = SiteSpec(
        hosts=1, cgroups=version, shepherd={"timers": TIMERS}, node=limits, start_keepers=True, start_shepherd=True
    )  # fmt: skip
    with Site(spec) as site, Watch(site) as watch:
        eventually(lambda: "f201" in site.flocking_startds(), 60, 0.2, what="p201 is lent")
        yield site, watch


def mounted_with(controller: str, version: Cgroups) -> bool:
    """Whether this machine gives a version that controller: runc refuses a limit that nobody would enforce."""
    if version.version == 1:
        return controller in version.trees
    return controller in Path(version.trees[""], "cgroup.controllers").read_text().split()


@pytest.mark.real
def test_a_host_comes_home_when_its_container_is_killed(other: tuple[Site, Watch]) -> None:
    """The lab knew one version only; keeper and guard had never met the one that Debian has had for years."""
    site, watch = other
    host = site.host("p201")
    assert f'"CgroupVersion":"{site.spec.cgroups.version}"' in engine.ask(docker_socket(host), "GET", "/info")
    site.submit(site.campus, "alice", GUESTS)
    eventually(lambda: len(host.pids("^sleep 4711", containers=True)) == 2, 30, what="guests' jobs run and daemonise")
    before = len(watch.runs("p201", Side.REGULAR))
    site.cm.kill("shepherd", signal.SIGSTOP)
    os.kill(min(host.pids("flock-init", containers=True)), signal.SIGKILL)
    eventually(lambda: "p201" in site.regular_startds(), 30, 0.2, what="p201 is back with nobody's help")
    assert len(watch.runs("p201", Side.REGULAR)) == before + 1
    assert host.pids("^sleep 4711") == []
    assert watch.measured().double_run_ms == 0


def version(number: int) -> Cgroups:
    return Cgroups(version=number, trees={})


def test_which_version_a_lab_uses_is_the_machines_or_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab that asks for what is not there must say so, and not fail somewhere in dockerd."""
    monkeypatch.delenv(cgroups.WANTED, raising=False)
    monkeypatch.setattr(cgroups, "mounted", lambda: {1: version(1), 2: version(2)})
    assert [choose().version, choose(2).version] == [1, 2]
    monkeypatch.setenv(cgroups.WANTED, "2")
    assert choose().version == 2
    monkeypatch.setattr(cgroups, "mounted", lambda: {1: version(1)})
    with pytest.raises(BadInput, match=r"version 2 are asked for; .* has version 1"):
        choose()


@pytest.mark.parametrize(
    ("files", "default", "trees"),
    [
        (["cgroup.controllers"], 2, {2: [""]}),
        (["pids/cgroup.procs", "cpu/cgroup.procs"], 1, {1: ["cpu", "pids"]}),
        (["pids/cgroup.procs", "unified/cgroup.controllers"], 1, {1: ["pids"], 2: [""]}),
        (["cgroup.controllers", "pids/cgroup.procs"], 2, {2: [""]}),
        (["cpu/cgroup.procs", "unified/cgroup.controllers"], 2, {2: [""]}),
    ],
)
def test_what_is_mounted_is_told_from_folders_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: list[str], default: int, trees: dict[int, list[str]]
) -> None:
    """A group that somebody names `pids` on a version 2 machine is no hierarchy of version 1."""
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    monkeypatch.delenv(cgroups.WANTED, raising=False)
    assert {number: list(found.trees) for number, found in mounted().items()} == trees
    assert choose().version == default
