"""Which version of the kernel's control groups a lab uses, decided here alone, and where their hierarchies are mounted.

Where the machine has version 1 hierarchies a lab uses these, unless SHEPHERD_LAB_CGROUPS says 2; else version 2.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shepherd.errors import BadInput

WANTED = "SHEPHERD_LAB_CGROUPS"
ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd")
TRACKING = ("systemd", "pids")
"""Version 1 hierarchies in which the lab itself tells its services' processes apart."""


@dataclass(frozen=True, kw_only=True)
class Cgroups:
    """One version of control groups as this machine has it mounted."""

    version: int
    trees: Mapping[str, Path]
    """Each hierarchy's directory, by its name below a node's own /sys/fs/cgroup; version 2 is that itself, named ""."""

    @property
    def tracking(self) -> list[str]:
        """Names of the hierarchies in which every service of a node gets a group of its own."""
        return [name for name in self.trees if name in TRACKING] if self.version == 1 else list(self.trees)


def mounted() -> dict[int, Cgroups]:
    """Every version that this machine has mounted, the one a lab uses by default first."""
    first = {name: ROOT / name for name in CONTROLLERS if _is_hierarchy(ROOT / name)}
    second = next((path for path in (ROOT, ROOT / "unified") if (path / "cgroup.controllers").is_file()), None)
    found: dict[int, Cgroups] = {}
    if second != ROOT and set(first) & set(TRACKING):
        found[1] = Cgroups(version=1, trees=first)
    if second is not None:
        found[2] = Cgroups(version=2, trees={"": second})
    return found


def choose(version: int | None = None) -> Cgroups:
    """What a lab uses: the version asked for, else SHEPHERD_LAB_CGROUPS, else the machine's default.

    Raises BadInput if the machine has not mounted it.
    """
    there = mounted()
    wanted = str(version or os.environ.get(WANTED, "") or next(iter(there), ""))
    for number, cgroups in there.items():
        if wanted == str(number):
            return cgroups
    has = " and ".join(f"version {number}" for number in there) or "none at all"
    raise BadInput(f"{WANTED}: control groups of version {wanted or '1 or 2'} are asked for; {ROOT} has {has}")


def _is_hierarchy(path: Path) -> bool:
    return (path / "cgroup.procs").is_file()
