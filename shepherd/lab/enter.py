"""Becomes PID 1 of a node: builds the node's own view of the file system and hands over to its init.

Run as a program by `node.boot`, already inside fresh mount, UTS, IPC and PID namespaces and in the node's network
namespace. Standard library only, because it runs before the node has anything of its own.
"""

import ctypes
import json
import os
import socket
import stat
import sys
import uuid
from pathlib import Path
from typing import Any

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 32, 4096, 16384
MS_PRIVATE, MS_SHARED = 1 << 18, 1 << 20
CLONE_NEWCGROUP, POWER_OFF = 0x02000000, 0x4321FEDC
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
"""Major and minor numbers: `Documentation/admin-guide/devices.txt` of Linux."""
_libc = ctypes.CDLL(None, use_errno=True)


def _mount(source: str, target: Path, kind: str | None, flags: int = 0, options: str = "") -> None:
    given = (source.encode(), str(target).encode(), kind.encode() if kind else None, flags, options.encode() or None)
    if _libc.mount(given[0], given[1], given[2], ctypes.c_ulong(given[3]), given[4]) != 0:
        raise OSError(ctypes.get_errno(), f"mount {source} on {target}: {os.strerror(ctypes.get_errno())}")


def _bind(source: Path, target: Path, *, read_only: bool = False) -> None:
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount(str(source), target, None, MS_BIND | MS_REC)
    if read_only:
        _mount("none", target, None, MS_REMOUNT | MS_BIND | MS_RDONLY)


def _devices(dev: Path) -> None:
    """Devices of the node's own: what its root does to them (`chmod 600 /dev/null`) does not reach the machine's."""
    _mount("tmpfs", dev, "tmpfs", MS_NOSUID, "mode=755,size=1m")
    for name, number in DEVICES.items():
        os.mknod(dev / name, stat.S_IFCHR, os.makedev(*number))
        (dev / name).chmod(0o666)
    (dev / "pts").mkdir()
    _mount("devpts", dev / "pts", "devpts", MS_NOSUID, "newinstance,ptmxmode=0666,mode=620")
    (dev / "ptmx").symlink_to("pts/ptmx")
    (dev / "fd").symlink_to("/proc/self/fd")
    (dev / "shm").mkdir()
    _mount("tmpfs", dev / "shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=256m")


def _cgroups(here: Path, trees: dict[str, str]) -> None:
    """The machine's hierarchies as Docker expects to find them: version 2 itself, or a folder of version 1's."""
    if "" not in trees:
        _mount("tmpfs", here, "tmpfs", MS_NOSUID, "mode=755,size=1m")
    for name, source in trees.items():
        _bind(Path(source), here / name)


def _own_cgroup(group: Path) -> None:
    """Become the first process of a group that is the root of all groups to everybody below us."""
    group.mkdir(parents=True, exist_ok=True)
    (group / "cgroup.procs").write_text("0")
    if _libc.unshare(CLONE_NEWCGROUP) != 0:
        raise OSError(ctypes.get_errno(), "unshare of control groups")


def _keep_kernel_settings(root: Path) -> None:
    """systemd sets what is the whole machine's; only the network's settings are the node's own."""
    settings = root / "proc/sys"
    _bind(settings, settings, read_only=True)
    _mount(str(root / "run/lab/proc/sys/net"), settings / "net", None, MS_BIND)


def _hold_lifeline(lifeline: int) -> None:
    """A process that switches the node off when the lab is gone: systemd knows nothing of a lifeline."""
    if os.fork() == 0:
        os.setsid()
        os.read(lifeline, 1)
        _libc.reboot(POWER_OFF)
        os._exit(0)
    os.close(lifeline)


def _tree(told: dict[str, Any], root: Path) -> None:
    overlay = f"lowerdir={told['lower']},upperdir={told['upper']},workdir={told['work']}"
    _mount("overlay", root, "overlay", 0, overlay)
    _mount("proc", root / "proc", "proc")
    _mount("sysfs", root / "sys", "sysfs")
    _devices(root / "dev")
    if told["own_cgroup"]:
        _mount("cgroup2", root / "sys/fs/cgroup", "cgroup2")
    else:
        _cgroups(root / "sys/fs/cgroup", told["cgroups"])
    _mount("tmpfs", root / "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=256m")
    _mount("tmpfs", root / "tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=512m")
    (root / "run/lab").mkdir(mode=0o700)
    (root / "run/lock").mkdir(mode=0o1777)


def _new_boot_id(root: Path) -> None:
    """A rebooted node must look rebooted to those who ask the kernel which boot this is.

    What lies over a part of /proc keeps the kernel from mounting another one for a container with accounts of its own,
    unless a whole one is mounted somewhere.
    """
    (root / "run/lab/proc").mkdir()
    _mount("proc", root / "run/lab/proc", "proc")
    fresh = root / "run/lab/boot_id"
    fresh.write_text(f"{uuid.uuid4()}\n")
    fresh.chmod(0o444)
    _bind(fresh, root / "proc/sys/kernel/random/boot_id")


def _pivot(root: Path) -> None:
    (root / ".old").mkdir(exist_ok=True)
    os.chdir(root)
    if _libc.pivot_root(b".", b".old") != 0:
        raise OSError(ctypes.get_errno(), "pivot_root")
    os.chdir("/")
    if _libc.umount2(b"/.old", 2) != 0:
        raise OSError(ctypes.get_errno(), "umount of the machine's tree")


def main() -> None:
    """Build the view, then `exec` the node's init."""
    told = json.loads(Path(sys.argv[1]).read_text())
    root = Path(told["root"])
    _mount("none", Path("/"), None, MS_REC | MS_PRIVATE)
    if told["own_cgroup"]:
        _own_cgroup(Path(told["own_cgroup"]))
    _tree(told, root)
    _new_boot_id(root)
    if told["own_cgroup"]:
        _keep_kernel_settings(root)
    for source, target, read_only in told["binds"]:
        _bind(Path(source), root / target.lstrip("/"), read_only=read_only)
    socket.sethostname(told["name"])
    _pivot(root)
    if told["own_cgroup"]:
        _mount("none", Path("/"), None, MS_REC | MS_SHARED)  # as systemd does where it takes itself for no container
        _hold_lifeline(told["lifeline"])
    argv = [word.format(lifeline=told["lifeline"]) for word in told["init"]]
    os.execve(argv[0], argv, told["env"])


if __name__ == "__main__":
    main()
