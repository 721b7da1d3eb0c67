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

V1 = "freezer.state"
"""Version 1's switch."""

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


def freezer_of(pid: int) -> Path | None:
    """The file that freezes the cgroup of a process: version 1's freezer if that is mounted and the process has a group
    of its own there, else version 2. None if there is neither. Raises CommandFailed if the process is gone."""
    memberships = dict(_memberships(pid))
    for hierarchy, name in (("freezer", V1), ("", "cgroup.freeze")):
        path = memberships.get(hierarchy)
        for root, mount in _mounts(hierarchy) if path and path != "/" else ():
            switch = mount / os.path.relpath(str(path), root) / name
            if switch.exists() and pid in members(switch.parent):
                return switch
    return None


def freeze(cgroup: Path) -> bool:
    """Stop everybody in the cgroup of a container where they are; True once all are. To be called again until then.
    Raises CommandFailed if the kernel cannot."""
    switch = _freezer(cgroup)
    if switch is None:
        if members(cgroup):
            raise CommandFailed(f"{cgroup}: neither version 1's freezer nor version 2 of control groups is its own")
        return True
    _write(switch, "FROZEN" if switch.name == V1 else "1")
    return _is_frozen(switch)


def thaw(cgroup: Path) -> None:
    """Let everybody in it go on. Idempotent."""
    switch = _freezer(cgroup)
    if switch is not None:
        _write(switch, "THAWED" if switch.name == V1 else "0")


def _freezer(cgroup: Path) -> Path | None:
    """By the first of its processes that lives: all of a container are in one. Only a group that is the container's
    own: another's would stop others."""
    for pid in sorted(members(cgroup)):
        with contextlib.suppress(CommandFailed):
            switch = freezer_of(pid)
            if switch is not None and cgroup.name in switch.parts:
                return switch
    return None


def _is_frozen(switch: Path) -> bool:
    try:
        if switch.name == V1:
            return switch.read_text(encoding="ascii").strip() == "FROZEN"
        return "frozen 1" in (switch.parent / "cgroup.events").read_text(encoding="ascii").splitlines()
    except OSError:
        return False


def _write(switch: Path, word: str) -> None:
    try:
        switch.write_text(word, encoding="ascii")
    except OSError as exc:
        if exc.errno not in GONE:
            raise CommandFailed(f"{switch}: {exc.strerror}") from exc
