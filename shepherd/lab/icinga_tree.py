"""Icinga2 of a Debian release, unpacked beside everything else: nothing is installed, no maintainer's script runs.

Its packages and all that they depend on lie in a tree of their own, which is entered by `chroot`. So the same test runs
against the Icinga of any release, on the machine or in a node of the lab.
"""

from collections.abc import Mapping
from pathlib import Path

from shepherd.lab import cache
from shepherd.lab.command import must
from shepherd.lab.mirror import choose_mirror, proxy_environment
from shepherd.lab.progress import Progress

BINARY = "/usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
OLD, NEW = "bookworm", "forky"
"""2.13, the oldest that is supported, and 2.16."""
_RECIPE = "2"
_FOLDERS = ("proc", "dev", "tmp", "instance", "etc")
_MERGED = ("bin", "sbin", "lib", "lib64")
"""Links into /usr since Debian's merge; packages of either side of it end up in the same place."""
_UNPACK = 'for deb in "$0"/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -C "$1" --keep-directory-symlink -xf -; done'


def provide_icinga(suite: str, progress: Progress) -> Path:
    """The tree of a release, from the cache or made (about ten seconds with a near mirror)."""
    return cache.provide("icinga", cache.digest(_RECIPE, suite), lambda draft: _build(suite, draft, progress)) / "tree"


def _build(suite: str, draft: Path, progress: Progress) -> Mapping[str, str]:
    tree, state = draft / "tree", draft / "apt"
    with progress.step(f"Icinga2 of Debian {suite}"):
        archives = _download(suite, state)
        for name in _FOLDERS:
            (tree / name).mkdir(parents=True)
        for name in _MERGED:
            (tree / "usr" / name).mkdir(parents=True)
            (tree / name).symlink_to(f"usr/{name}")
        must(("bash", "-e", "-o", "pipefail", "-c", _UNPACK, str(archives), str(tree)), timeout_s=120)
    for name in ("passwd", "group"):
        (tree / "etc" / name).write_text("root:x:0:0:::\n" if name == "passwd" else "root:x:0:\n")
    must(("rm", "-rf", str(state)))
    return {"suite": suite}


def _download(suite: str, state: Path) -> Path:
    """The packages and their dependencies, as if nothing were installed yet. Signatures are checked."""
    for name in ("lists/partial", "archives/partial"):
        (state / name).mkdir(parents=True)
    sources = state / "sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {choose_mirror()} {suite} main\n")
    options = {
        "Dir::Etc::sourcelist": sources, "Dir::Etc::sourceparts": "/dev/null", "Dir::State::lists": state / "lists",
        "Dir::State::status": "/dev/null", "Dir::Cache::archives": state / "archives", "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "", "Acquire::Languages": "none", "APT::Install-Recommends": "false",
        "Acquire::Check-Valid-Until": "false", "APT::Sandbox::User": "root",
    }  # fmt: skip
    apt = ["apt-get", "-qq", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **proxy_environment()}
    must([*apt, "update"], timeout_s=300, env=env)
    must([*apt, "install", "-y", "--download-only", "icinga2-bin"], timeout_s=300, env=env)
    return state / "archives"
