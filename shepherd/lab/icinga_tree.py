"""Icinga2 of a Debian release, unpacked beside everything else: nothing is installed, no maintainer's script runs.

Its packages and all that they depend on lie in a tree of their own, which is entered by `chroot`. So the same test runs
against the Icinga of any release, on the machine or in a node of the lab.
"""

from collections.abc import Mapping
from pathlib import Path

from shepherd.lab import cache
from shepherd.lab.progress import Progress
from shepherd.lab.unpacked import enterable

BINARY = "/usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2"
OLD, NEW = "bookworm", "forky"
"""2.13, the oldest that is supported, and 2.16."""
_RECIPE = "2"


def provide_icinga(suite: str, progress: Progress) -> Path:
    """The tree of a release, from the cache or made (about ten seconds with a near mirror)."""
    return cache.provide("icinga", cache.digest(_RECIPE, suite), lambda draft: _build(suite, draft, progress)) / "tree"


def _build(suite: str, draft: Path, progress: Progress) -> Mapping[str, str]:
    with progress.step(f"Icinga2 of Debian {suite}"):
        tree = enterable(suite, draft, "icinga2-bin")
    (tree / "instance").mkdir()
    return {"suite": suite}
