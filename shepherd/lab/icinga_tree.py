"""Icinga2 of a Debian release, unpacked beside everything else: nothing is installed, no maintainer's script runs.

Its packages and all that they depend on lie in a tree of their own, which is entered by `chroot`. So the same test runs
against the Icinga of any release, on the machine or in a node of the lab.
"""

from collections.abc import Mapping
from pathlib import Path

from shepherd.lab import cache
from shepherd.lab.command import must
from shepherd.lab.progress import Progress
from shepherd.lab.unpacked import fetch, unpack

BINARY = "/usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2"
OLD, NEW = "bookworm", "forky"
"""2.13, the oldest that is supported, and 2.16."""
_RECIPE = "2"
_FOLDERS = ("proc", "dev", "tmp", "instance", "etc")
_MERGED = ("bin", "sbin", "lib", "lib64")
"""Links into /usr since Debian's merge; packages of either side of it end up in the same place."""


def provide_icinga(suite: str, progress: Progress) -> Path:
    """The tree of a release, from the cache or made (about ten seconds with a near mirror)."""
    return cache.provide("icinga", cache.digest(_RECIPE, suite), lambda draft: _build(suite, draft, progress)) / "tree"


def _build(suite: str, draft: Path, progress: Progress) -> Mapping[str, str]:
    tree, state = draft / "tree", draft / "apt"
    with progress.step(f"Icinga2 of Debian {suite}"):
        archives = fetch(suite, state, "icinga2-bin")
        for name in _FOLDERS:
            (tree / name).mkdir(parents=True)
        for name in _MERGED:
            (tree / "usr" / name).mkdir(parents=True)
            (tree / name).symlink_to(f"usr/{name}")
        unpack(archives, tree)
    for name in ("passwd", "group"):
        (tree / "etc" / name).write_text("root:x:0:0:::\n" if name == "passwd" else "root:x:0:\n")
    must(("rm", "-rf", str(state)))
    return {"suite": suite}
