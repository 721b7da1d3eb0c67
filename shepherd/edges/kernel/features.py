"""The Machine port: what this machine's kernel can, and what runs on it, as /proc, /sys and the kernel itself say."""

import contextlib
import ctypes
import os
import re
from collections.abc import Sequence
from pathlib import Path

from shepherd.edges.kernel.processes import flock_holder, is_of_this_host, is_startd, memory_mib, processes
from shepherd.edges.tool import run_tool
from shepherd.errors import CommandFailed, ShepherdError
from shepherd.model.checkup import AppArmorSeen, CgroupsSeen, Tracking, Version

CAP_NET_ADMIN = 12
LANDLOCK_CREATE_RULESET, ASK_VERSION = 444, 1
"""linux/landlock.h: with this flag the call answers the version of the interface, and makes nothing."""
TRY_S = 10.0
TRIAL = """
ip link add d0 type veth
ip link add link d0 name m0 type macvlan
nft 'table netdev t { chain out { type filter hook egress device "d0" priority filter; policy drop; }
chain in { type filter hook ingress device "d0" priority filter; policy drop; }; }'
"""
"""One command a line: `sh -e` goes on after a list of `&&` in which any but the last has failed."""
VLAN_TRIAL = "ip link add link d0 name d0.7 type vlan id 7\n"
HYBRID = "unified"
"""Where systemd mounts version 2 beside version 1."""


class HostMachine:
    """`ports_checkup.Machine`, but for systemd. `root`: where /proc and /sys are, for tests."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def kernel(self) -> Version:
        """See the port."""
        return version_of(os.uname().release)

    def user_namespaces(self) -> int | None:
        """See the port."""
        return self._number("proc/sys/user/max_user_namespaces")

    def filters_calls(self) -> bool:
        """See the port."""
        return "errno" in self._text("proc/sys/kernel/seccomp/actions_avail").split()

    def landlock(self) -> int:
        """See the port."""
        return max(0, int(ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, ASK_VERSION)))

    def apparmor(self) -> AppArmorSeen:
        """See the port."""
        is_on = self._text("sys/module/apparmor/parameters/enabled").strip() == "Y"
        try:
            loaded = (self._root / "sys/kernel/security/apparmor/profiles").read_text(encoding="utf-8")
        except OSError:
            return AppArmorSeen(is_on=is_on, profiles=None)
        return AppArmorSeen(is_on=is_on, profiles=frozenset(line.partition(" (")[0] for line in loaded.splitlines()))

    def cgroups(self) -> CgroupsSeen:
        """See the port."""
        mounted = [line.split() for line in self._text("proc/self/mounts").splitlines()]
        first = {word for row in mounted if row[2] == "cgroup" for word in row[3].split(",")}
        second = next((row[1] for row in mounted if row[2] == "cgroup2"), None)
        if "memory" in first or "pids" in first:
            return CgroupsSeen(version=1, controllers=frozenset(first))
        if second is None:
            return CgroupsSeen(version=0, controllers=frozenset())
        listed = self._text(f"{second.lstrip('/')}/cgroup.controllers")
        return CgroupsSeen(version=2, controllers=frozenset(listed.split()))

    def links_problem(self, *, vlan: bool) -> str:
        """See the port."""
        argv = ("unshare", "--net", "--", "sh", "-e", "-c", TRIAL + (VLAN_TRIAL if vlan else ""))
        try:
            run_tool(argv, TRY_S, what="making them in a namespace", package="util-linux, iproute2, nftables")
        except CommandFailed as exc:
            return " ".join(str(exc).split())
        return ""

    def memory_mib(self) -> int:
        """See the port."""
        return memory_mib()

    def swap_mib(self) -> int:
        """See the port."""
        rows = self._text("proc/swaps").splitlines()[1:]
        return sum(int(row.split()[-3]) for row in rows) >> 10

    def may_change_network(self) -> bool:
        """See the port."""
        found = re.search(r"^CapEff:\s*([0-9a-f]+)$", self._text("proc/self/status"), re.MULTILINE)
        return bool(found and int(found[1], 16) >> CAP_NET_ADMIN & 1)

    def nft(self) -> tuple[Version, str]:
        """See the port."""
        try:
            said = run_tool(("nft", "--version"), TRY_S, what="asking its version", package="nftables")
        except ShepherdError as exc:
            return (), str(exc)
        return version_of(said.partition(" v")[2]), said.strip()

    def tracking(self) -> Tracking | None:
        """See the port."""
        most, now = (self._number(f"proc/sys/net/netfilter/nf_conntrack_{name}") for name in ("max", "count"))
        return None if most is None else Tracking(most=most, now=now or 0)

    def running(self, words: Sequence[str]) -> Sequence[int]:
        """See the port."""
        return [pid for pid in processes() if command(pid)[-len(words) :] == list(words) and is_ours(pid)]

    def holder(self, lock: str) -> int | None:
        """See the port."""
        return flock_holder(Path(lock))

    def running_startds(self) -> Sequence[int]:
        """See the port. Their own forks are left out: an `exec` is on its way there."""
        found = {pid: status(pid) for pid in processes() if is_startd(pid)}
        return sorted(pid for pid, (parent, user) in found.items() if user == 0 and parent not in found)

    def sees_same(self, pid: int, directory: str) -> bool | None:
        """See the port."""
        try:
            theirs = Path(f"/proc/{pid}/root{directory}").stat()
            ours = Path(directory).stat()
        except FileNotFoundError:
            return False
        except OSError:
            return None
        return (theirs.st_dev, theirs.st_ino) == (ours.st_dev, ours.st_ino)

    def _text(self, name: str) -> str:
        with contextlib.suppress(OSError):
            return (self._root / name).read_text(encoding="utf-8", errors="replace")
        return ""

    def _number(self, name: str) -> int | None:
        text = self._text(name).strip()
        return int(text) if text.isdecimal() else None


def version_of(text: str) -> Version:
    """The numbers that a release begins with: `6.1.0-28-amd64` gives (6, 1, 0)."""
    found = re.match(r"\d+(\.\d+)*", text.strip())
    return tuple(map(int, found[0].split("."))) if found else ()


def command(pid: int) -> list[str]:
    """A process's command line; nothing if it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").rstrip("\0").split("\0")
    return []


def status(pid: int) -> tuple[int, int]:
    """A process's parent and real user; -1 for both if it is gone."""
    with contextlib.suppress(OSError):
        rows = (line.split() for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines())
        told = {row[0]: int(row[1]) for row in rows if row and row[0] in {"PPid:", "Uid:"}}
        return told["PPid:"], told["Uid:"]
    return -1, -1


def is_ours(pid: int) -> bool:
    """Whether it runs in no container."""
    with contextlib.suppress(OSError):
        return is_of_this_host(pid)
    return False
