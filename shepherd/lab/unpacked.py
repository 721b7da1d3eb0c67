"""Packages of a Debian release, fetched beside everything else: nothing is installed, no maintainer's script runs."""

from collections.abc import Sequence
from pathlib import Path

from shepherd.lab.command import must
from shepherd.lab.mirror import choose_mirror, proxy_environment

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_FOLDERS = ("proc", "dev", "tmp", "etc")
_MERGED = ("bin", "sbin", "lib", "lib64")
"""Links into /usr since Debian's merge; packages of either side of it end up in the same place."""
_UNPACK = 'for deb in "$0"/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -C "$1" --keep-directory-symlink -xf -; done'


def enterable(suite: str, draft: Path, *packages: str) -> Path:
    """`tree` below `draft`, for `chroot`: packages with all that they depend on, and no account but root's."""
    tree, state = draft / "tree", draft / "apt"
    archives = fetch(suite, state, *packages)
    for name in _FOLDERS:
        (tree / name).mkdir(parents=True)
    for name in _MERGED:
        (tree / "usr" / name).mkdir(parents=True)
        (tree / name).symlink_to(f"usr/{name}")
    unpack(archives, tree)
    for name in ("passwd", "group"):
        (tree / "etc" / name).write_text("root:x:0:0:::\n" if name == "passwd" else "root:x:0:\n")
    must(("rm", "-rf", str(state)))
    return tree


def fetch(suite: str, state: Path, *packages: str, alone: bool = False) -> Path:
    """The folder of packages' archives, with all that they depend on as if nothing were installed yet, or `alone`.
    Signatures are checked."""
    for name in ("lists/partial", "archives/partial"):
        (state / name).mkdir(parents=True)
    sources = state / "sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {choose_mirror()} {suite} main\n")
    apt, env = _apt(state, sources), {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
    env |= proxy_environment()
    must([*apt, "update"], timeout_s=300, env=env)
    if alone:
        there = ("sh", "-c", 'cd "$0" && exec "$@"', str(state / "archives"))
        must([*there, *apt, "download", *packages], timeout_s=300, env=env)
    else:
        must([*apt, "install", "-y", "--download-only", *packages], timeout_s=300, env=env)
    return state / "archives"


def unpack(archives: Path, tree: Path) -> None:
    """Into a tree that is there, one over the other."""
    must(("bash", "-e", "-o", "pipefail", "-c", _UNPACK, str(archives), str(tree)), timeout_s=120)


def _apt(state: Path, sources: Path) -> Sequence[str]:
    options = {
        "Dir::Etc::sourcelist": sources, "Dir::Etc::sourceparts": "/dev/null", "Dir::State::lists": state / "lists",
        "Dir::State::status": "/dev/null", "Dir::Cache::archives": state / "archives", "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "", "Acquire::Languages": "none", "APT::Install-Recommends": "false",
        "Acquire::Check-Valid-Until": "false", "APT::Sandbox::User": "root",
    }  # fmt: skip
    return ["apt-get", "-qq", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]
