"""What Puppet runs on a machine, run on a tree that stands for one: its files, and programs that answer from files."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from shepherd.views import settings_example
from tests.puppet.module import Catalog, Module
from tests.puppet.test_settings import POOL, nested

pytestmark = pytest.mark.real

ROLES = "include shepherd::node\ninclude shepherd::gateway\ninclude shepherd::central_manager\n"
NODE = nested(settings_example.NODE)
PUBLIC = "/etc/shepherd/keys/lease.key.pub"
GOES, LAYS = "shepherd: the host goes home", "shepherd: dockerd has its settings"
DAEMON_JSON = "/etc/docker/daemon.json"
OF_MACHINE = re.compile(r"(?<![\w.])/(etc|opt|run|sys|proc|usr|var)/")
PROGRAMS = {
    "systemctl": 'echo "$@" >>{root}/calls',
    "sleep": 'echo $(($(cat {root}/clock) + 10 * $1)) >{root}/clock; cat {root}/later >{root}/reason',
    "date": "cat {root}/clock",
    "pgrep": "[ $6 = condor_startd ]",
    "condor_config_val": "echo {root}/address",
    "condor_status": "cat {root}/reason",
}
"""The host's startd runs, and is drained for a reason that another follows in the next look. Nobody waits."""


class Tree:
    """A machine's files below a directory, and programs of the names that scripts call."""

    def __init__(self, root: Path, catalog: Catalog) -> None:
        self.root, self._catalog = root, catalog
        texts = {"/clock": "0", "/address": "<127.0.0.1:9618>\n"}
        for path in ("/clock", "/address", "/reason", "/later", "/run/systemd/system/x"):
            self.write(path, texts.get(path, ""))
        for name, script in PROGRAMS.items():
            self.write(f"/bin/{name}", f"#!/bin/sh\n{script.format(root=root)}\n").chmod(0o755)

    def write(self, path: str, text: str) -> Path:
        """A file of the machine."""
        file = self.at(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def at(self, path: str) -> Path:
        """Where a file of the machine lies."""
        return self.root / path.lstrip("/")

    def run(self, title: str, part: str = "command") -> subprocess.CompletedProcess[str]:
        """A script of this `exec`."""
        script = str(self._catalog.parameter(f"Exec[{title}]", part))
        moved = OF_MACHINE.sub(lambda found: f"{self.root}{found[0]}", script)
        moved = moved.replace(f"{self.root}/opt/shepherd/bin/python", sys.executable)
        path = f"{self.root}/bin:{os.environ['PATH']}"
        argv = ("sh", "-c", moved)
        return subprocess.run(
            argv, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False, timeout=30
        )

    def calls(self) -> Iterable[str]:
        """What systemctl was called with."""
        calls = self.at("/calls")
        return calls.read_text().splitlines() if calls.exists() else ()


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """A host at the stage before lending, on a machine that ceases to be central manager and gateway."""
    hiera: dict[str, object] = {
        "shepherd::node::settings": NODE, "shepherd::node::rollout": "check",
        "shepherd::gateway::ensure": "absent", "shepherd::central_manager::ensure": "absent", **POOL,
    }  # fmt: skip
    return Module(tmp_path_factory.mktemp("puppet")).catalog(ROLES, hiera)


@pytest.fixture
def tree(tmp_path: Path, catalog: Catalog) -> Tree:
    """A machine."""
    return Tree(tmp_path, catalog)


def test_dockerds_other_settings_stay_as_they_are_and_so_does_the_mode(tree: Tree) -> None:
    """The password of a proxy was in the database of all hosts, and readable for everybody on each."""
    secret = {"proxies": {"http-proxy": "http://u:sécret@proxy:3128"}, "live-restore": False}
    file = tree.write(DAEMON_JSON, json.dumps(secret))
    file.chmod(0o640)
    assert tree.run(LAYS, "onlyif").returncode == 0
    done = tree.run(LAYS)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert json.loads(file.read_text()) == secret | {"live-restore": True, "userns-remap": "default"}
    assert file.stat().st_mode & 0o777 == 0o640
    assert tree.run(LAYS, "onlyif").returncode == 1
    assert [path.name for path in file.parent.iterdir()] == ["daemon.json"]


def test_dockerds_settings_are_made_where_there_are_none(tree: Tree) -> None:
    """The first host of a rack had had a dockerd."""
    tree.at(DAEMON_JSON).parent.mkdir(parents=True)
    assert tree.run(LAYS, "onlyif").returncode == 0
    assert tree.run(LAYS).returncode == 0
    assert json.loads(tree.at(DAEMON_JSON).read_text()) == {"live-restore": True, "userns-remap": "default"}
    assert tree.at(DAEMON_JSON).stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("text", ["{,}", "[]"])
def test_dockerds_settings_that_are_none_are_left_alone(text: str, tree: Tree) -> None:
    """A comma too many, and what the site had set was gone."""
    tree.write(DAEMON_JSON, text)
    assert tree.run(LAYS, "onlyif").returncode == 0
    done = tree.run(LAYS)
    assert done.returncode == 1
    assert "is no JSON object; mend it, or" in done.stderr
    assert tree.at(DAEMON_JSON).read_text() == text


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("image/overlay2/imagedb/content/sha256/0123", "1 images"),
        ("containers/0123/config.v2.json", "1 containers"),
        ("volumes/database/_data/x", "1 volumes"),
    ],
)
def test_what_the_site_has_in_docker_is_not_hidden_from_it(file: str, said: str, tree: Tree) -> None:
    """The department's database was gone after the rollout's first stage: its volume was in another data directory."""
    settings = json.dumps({"data-root": str(tree.at("/srv/docker"))})
    tree.write(DAEMON_JSON, settings)
    tree.write(f"/srv/docker/{file}", "")
    done = tree.run(LAYS)
    assert done.returncode == 1
    assert said in done.stderr
    assert "manage_docker: false" in done.stderr
    assert tree.at(DAEMON_JSON).read_text() == settings
    # Whoever writes it by hand knows.
    tree.write(DAEMON_JSON, json.dumps({**json.loads(settings), "userns-remap": "default"}))
    assert tree.run(LAYS).returncode == 0


def test_a_router_stays_behind_its_firewall_while_it_has_the_vlan(tree: Tree) -> None:
    """The gateway had been moved; after the next power cut the old one routed the VLAN into the private network."""
    forwarding = tree.write("/proc/sys/net/ipv4/conf/em1.2512/forwarding", "1\n")
    tree.write("/etc/shepherd/gateway.toml", "routes_for_others = true\n")
    tree.write("/sys/class/net/em1.2512/mtu", "")
    done = tree.run("shepherd: the gateway ends")
    assert done.returncode == 1
    assert "take the interface em1.2512 away" in done.stderr
    assert (list(tree.calls()), forwarding.read_text()) == ([], "1\n")
    tree.at("/sys/class/net/em1.2512").rename(tree.at("/sys/class/net/em1"))
    assert tree.run("shepherd: the gateway ends").returncode == 0
    assert list(tree.calls()) == ["disable --now shepherd-gateway"]


def test_a_gateway_that_routes_for_nobody_else_is_closed(tree: Tree) -> None:
    """A gateway that was taken away went on to forward, by rules that nobody watched any more."""
    forwarding = tree.write("/proc/sys/net/ipv4/conf/em1.2512/forwarding", "1\n")
    tree.write("/etc/shepherd/gateway.toml", "")
    tree.write("/sys/class/net/em1.2512/mtu", "")
    assert tree.run("shepherd: the gateway ends").returncode == 0
    assert (list(tree.calls()), forwarding.read_text()) == (["disable --now shepherd-gateway"], "0\n")


@pytest.mark.parametrize(
    ("there", "goes"),
    [
        ({}, True),
        ({"shepherd.toml": ""}, False),
        ({"node.toml": f'trusted_keys = ["{PUBLIC}"]'}, False),
        ({"node.toml": 'trusted_keys = ["/etc/shepherd/keys/lease.pub"]'}, True),
    ],
)
def test_the_public_key_goes_with_the_last_role_that_needs_it(there: dict[str, str], goes: bool, tree: Tree) -> None:
    """A host's role was taken off the central manager, and the key that hosts are given was gone."""
    key = tree.write(PUBLIC, "")
    for name, text in there.items():
        tree.write(f"/etc/shepherd/{name}", text.replace("/etc/", f"{tree.root}/etc/"))
    title = "shepherd: remove the public key (shepherd::central_manager)"
    assert (tree.run(title, "onlyif").returncode == 0) == goes
    assert tree.run(title).returncode == 0
    assert not key.exists()
    assert tree.run(title, "onlyif").returncode == 1


OURS = "shepherd:p220.example.org.1790000000.0123abcd\n"


@pytest.fixture
def lent(tree: Tree) -> Tree:
    """A host whose keeper has just been stopped by Puppet."""
    tree.write("/etc/systemd/system/shepherd-keeper.service", "")
    return tree


@pytest.mark.parametrize(
    ("before", "after", "home"),
    [
        (OURS, "", True),
        (OURS, OURS, False),
        ("maintenance by shepherd: Anna\n", "maintenance by shepherd: Anna\n", True),
        ("", "", True),
    ],
)
def test_a_host_is_home_when_its_startd_takes_work(before: str, after: str, home: bool, lent: Tree) -> None:
    """Puppet was content with a startd that was drained for a lend which never came: the host worked for nobody."""
    lent.write("/reason", before)
    lent.write("/later", after)
    done = lent.run(GOES)
    assert (done.returncode == 0) == home, done.stderr
    assert ("disable shepherd-keeper" in lent.calls()) == home
    assert (OURS.strip() in done.stderr) != home
    assert (lent.at("/clock").read_text().strip() == "0") == (before == after and home)


def test_a_startd_that_does_not_answer_is_not_home(lent: Tree) -> None:
    """A startd hung in its start, and the host was taken to be well."""
    lent.write("/bin/condor_status", "#!/bin/sh\nexit 1\n")
    done = lent.run(GOES)
    assert done.returncode == 1
    assert "(it does not answer)" in done.stderr


def test_a_startd_that_somebody_has_turned_off_is_not_waited_for(lent: Tree) -> None:
    """An administrator had said condor_off, and Puppet failed every half an hour."""
    lent.write("/bin/pgrep", "#!/bin/sh\nexit 1\n")
    assert lent.run(GOES).returncode == 0
    assert int(lent.at("/clock").read_text()) == 30


REMOVES = "shepherd: remove the program"


@pytest.fixture
def unused(tree: Tree) -> Tree:
    """A machine whose last role has just gone."""
    for path in ("/usr/local/bin/x", "/usr/local/share/x", "/opt/shepherd-0.1/complete"):
        tree.write(path, "")
    tree.at("/opt/shepherd").symlink_to(tree.at("/opt/shepherd-0.1"))
    for name in ("getent", "pgrep"):
        tree.write(f"/bin/{name}", "#!/bin/sh\nexit 1\n")
    return tree


def test_public_keys_go_with_the_last_role_and_a_sites_own_pair_stays(unused: Tree) -> None:
    """A host that was a plain one again had keys of three years in it, and Puppet called them no work of its own."""
    for name in ("lease.pub", "lease-2025.pub", "own", "own.pub"):
        unused.write(f"/etc/shepherd/keys/{name}", "")
    assert unused.run(REMOVES, "onlyif").returncode == 0
    done = unused.run(REMOVES)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in unused.at("/etc/shepherd/keys").iterdir()) == ["own", "own.pub"]
    assert "files that Puppet did not make stay" in done.stdout
    assert not unused.at("/opt/shepherd-0.1").exists()


def test_nothing_is_left_where_nobody_had_anything_of_their_own(unused: Tree) -> None:
    """An empty directory was a finding of the next inventory."""
    unused.write("/etc/shepherd/keys/lease.pub", "")
    done = unused.run(REMOVES)
    assert (done.returncode, done.stdout) == (0, "")
    assert not unused.at("/etc/shepherd").exists()
    assert unused.run(REMOVES, "onlyif").returncode == 1
