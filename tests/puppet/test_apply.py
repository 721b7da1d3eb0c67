"""Puppet run for real, in a tree where nothing is booted: what it makes, that it makes it once, and that it goes."""

import base64
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from shepherd import __version__
from shepherd.lab.packages import provide_packages
from shepherd.lab.progress import Progress
from shepherd.views import settings_example
from tests.house import sources
from tests.puppet.chroot import Chroot, provide_layers
from tests.puppet.module import FOLDER
from tests.puppet.test_settings import POOL, nested
from tests.puppet.wheels import built

pytestmark = [pytest.mark.real, pytest.mark.limit(280)]
sampled = pytest.mark.large("applies", sample=1)

CHANGED, NOTHING, FAILED = 2, 0, 4
"""Exit codes of `puppet apply --detailed-exitcodes`; 6 is the first and the last at once."""
KEY = """\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
GUARD = "/usr/local/libexec/shepherd/startd-guard"
NODE = nested(settings_example.NODE)
NEXT = "99.1"
NODE_ROLE = "include shepherd::node"
PUPPET_S = 200.0
SITE = "/mnt/site"
"""Where the packages are that the program needs: pip is told to fetch none."""


class Machine:
    """A machine that becomes an image: Puppet is run in it by hand."""

    def __init__(self, place: Path, layers: list[Path], wheels: Mapping[str, Path], packages: Path) -> None:
        self.tree = Chroot(layers, place, networked=False, shown={SITE: packages})
        shutil.copytree(FOLDER, self.tree.shared / "modules/shepherd", ignore=shutil.ignore_patterns("fixtures"))
        self._wheels = wheels
        for wheel in wheels.values():
            shutil.copy(wheel, self.tree.shared)

    def apply(self, code: str, hiera: Mapping[str, object], version: str = "") -> tuple[int, str]:
        """Exit code and words of one run."""
        levels = [{"name": "site", "path": "data.json", "datadir": "/srv", "data_hash": "json_data"}]
        data = {
            "shepherd::wheel": f"/srv/{self._wheels[version].name}",
            "shepherd::pip_options": ["--no-index", "--no-deps"], **hiera,
        }  # fmt: skip
        files = {"hiera.yaml": {"version": 5, "hierarchy": levels}, "data.json": data}
        for name, members in files.items():
            (self.tree.shared / name).write_text(json.dumps(members))
        (self.tree.shared / "site.pp").write_text(code)
        words = ("--detailed-exitcodes", "--color=false", "--modulepath=/srv/modules", "--hiera_config=/srv/hiera.yaml")
        argv = ("puppet", "apply", *words, "/srv/site.pp")
        done = self.tree.run(argv, timeout_s=PUPPET_S, env={"PYTHONPATH": SITE})
        return done.returncode, done.stdout + done.stderr

    def must(self, code: str, expected: int, hiera: Mapping[str, object], version: str = "") -> str:
        """The words of a run that has to end so."""
        ended, said = self.apply(code, hiera, version)
        assert ended == expected, said
        return said

    def settle(self, code: str, hiera: Mapping[str, object], version: str = "") -> str:
        """A run that changes, and one that finds nothing to do; the words of the first."""
        said = self.must(code, CHANGED, hiera, version)
        self.must(code, NOTHING, hiera, version)
        return said

    def read(self, path: str) -> str:
        """A file's text."""
        return self.tree.must("cat", path)

    def version(self) -> str:
        """The program's, as it says it."""
        done = self.tree.run(("shepherd", "--version"), env={"PYTHONPATH": SITE})
        return done.stdout.removeprefix("shepherd ").strip() or done.stderr

    def named(self) -> list[str]:
        """What of ours lies where programs, units and settings are."""
        places = ("/etc", "/opt", "/usr/local", "/var/lib", "/run")
        return sorted(self.tree.must("find", *places, "-name", "*shepherd*", "-prune", "-print").split())


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The program, as it is and as the next version."""
    out = tmp_path_factory.mktemp("wheels")
    return {"": built(out), NEXT: built(out, NEXT)}


@pytest.fixture
def machine(tmp_path: Path, wheels: Mapping[str, Path]) -> Machine:
    """A machine with HTCondor and docker, and with nothing of ours."""
    progress = Progress()
    layers = list(provide_layers(progress))
    return Machine(tmp_path / "machine", layers, wheels, provide_packages(sources.ROOT, progress))


def node(**more: object) -> dict[str, object]:
    """A host's data in Hiera."""
    given = {"settings": NODE, "trusted_keys": {"lease": KEY}, "flock_token": "hush", **more}
    return {f"shepherd::node::{name}": value for name, value in given.items()}


def test_a_host_is_laid_once_and_taken_away_again(machine: Machine) -> None:
    """Hosts were changed at each run, half an hour for half an hour, and nobody could tell why; what came with them
    never went."""
    before = machine.named()
    machine.settle(NODE_ROLE, node())
    guard = machine.tree.must("condor_config_val", "STARTD", "MASTER_STARTD_BACKOFF_FACTOR").split()
    assert guard == [GUARD, "1.0"]
    assert machine.read(GUARD) == (sources.PACKAGE / "programs/guard.py").read_text()
    modes = machine.tree.must("stat", "-c", "%U %a", GUARD, "/etc/shepherd/flock-token")
    assert modes.split() == ["root", "755", "root", "600"]
    assert machine.read("/etc/shepherd/flock-token") == "hush"
    unit = "/etc/systemd/system/shepherd-keeper.service"
    assert machine.read(unit) == (sources.ROOT / "systemd/shepherd-keeper.service").read_text()
    assert machine.tree.must("systemctl", "is-enabled", "shepherd-keeper").strip() == "enabled"
    assert machine.version() == __version__
    machine.settle(NODE_ROLE, node(ensure="absent"))
    assert machine.named() == before
    assert machine.tree.must("condor_config_val", "STARTD").strip() == "/usr/sbin/condor_startd"


@sampled
def test_records_stay_and_are_named(machine: Machine) -> None:
    """Who used the address in March could not be told any more: the host had been taken out of the flock in April."""
    machine.must(NODE_ROLE, CHANGED, node())
    machine.tree.write("/var/lib/shepherd/spool/2026-03.jsonl", "{}\n")
    said = machine.settle(NODE_ROLE, node(ensure="absent"))
    assert "records and evidence of what guests did stay on" in said
    assert "evidence stay in /var/lib/shepherd: 1 files" in said
    assert machine.read("/var/lib/shepherd/spool/2026-03.jsonl") == "{}\n"
    assert machine.named() == ["/var/lib/shepherd"]


@sampled
def test_the_first_stage_leaves_condor_as_it_was(machine: Machine) -> None:
    """The canary's configuration was on all hosts before anybody had looked at the canary."""
    machine.settle(NODE_ROLE, node(rollout="check"))
    assert machine.tree.must("condor_config_val", "STARTD").strip() == "/usr/sbin/condor_startd"
    assert machine.tree.run(("systemctl", "is-enabled", "shepherd-keeper")).stdout.strip() == "disabled"
    machine.settle(NODE_ROLE, node())
    machine.settle(NODE_ROLE, node(rollout="check"))
    assert machine.tree.must("condor_config_val", "STARTD").strip() == "/usr/sbin/condor_startd"


@sampled
def test_settings_that_the_keeper_refuses_never_reach_it(machine: Machine) -> None:
    """A wrong subnet in Hiera, and every keeper was in a restart loop within half an hour."""
    machine.must(NODE_ROLE, CHANGED, node())
    before = machine.read("/etc/shepherd/node.toml")
    ended, said = machine.apply(NODE_ROLE, node(settings=NODE | {"flock_address": "192.0.2.1"}))
    assert ended & FAILED
    assert "192.0.2.1 is not within subnet" in said
    assert machine.read("/etc/shepherd/node.toml") == before


@sampled
def test_a_version_takes_the_place_of_another_and_gives_it_back(machine: Machine) -> None:
    """An upgrade that failed half-way left a hundred keepers without a program."""
    machine.must(NODE_ROLE, CHANGED, node())
    old = machine.tree.must("readlink", "/opt/shepherd").strip()
    machine.tree.write(GUARD, "#!/bin/sh\n", 0o755)
    machine.settle(NODE_ROLE, node(), NEXT)
    assert machine.version() == NEXT
    assert machine.read(GUARD) == "#!/bin/sh\n"
    machine.settle(NODE_ROLE, node(update_guard=True), NEXT)
    assert "host lock" in machine.read(GUARD)
    machine.settle(NODE_ROLE, node())
    assert machine.tree.must("readlink", "/opt/shepherd").strip() == old


@sampled
def test_a_program_that_cannot_be_installed_changes_nothing(machine: Machine) -> None:
    """The index was away for a minute, and the program was gone everywhere."""
    machine.must(NODE_ROLE, CHANGED, node())
    old = machine.tree.must("readlink", "/opt/shepherd").strip()
    options = {"shepherd::pip_options": ["--no-index", "--no-such-option"]}
    ended, _ = machine.apply(NODE_ROLE, node() | options, NEXT)
    assert ended & FAILED
    assert machine.tree.must("readlink", "/opt/shepherd").strip() == old
    machine.settle(NODE_ROLE, node(), NEXT)


@sampled
def test_dockers_settings_of_the_site_are_kept(machine: Machine) -> None:
    """The site's log driver was gone, and with it the logs of every container of the department."""
    machine.tree.write("/etc/docker/daemon.json", '{"log-driver": "journald"}')
    machine.settle(NODE_ROLE, node())
    assert json.loads(machine.read("/etc/docker/daemon.json")) == {
        "log-driver": "journald", "userns-remap": "default", "live-restore": True,
    }  # fmt: skip


@sampled
def test_a_central_manager_makes_its_keys_and_tokens_itself(machine: Machine) -> None:
    """A signing key that Puppet carried about was in its database, its reports, and a backup of each."""
    machine.tree.write("/etc/condor/passwords.d/POOL", os.urandom(32).hex(), 0o600)
    machine.tree.write("/etc/condor/config.d/10-home.conf", "TRUST_DOMAIN = home.example.org\n")
    given = {"settings": nested(settings_example.DAEMON), "icinga_password": "hush"}
    hiera: dict[str, object] = {f"shepherd::central_manager::{name}": value for name, value in given.items()}
    machine.settle("include shepherd::central_manager", hiera | POOL)
    assert machine.tree.must("condor_config_val", "NEGOTIATOR_DEPTH_FIRST").strip() == "True"
    flock = ("env", "CONDOR_CONFIG=/etc/condor-flock/condor_config", "condor_config_val", "TRUST_DOMAIN", "SPOOL")
    assert machine.tree.must(*flock).split() == ["flock.example.org", "/var/lib/condor-flock/spool"]
    for pool in ("home", "flock"):
        token = claims(machine.read(f"/etc/shepherd/tokens.d/{pool}"))
        assert token["sub"] == f"shepherd@{pool}.example.org"
        assert "condor:/ADMINISTRATOR" in str(token["scope"])
    assert machine.tree.must("stat", "-c", "%U %G %a", "/etc/shepherd/tokens.d").split() == ["root", "shepherd", "750"]
    listed = machine.tree.must("stat", "-c", "%n %U %a", *SECRETS).splitlines()
    assert [line.split()[1:] for line in listed] == [["root", "600"]] * 3 + [["shepherd", "600"]] * 2


@sampled
def test_a_dashboard_comes_with_what_it_is_reached_by_and_goes_with_it(machine: Machine) -> None:
    """The secret of a proxy that had been taken down in spring lay there in autumn; the proxy that came after it, on a
    machine of its own, was turned away by the unit."""
    role, web = "include shepherd::central_manager", "shepherd::central_manager"
    secret, unit = "/etc/shepherd/secrets/web-proxy", "/etc/systemd/system/shepherd-web.service"
    plain: dict[str, object] = {f"{web}::settings": nested(settings_example.DAEMON), **POOL}
    proxied = plain | {f"{web}::settings": nested(settings_example.DAEMON) | {
        "web": {"listen": "10.1.0.4:9690", "proxies": ["10.1.0.5"], "proxy_secret": secret},
    }}  # fmt: skip
    machine.settle(role, plain | {f"{web}::dashboard": True})
    assert machine.tree.must("systemctl", "is-enabled", "shepherd-web").strip() == "enabled"
    assert machine.read(unit) == (sources.ROOT / "systemd/shepherd-web.service").read_text()
    machine.settle(role, proxied | {f"{web}::dashboard": True, f"{web}::proxy_secret": "hush"})
    assert machine.tree.must("stat", "-c", "%U %a", secret).split() == ["root", "600"]
    assert machine.read(f"{unit}.d/proxies.conf").endswith("[Service]\nIPAddressAllow=10.1.0.5\n")
    machine.must(role, NOTHING, proxied | {f"{web}::dashboard": True})
    machine.settle(role, plain | {f"{web}::dashboard": True})
    assert machine.tree.run(("ls", secret, f"{unit}.d")).returncode != 0
    assert machine.tree.must("systemctl", "is-enabled", "shepherd-web").strip() == "enabled"
    machine.tree.write(f"{unit}.d/site.conf", "[Service]\nNice=10\n")
    machine.settle(role, plain)
    assert machine.tree.run(("ls", unit)).returncode != 0
    assert machine.tree.must("ls", f"{unit}.d").split() == ["site.conf"]


SECRETS = (
    "/etc/shepherd/keys/lease.key", "/etc/shepherd/secrets/icinga-password", "/etc/condor-flock/passwords.d/POOL",
    "/etc/shepherd/tokens.d/home", "/etc/shepherd/tokens.d/flock",
)  # fmt: skip


def claims(token: str) -> dict[str, object]:
    """What a token says."""
    body = token.strip().split(".")[1]
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


@sampled
def test_roles_come_and_go_one_by_one(machine: Machine) -> None:
    """The gateway moved to another machine, and took the daemon's program with it."""
    before = machine.named()
    both = "include shepherd::central_manager\ninclude shepherd::gateway"
    settings: dict[str, object] = {
        "shepherd::central_manager::settings": nested(settings_example.DAEMON), **POOL,
        "shepherd::gateway::settings": nested(settings_example.GATEWAY),
    }  # fmt: skip
    machine.settle(both, settings)
    machine.settle(both, settings | {"shepherd::gateway::ensure": "absent"})
    assert machine.tree.must("systemctl", "is-enabled", "shepherd").strip() == "enabled"
    assert machine.version() == __version__
    gone = {f"shepherd::{role}::ensure": "absent" for role in ("gateway", "central_manager")}
    machine.settle(both, settings | gone)
    assert machine.named() == before
