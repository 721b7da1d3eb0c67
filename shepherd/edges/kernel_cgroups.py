"""Finding and emptying the cgroup of one container, in both versions of cgroups."""

import contextlib
import errno
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

from shepherd.errors import CommandFailed

PREFERRED = ("", "pids", "freezer", "memory", "cpu", "name=systemd")
"""Hierarchies that list the processes, the first that is there; "" is version 2."""

GONE = {errno.ENOENT, errno.ENODEV, errno.ENOTDIR}


def of_container(pid: int, container: str) -> Path:
    """The directory of the cgroup that PID 1 `pid` of `container` is in.

    Raises:
        CommandFailed: its name does not carry the container's id. Killing everybody in such a cgroup would hit
            others.
    """
    memberships = dict(_memberships(pid))
    for hierarchy in PREFERRED:
        path = memberships.get(hierarchy)
        if path is None or not re.fullmatch(rf"(docker-)?{re.escape(container)}(\.scope)?", Path(path).name):
            continue
        for root, mount in _mounts(hierarchy):
            directory = mount / os.path.relpath(path, root)
            if pid in members(directory):
                return directory
    raise CommandFailed(f"process {pid} is in no cgroup of the container {container[:12]} alone")


def members(cgroup: Path) -> set[int]:
    """Ids of all processes in a cgroup and below; none if it is gone."""
    found: set[int] = set()
    for directory in _below(cgroup):
        try:
            found |= {int(pid) for pid in (directory / "cgroup.procs").read_text(encoding="ascii").split()}
        except OSError as exc:
            if exc.errno not in GONE:
                raise CommandFailed(f"{directory}/cgroup.procs: {exc.strerror}") from exc
    return found


def kill_all(cgroup: Path) -> None:
    """SIGKILL to everybody in it: at once where the kernel can (version 2), else one by one."""
    switch = cgroup / "cgroup.kill"
    try:
        if switch.exists():
            switch.write_text("1", encoding="ascii")
            return
    except OSError as exc:
        if exc.errno in GONE:
            return
        raise CommandFailed(f"{switch}: {exc.strerror}") from exc
    for pid in members(cgroup):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _below(cgroup: Path) -> Iterator[Path]:
    yield cgroup
    for folder, below, _ in os.walk(cgroup):
        yield from (Path(folder, name) for name in below)


def _memberships(pid: int) -> Iterator[tuple[str, str]]:
    """Hierarchy and path of each line of /proc/PID/cgroup, controllers of one hierarchy apart."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError) as exc:
        raise CommandFailed(f"process {pid} is gone") from exc
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            yield controller, path


def _mounts(hierarchy: str) -> Iterator[tuple[str, Path]]:
    """Root and mount point of each mount of a hierarchy, from /proc/self/mountinfo."""
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        root, mount = before.split()[3:5]
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup2" and not hierarchy:
            yield root, Path(mount)
        if kind == "cgroup" and hierarchy and hierarchy in options.split(","):
            yield root, Path(mount)
