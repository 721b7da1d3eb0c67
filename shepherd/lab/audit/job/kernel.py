"""The kernel: what a program of a guest may ask it for."""

import functools
import os
import resource
import socket

from .frame import LIBC, call, can_open, listed, openable, probe

NEWUSER, NEWNET, NEWNS = 0x10000000, 0x40000000, 0x00020000
X32 = 0x40000000
CALLS = {
    "unshare-accounts": ("accounts of its own", 272, (NEWUSER,)),
    "unshare-network": ("a network of its own", 272, (NEWNET,)),
    "unshare-both": ("accounts and a network of its own", 272, (NEWUSER | NEWNET,)),
    "unshare-mounts": ("mounts of its own", 272, (NEWNS,)),
    "mount": ("mounting", 165, (b"none", b"/tmp", b"tmpfs", 0, None)),
    "mount-new": ("mounting by the newer calls", 430, (b"tmpfs", 0)),
    "unmount": ("unmounting what hides something", 166, (b"/etc/condor", 2)),
    "chroot": ("another root", 161, (b"/tmp",)),
    "pivot-root": ("another root by pivot_root", 155, (b"/tmp", b"/tmp")),
    "device": ("making a device", 133, (b"/tmp/shepherd-probe", 0o60600, 0x0800)),
    "bpf": ("programs in the kernel", 321, (5, bytes(128), 128)),
    "perf": ("watching other programs by perf", 298, (bytes(128), 0, -1, -1, 0)),
    "userfaultfd": ("handling faults of the kernel", 323, (0,)),
    "io-uring": ("io_uring", 425, (1, bytes(120))),
    "module": ("loading a module", 175, (b"", 0, b"")),
    "kexec": ("another kernel", 246, (0, 0, None, 0)),
    "swap": ("swap", 167, (b"/nonexistent", 0)),
    "clock": ("setting the clock", 227, (0, None)),
    "reboot": ("rebooting (with a wrong magic number)", 169, (0, 0, 0, None)),
    "accounting": ("process accounting", 163, (None,)),
    "log": ("the kernel's log", 103, (3, None, 0)),
    "handle": ("files by handle, past all directories", 304, (-100, bytes(16), 0)),
    "fanotify": ("watching the host's files", 300, (0x10, 0)),
    "host-name": ("another host name", 170, (b"x", 1)),
    "ports": ("the hardware's ports", 172, (3,)),
    "quota": ("quotas", 179, (0, None, 0, None)),
    "x32": ("the calls of another ABI", X32 | 39, ()),
    "clone3": ("clone3, whose flags no filter sees", 435, (None, 0)),
}
"""By their numbers on x86_64, with arguments that do nothing even if they are let through."""
REFUSALS = {1, 13, 38}
"""EPERM, EACCES, ENOSYS. Any other error means that the kernel looked at the arguments: the door is open."""
SYSCTLS = (
    "kernel/core_pattern", "kernel/modprobe", "kernel/hostname", "kernel/sysrq", "vm/panic_on_oom",
    "fs/binfmt_misc/register", "user/max_user_namespaces", "net/ipv4/ip_forward",
)  # fmt: skip


def tried(number: int, arguments: tuple[object, ...]) -> bool:
    """Whether the kernel took a call seriously."""
    try:
        call(number, *arguments)
    except OSError as exc:
        if exc.errno in REFUSALS:
            raise
        return True
    return True


for _name, (_what, _number, _arguments) in CALLS.items():
    probe(f"kernel-{_name}", _what)(functools.partial(tried, _number, _arguments))


@probe("kernel-clone-accounts", "a child with accounts of its own")
def _() -> bool:
    pid = call(56, NEWUSER | 17, None, None, None, None)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return True


@probe("kernel-sysctls", "settings of the kernel")
def _() -> str:
    return openable("/proc/sys", SYSCTLS, os.O_WRONLY)


@probe("kernel-sysrq", "the magic key")
def _() -> bool:
    return can_open("/proc/sysrq-trigger", os.O_WRONLY)


@probe("kernel-memory", "the kernel's memory")
def _() -> str:
    return " ".join(path for path in ("/proc/kcore", "/dev/mem", "/dev/kmem") if os.access(path, os.R_OK))


@probe("kernel-sys", "the hardware by /sys")
def _() -> str:
    return listed("/sys")


@probe("kernel-cgroups", "control groups: leaving one's limits, release_agent")
def _() -> str:
    with open("/proc/self/mounts", encoding="utf-8") as file:
        return " ".join(line.split()[1] for line in file if line.split()[2] in {"cgroup", "cgroup2"})


@probe("kernel-root", "becoming root")
def _() -> bool:
    os.setuid(0)
    return True


@probe("kernel-capabilities", "capabilities")
def _() -> str:
    with open("/proc/self/status", encoding="ascii") as file:
        status = dict(line.split(":\t", 1) for line in file)
    return " ".join(f"{key}={status[key].strip()}" for key in ("CapEff", "CapPrm", "CapAmb") if int(status[key], 16))


@probe("kernel-new-privileges", "gaining rights by set-id programs")
def _() -> bool:
    return bool(LIBC.prctl(39, 0, 0, 0, 0) != 1)


@probe("kernel-filter", "calls without any filter")
def _() -> bool:
    return bool(LIBC.prctl(21, 0, 0, 0, 0) != 2)


@probe("kernel-priority", "going before the host's own work")
def _() -> bool:
    os.setpriority(os.PRIO_PROCESS, 0, -5)
    return True


@probe("kernel-memory-order", "being spared when memory runs out")
def _() -> bool:
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("-500")
    return True


@probe("kernel-limits", "more processes than it was given")
def _() -> bool:
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    if hard == resource.RLIM_INFINITY:
        return True
    try:
        resource.setrlimit(resource.RLIMIT_NPROC, (hard + 1, hard + 1))
    except ValueError:
        return False
    return True


@probe("kernel-core-dumps", "dumps that a handler of the host takes in")
def _() -> bool:
    return resource.getrlimit(resource.RLIMIT_CORE)[1] != 0


@probe("kernel-crypto-socket", "the kernel's ciphers by socket")
def _() -> bool:
    socket.socket(38, socket.SOCK_SEQPACKET, 0).close()
    return True
