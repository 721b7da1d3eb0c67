"""A container's /proc, mounted so that nobody sees processes of other accounts."""

from pathlib import Path

from shepherd.edges.tool import run_tool
from shepherd.errors import CommandFailed

INVISIBLE = "2"
"""`hidepid` of proc(5), by its number, which every kernel that has it understands."""
TIMEOUT_S = 5.0


def hide_processes(pid: int) -> None:
    """Let no account in the container of PID 1 `pid` see others' processes, but its root's group, as which HTCondor
    looks after jobs. Nothing of the container is run. Idempotent. Raises CommandFailed, Unavailable."""
    try:
        group = int(Path("/proc", str(pid), "gid_map").read_text(encoding="ascii").split()[1])
    except OSError as exc:
        raise CommandFailed("the container ended before its processes were hidden from each other") from exc
    options = f"remount,nosuid,nodev,noexec,hidepid={INVISIBLE},gid={group}"
    argv = ("mount", "-N", str(pid), "-o", options, "/proc")
    run_tool(argv, TIMEOUT_S, what="hiding a container's processes", package="util-linux")
