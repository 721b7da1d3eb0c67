"""What the kernel enforces on a container's PID 1, whatever dockerd says of it."""

import time
from pathlib import Path

from shepherd.errors import CommandFailed
from shepherd.model.container import ContainerSeen, ContainerSpec

CAPABILITIES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
)  # fmt: skip
"""By their numbers (linux/capability.h)."""
EXEC_S, EVERY_S = 2.0, 0.005
SECCOMP_FILTER = "2"
HIDDEN = frozenset({"hidepid=2", "hidepid=invisible"})


def kernel_view(pid: int, spec: ContainerSpec) -> ContainerSeen:
    """The container with PID 1 `pid` that dockerd describes as `spec`. Raises CommandFailed."""
    proc = Path("/proc", str(pid))
    try:
        await_exec(proc)
        status = dict(line.split(":\t", 1) for line in (proc / "status").read_text().splitlines() if ":\t" in line)
        uid_map = (proc / "uid_map").read_text().split()
        gid_map = (proc / "gid_map").read_text().split()
        mounts = (proc / "mountinfo").read_text()
    except OSError as exc:
        raise CommandFailed(f"the container ended as soon as it was started: {exc.strerror}") from exc
    bounds = int(status["CapBnd"], 16)
    return ContainerSeen(
        spec=spec,
        capabilities=frozenset(name for number, name in enumerate(CAPABILITIES) if bounds >> number & 1),
        no_new_privileges=status["NoNewPrivs"].strip() == "1",
        filtered=status["Seccomp"].strip() == SECCOMP_FILTER,
        root_uid=int(uid_map[1]),
        processes_hidden=hides_processes(mounts, int(gid_map[1])),
        apparmor=apparmor_of(proc),
    )


def hides_processes(mounts: str, root_gid: int) -> bool:
    """Whether /proc is mounted with `hidepid=2` for all but that group, by mountinfo; newer kernels have a word for the
    number, and say nothing of the group 0."""
    proc = [line for line in mounts.splitlines() if line.split()[4] == "/proc"]
    options = set(proc[-1].rpartition(" ")[2].split(",")) if proc else set()
    groups = {option for option in options if option.startswith("gid=")}
    return bool(options & HIDDEN) and groups == ({f"gid={root_gid}"} if root_gid else set())


def apparmor_of(proc: Path) -> str:
    """The profile that confines a process, in the kernel's words; empty without AppArmor."""
    try:
        return (proc / "attr/apparmor/current").read_text().strip("\n\0")
    except OSError:
        return ""


def await_exec(proc: Path) -> None:
    """dockerd returns a moment before runc has become PID 1: until then its rights are not yet reduced."""
    deadline_s = time.monotonic() + EXEC_S
    while (proc / "comm").read_text().startswith("runc"):
        if time.monotonic() > deadline_s:
            raise CommandFailed(f"runc did not start the container's PID 1 within {EXEC_S:g} s")
        time.sleep(EVERY_S)
