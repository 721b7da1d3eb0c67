"""A working host of a pool is rolled out by Puppet, lent, and taken away again. systemd runs there."""

import dataclasses
import json
import shutil
import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd import __version__
from shepherd.core.invariants import breaches
from shepherd.lab.booted import DOCKER
from shepherd.lab.node import Node, command_in_node
from shepherd.lab.progress import Progress
from shepherd.lab.site import Site
from shepherd.lab.watch import Watch
from tests.booted.conftest import limits
from tests.faults.breaking import containers_first
from tests.faults.scene import Scene, spec
from tests.puppet.chroot import provide_layers
from tests.puppet.module import FOLDER
from tests.puppet.wheels import built

NAME = "p201"
PACKAGES = "/opt/shepherd-before-puppet/site:/opt/shepherd/site"
"""Where the lab has the packages that the program needs, once it has moved in and before: pip fetches none."""
MAKE_PLAIN = f"""
systemctl stop shepherd-keeper shepherd-network condor
shepherd node down
rm -rf /etc/systemd/system/shepherd* /etc/systemd/system/condor.service.d /usr/lib/*.d/shepherd.conf /run/shepherd
rm -rf /etc/condor/config.d/50-shepherd-host.conf /usr/local/libexec/shepherd /etc/shepherd /usr/local/bin/shepherd
systemctl daemon-reload
systemctl set-environment PYTHONPATH={PACKAGES} PYTHONDONTWRITEBYTECODE=1
systemctl start condor
"""
WHOLE = "executable = /bin/sleep\narguments = {seconds}\nrequest_cpus = 2\nrequest_memory = 32\nqueue {count}\n"
"""Local jobs that have a host to themselves each."""
CHANGED, NOTHING, FAILED = 2, 0, 4
NEXT = "99.1"
RECORDS = "/var/lib/shepherd-node"
PUPPET_S = 200.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Host:
    """One host, and what its site says of it in Hiera."""

    node: Node
    hiera: dict[str, object]
    settings: dict[str, object]
    """Of the keeper."""

    def with_wheel(self, version: str) -> "Host":
        """The same, whose site wants this version of the program."""
        [wheel] = self.node.must(("sh", "-c", f"ls /srv/*-{version}-*.whl")).split()
        return dataclasses.replace(self, hiera=self.hiera | {"shepherd::wheel": wheel})

    def apply(self, expected: int, **more: object) -> str:
        """The words of a run of Puppet that has to end so."""
        data = self.hiera | {f"shepherd::node::{name}": value for name, value in more.items()}
        self.node.write("/srv/data.json", json.dumps(data))
        words = ("--detailed-exitcodes", "--color=false", "--modulepath=/srv/modules", "--hiera_config=/srv/hiera.yaml")
        argv = ("puppet", "apply", *words, "-e", "include shepherd::node")
        done = self.node.run(argv, timeout_s=PUPPET_S, env={"PYTHONPATH": PACKAGES})
        said = done.stdout + done.stderr
        assert done.returncode == expected, said
        return said

    def keeper(self) -> int:
        """The keeper's process; 0 if it does not run."""
        return int(self.node.must(("systemctl", "show", "--property=MainPID", "--value", "shepherd-keeper")))

    def startd(self) -> int:
        """The regular startd's process, by the machine's number; 0 if there is none."""
        return next(iter(self.node.pids(r"condor_startd\b", containers=False)), 0)

    def holds_lock(self) -> bool:
        """Whether the regular startd holds the host lock."""
        folder = Path(f"/proc/{self.startd()}/fd")
        return any(str(one.readlink()).endswith("/share/host.lock") for one in folder.iterdir())


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A site with two hosts that systemd has booted."""
    with Site(dataclasses.replace(spec(), booted=True, node=limits())) as site, Watch(site) as watch:
        yield Scene(site=site, watch=watch)


@pytest.fixture
def host(scene: Scene, tmp_path: Path) -> Host:
    """One of its hosts, as it was before anybody lent it; with Puppet."""
    node = scene.site.host(NAME)
    files = {name: node.read(f"/etc/shepherd/{name}") for name in ("node.toml", "flock-token", "lease.pub")}
    scene.flockoff("the host is to be a plain one")
    node.must(("sh", "-c", MAKE_PLAIN), timeout_s=100)
    layer, *_ = provide_layers(Progress())
    bring(layer, node, "/")
    bring(delivery(tmp_path), node, "/srv")
    scene.eventually(lambda: NAME in scene.site.accepting_startds(), 60, "the plain host is in the pool")
    scene.began_s, scene.began_wall_s = time.monotonic(), time.time()
    settings = tomllib.loads(files["node.toml"])
    del settings["trusted_keys"]  # which the class derives
    given = {
        "settings": settings, "flock_token": files["flock-token"], "docker_settings": DOCKER,
        "trusted_keys": {"lease": files["lease.pub"]},
    }  # fmt: skip
    hiera: dict[str, object] = {f"shepherd::node::{name}": value for name, value in given.items()}
    hiera["shepherd::pip_options"] = ["--no-index", "--no-deps"]
    return Host(node=node, hiera=hiera, settings=settings).with_wheel(__version__)


def delivery(place: Path) -> Path:
    """What a site carries to its hosts: the module, the program's wheel, and that of another release."""
    srv = place / "srv"
    shutil.copytree(FOLDER, srv / "modules/shepherd", ignore=shutil.ignore_patterns("fixtures"))
    for version in ("", NEXT):
        shutil.copy(built(place, version), srv)
    levels = [{"name": "site", "path": "data.json", "datadir": "/srv", "data_hash": "json_data"}]
    (srv / "hiera.yaml").write_text(json.dumps({"version": 5, "hierarchy": levels}))
    return srv


def bring(tree: Path, node: Node, target: str) -> None:
    """Copy a tree into a running node, but for its accounts, and for what a layer of an overlay marks as removed."""
    files = "find . ! -type c ! -path './etc/passwd*' ! -path './etc/group*' ! -path './etc/*shadow*' -print0"
    packed = f"cd {tree} && {files} | tar --null --no-recursion -T - -cf -"
    inside = command_in_node(node.pid, ("sh", "-c", f"mkdir -p {target} && tar -C {target} -xf -"))
    with subprocess.Popen(("sh", "-c", packed), stdout=subprocess.PIPE) as source:
        assert subprocess.run(inside, stdin=source.stdout, check=False, timeout=60).returncode == 0


@pytest.mark.real
@pytest.mark.limit(480)
@pytest.mark.large("laid on a plain host", sample=1)
def test_a_working_host_is_rolled_out_lent_and_taken_away(scene: Scene, host: Host) -> None:
    """The rollout was begun at noon: a week's jobs were killed for a new startd, and again when it was taken back."""
    # Under a running job nothing of HTCondor's is restarted, and the host is not lent.
    job = scene.site.submit(scene.site.cm, "carol", WHOLE.format(seconds=900, count=2))
    scene.eventually(lambda: len(scene.site.queue(scene.site.cm, "JobStatus == 2")) == 2, 60, "both hosts work")
    before = host.startd()
    host.apply(CHANGED)
    assert host.startd() == before
    scene.flockon()
    host.apply(NOTHING)
    assert host.node.pids(".", containers=True) == []
    assert scene.site.queue(scene.site.cm, f"ClusterId == {job} && NumJobStarts > 1") == []

    # Without one the regular startd is restarted behind the guard, once.
    scene.flockoff("the job ends")
    scene.site.cm.must(("condor_rm", "-all"))
    scene.eventually(lambda: not scene.site.queue(scene.site.cm), 30, "the jobs are gone")
    scene.eventually(lambda: not host.node.pids("condor_starter", containers=False), 30, "and so are their starters")
    host.apply(CHANGED)
    assert host.holds_lock()
    host.apply(NOTHING)
    scene.eventually(lambda: NAME in scene.site.accepting_startds(), 60, "it is in the pool")

    # It is lent, and Puppet is no reason for a lend to end.
    scene.flockon()
    scene.eventually(lambda: scene.is_lent(NAME), 120, "it is lent")
    containers = containers_first(scene)
    host.apply(NOTHING)
    settings = host.settings | {"report_s": 250.0}
    host.apply(CHANGED, settings=settings)
    assert containers_first(scene) == containers

    # A wrong setting comes with another release. What that run left undone the next does, though it changes no file.
    keeper, host = host.keeper(), host.with_wheel(NEXT)
    said = host.apply(CHANGED | FAILED, settings=settings | {"flock_address": "192.0.2.1"})
    assert "192.0.2.1 is not within subnet" in said
    assert host.keeper() == keeper
    host.apply(CHANGED, settings=settings)
    assert host.keeper() not in {0, keeper}
    host.apply(NOTHING, settings=settings)
    assert containers_first(scene) == containers

    # Taken away while it is lent: the lend ends, the host works for its own pool, and nothing is left.
    said = host.apply(CHANGED, ensure="absent")
    assert "ending the lend of" in said
    scene.eventually(lambda: scene.is_home(NAME), 60, "its regular startd takes work")
    host.apply(NOTHING, ensure="absent")
    assert host.node.must(("condor_config_val", "STARTD")).strip() == "/usr/sbin/condor_startd"
    # The image is dockerd's, and when a timer last ran is systemd's to remember. What guests did stays, and is named.
    kept = ("(", "-path", "/var/lib/docker", "-o", "-path", "/var/lib/systemd/timers", ")", "-prune", "-o")
    places = ("/etc", "/usr/local", "/var/lib", "/run")
    found = host.node.must(("find", *places, *kept, "-name", "*shepherd*", "-prune", "-print"))
    assert found.split() == [RECORDS]
    assert f"traceability records and evidence stay in {RECORDS}" in said
    files = host.node.must(("find", RECORDS, "-type", "f")).split()
    assert {path.split("/")[4] for path in files} <= {"recorder", "spool"}
    assert breaches(scene.facts()) == ()
