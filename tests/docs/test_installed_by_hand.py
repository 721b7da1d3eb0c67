"""install.md, typed from top to bottom in a tree of Debian with HTCondor in it: what it lays is what Puppet lays."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd import __version__
from shepherd.lab.packages import provide_packages
from shepherd.lab.progress import Progress
from tests.docs import pages
from tests.house import sources
from tests.puppet.chroot import Chroot, provide_layers
from tests.puppet.wheels import built

pytestmark = [pytest.mark.real, pytest.mark.limit(280), pytest.mark.large("laid on a plain host", sample=1)]

PAGE = pages.DOCS / "install.md"
SITE = "/mnt/site"
"""Where the packages are that the program needs: pip fetches none."""
ENVIRONMENT = {"PYTHONPATH": SITE, "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "1"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
AWAY = ("condor_reconfig", "condor_restart", "apparmor_parser", "systemctl")
"""They talk to what does not run in a tree that nobody has booted; they say what they were told."""
TYPED_ELSEWHERE = re.compile(
    r"^(?:shepherd (?:check(?! --effective)|ledger|plan|-s|flockon|image)|debootstrap|chroot|tree=)|\$tree"
)
"""What needs a site, or is tried by test_typed."""
FILES = {
    "TRUST_DOMAIN = ": "/etc/condor-flock/config.d/10-site.conf",
    "RELEASE_DIR = ": "/etc/shepherd/condor_config",
    '{"userns-remap"': "/etc/docker/daemon.json",
}
"""By their beginning, the files that the page shows, and where it says that they go."""


def steps() -> Iterator[tuple[str, str]]:
    """Files and blocks of shell, in the order of the page."""
    for found in re.finditer(r"^```(sh|text|json)\n(.*?)^```$", pages.text_of(PAGE), re.MULTILINE | re.DOTALL):
        language, text = found[1], found[2]
        if language != "sh":
            yield next(place for head, place in FILES.items() if text.startswith(head)), text
        elif kept := [line for line in text.splitlines() if not TYPED_ELSEWHERE.search(line)]:
            yield "", "\n".join(kept)


@pytest.fixture(name="tree")
def a_machine(tmp_path: Path) -> Chroot:
    """With HTCondor and docker, and the wheel and the lock in the directory where the first commands are typed."""
    progress = Progress()
    packages = provide_packages(sources.ROOT, progress)
    tree = Chroot(list(provide_layers(progress)), tmp_path / "machine", networked=False, shown={SITE: packages})
    wheel = built(tmp_path)
    (tree.shared / wheel.name).write_bytes(wheel.read_bytes())
    (tree.shared / "requirements.lock").write_bytes((sources.ROOT / "requirements.lock").read_bytes())
    for name in AWAY:
        tree.write(f"/usr/local/sbin/{name}", f'#!/bin/sh\necho "{name} $*" >>/srv/told\n', 0o755)
    tree.must("groupadd", "GROUP")
    tree.must("mkdir", "-p", "/etc/apparmor.d")
    tree.must("sh", "-ec", "umask 077; mkdir -p /etc/condor/passwords.d; echo 4711 >/etc/condor/passwords.d/POOL")
    return tree


def test_whoever_types_the_page_has_it_installed(tree: Chroot) -> None:
    """The third command needed what the seventh made; everybody who knew that had installed it long ago."""
    here = "/srv"
    for place, text in steps():
        if place:
            tree.write(place, text)
            continue
        script = f"cd {here}\n{text.replace('VERSION', __version__)}"
        done = tree.run(("bash", "-ec", script), env={**ENVIRONMENT, "PATH": PATH})
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        here = next(iter(re.findall(r"^cd (\S+)$", text, re.MULTILINE)), here)
    told = (tree.shared / "told").read_text()
    assert re.findall(r"^systemctl .*--now (.*)$", told, re.MULTILINE) == [
        "shepherd", "shepherd-web", "shepherd-gateway", "shepherd-network shepherd-keeper shepherd-audit.timer",
    ]  # fmt: skip
    guard = tree.must("condor_config_val", "STARTD").strip()
    assert guard == "/usr/local/libexec/shepherd/startd-guard"
    assert tree.must("stat", "-c", "%U %a", guard).split() == ["root", "755"]
    owners = tree.must("stat", "-c", "%U %a", "/etc/shepherd/tokens.d/home", "/etc/shepherd/keys/lease.key").split()
    assert owners == ["shepherd", "600", "root", "600"]
    units = tree.must("sh", "-c", "ls /etc/systemd/system | grep shepherd").split()
    shipped = [path.name for kind in ("service", "timer") for path in (sources.ROOT / "systemd").glob(f"*.{kind}")]
    assert sorted(units) == sorted(shipped)

