"""The tree every node of the lab runs on, and the smaller one that the flock image is made of.

Debian's `forky` is used because it is the one with HTCondor 25; bookworm's debootstrap has no script of that name, but
all of them are the same script as `sid`.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shepherd.core.image.describe import recipe_problems
from shepherd.edges.settings_file import read_recipe
from shepherd.lab import cache
from shepherd.lab.command import must, run
from shepherd.lab.mirror import choose_mirror, proxy_environment
from shepherd.lab.progress import Progress

FLOCK = read_recipe(Path(__file__).parents[2] / "images/flock/recipe.toml", recipe_problems)
SUITE = FLOCK.suite
SCRIPT = "/usr/share/debootstrap/scripts/sid"
NODE_PACKAGES = (
    "docker.io", "docker-registry", "nftables", "conntrack", "iproute2", "procps", "strace", "iputils-ping",
    "libfaketime", "sudo",
)  # fmt: skip
LEFT_OUT = (
    "./proc/*", "./sys/*", "./dev/*", "./run/*", "./tmp/*", "./var/lib/apt/lists/*", "./var/cache/apt/*",
    "./usr/share/doc/*", "./usr/share/locale/*", "./usr/share/man/*", "./etc/apt/apt.conf.d/99lab-expired",
    "./usr/sbin/policy-rc.d",
)  # fmt: skip
_RECIPE = "5"
REMAPPED_ROOT = 100000
"""Who root of a container is on a node whose dockerd maps accounts."""
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True, kw_only=True)
class Trees:
    """Finished trees: `root` for nodes, `image` for the flock image; both are read-only to their users."""

    root: Path
    image: Path
    condor_version: str
    key: str


def provide_trees(progress: Progress) -> Trees:
    """Both trees, from the cache or built (about 80 s with a near mirror). Safe to call from several labs at once."""
    key = cache.digest(_RECIPE, SUITE, *FLOCK.packages, "|", *NODE_PACKAGES, *LEFT_OUT)
    home = cache.provide("rootfs", key, lambda draft: _build(draft, progress))
    version = cache.facts(home)["condor_version"]
    return Trees(root=home / "root", image=home / "image", condor_version=version, key=home.name)


def _build(draft: Path, progress: Progress) -> Mapping[str, str]:
    root, image = draft / "root", draft / "image"
    progress.say(f"no cached rootfs: building Debian {SUITE} with HTCondor and Docker")
    with progress.step("debootstrap"):
        _bootstrap(root)
    _quieten(root)
    refresh_lists(root, progress)
    with progress.step("HTCondor installed"):
        install(root, FLOCK.packages)
    with progress.step("image tree set aside"):
        _copy_without(root, image)
    with progress.step("Docker, nftables and tools installed"):
        install(root, NODE_PACKAGES)
        must(("chroot", str(root), "apt-get", "clean"))
    shutil.rmtree(root / "var/lib/apt/lists", ignore_errors=True)
    _make_remapped_accounts(root)
    version = must(("chroot", str(root), "dpkg-query", "-W", "-f", "${Version}", "condor")).strip()
    return {"condor_version": version, "suffix": "condor-" + version.replace("+", "_").replace(":", "_")}


def _make_remapped_accounts(root: Path) -> None:
    """What `dockerd --userns-remap=default` would make by itself, with fixed numbers."""
    must(("chroot", str(root), "useradd", "--system", "--no-create-home", "--user-group", "dockremap"))
    for name in ("subuid", "subgid"):
        (root / "etc" / name).write_text(f"dockremap:{REMAPPED_ROOT}:65536\n")


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PROXIES if name in os.environ}
    base = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    return {**base, **passed, **proxy_environment()}


def _bootstrap(root: Path) -> None:
    argv = ("debootstrap", "--variant=minbase", SUITE, str(root), choose_mirror(), SCRIPT)
    must(argv, timeout_s=900, env=_environment())


def _quieten(root: Path) -> None:
    """No package may start a daemon while it is installed, and nothing recommended comes along."""
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    (root / "etc/apt/apt.conf.d/98lab").write_text('APT::Install-Recommends "false";\nAcquire::Languages "none";\n')


def inside(root: Path, *argv: str) -> list[str]:
    """The command line that runs `argv` in a tree, with a /proc of its own there."""
    proc = root / "proc"
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={proc}", "chroot", str(root), *argv]


def refresh_lists(root: Path, progress: Progress) -> None:
    """The tree's lists of packages, anew. Raises CommandFailed, Unavailable."""
    update = inside(root, "apt-get", "-o", "APT::Update::Error-Mode=any", "update")
    first = run(update, timeout_s=300, env=_environment())
    if first.returncode == 0:
        return
    if "expired" not in first.stderr and "not valid" not in first.stderr:
        must(update, timeout_s=300, env=_environment())
        return
    progress.say("the mirror's index is past its date: accepted for this tree only (signatures are still checked)")
    (root / "etc/apt/apt.conf.d/99lab-expired").write_text('Acquire::Check-Valid-Until "false";\n')
    must(update, timeout_s=300, env=_environment())


def install(root: Path, packages: tuple[str, ...]) -> None:
    """Install packages in a tree. Raises CommandFailed, Unavailable."""
    must(
        inside(root, "apt-get", "install", "-y", "--no-install-recommends", *packages),
        timeout_s=900,
        env=_environment(),
    )


def _copy_without(root: Path, image: Path) -> None:
    image.mkdir()
    left_out = [f"--exclude={pattern}" for pattern in LEFT_OUT]
    script = 'tar -C "$0" "${@:2}" -cf - . | tar -C "$1" -xf -'
    must(("bash", "-o", "pipefail", "-c", script, str(root), str(image), *left_out), timeout_s=300)
