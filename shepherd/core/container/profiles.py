"""The walls of each profile. A capability, a path or a call that is given has its reason here."""

from collections.abc import Mapping
from typing import assert_never

from shepherd.core.container import seccomp
from shepherd.model.container import Limits, Profile, Tmpfs, Walls
from shepherd.model.node_settings import NodeSettings

CAPABILITIES = {
    "CHOWN": "HTCondor gives a job's sandbox to its account",
    "DAC_OVERRIDE": "condor_master and the starter write as root where others own the directories",
    "KILL": "procd and PID 1 end a job's processes",
    "SETGID": "a job runs as its slot's group: HTCondor goes on without it, and jobs are in root's",
    "SETUID": "a job runs as its slot's account",
}
"""What the container's root keeps, and why."""

DROPPED_IN_THE_TALK = ("MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SYS_CHROOT")
OPEN_FILES = 16384
"""Of one process. A container with accounts of its own can have no more than dockerd itself may."""

WRITABLE = {
    "/etc/condor/tokens.d": Tmpfs(size_mib=1, mode=0o700),
    "/run": Tmpfs(size_mib=16),
    "/var/log/condor": Tmpfs(size_mib=64),
}
"""HTCondor's own; a job of profile `apart` sees none of them."""
SHARED = {"/tmp": 64, "/var/tmp": 16}  # noqa: S108
"""MiB. Where jobs are apart these are root's: HTCondor's file transfer works for a job outside of its walls, and could
leave something there for the next one."""
STICKY, ROOTS = 0o1777, 0o755
SCRATCH, SHM = "/var/lib/condor", "/dev/shm"  # noqa: S108


def walls_of(settings: NodeSettings) -> Walls:
    """The walls that the settings name."""
    needed, own = tuple(sorted(CAPABILITIES)), settings.apparmor
    match settings.profile:
        case Profile.APART:
            filtered = seccomp.profile()
            return Walls(cap_drop=("ALL",), cap_add=needed, seccomp=filtered, own_proc=True, apparmor=own)
        case Profile.ACCOUNTS:
            return Walls(cap_drop=("ALL",), cap_add=needed, apparmor=own)
        case Profile.TALK:
            return Walls(cap_drop=DROPPED_IN_THE_TALK, no_new_privileges=False, read_only=False)
    assert_never(settings.profile)


def tmpfs_of(settings: NodeSettings) -> Mapping[str, Tmpfs]:
    """What is writable, and how large it may grow."""
    mode = ROOTS if settings.profile is Profile.APART else STICKY
    shm = Tmpfs(size_mib=settings.shm_mib, mode=mode, executable=settings.profile is Profile.TALK)
    if settings.profile is Profile.TALK:
        return {SHM: shm}
    shared = {path: Tmpfs(size_mib=size_mib, mode=mode) for path, size_mib in SHARED.items()}
    scratch = Tmpfs(size_mib=settings.scratch_mib, executable=True)
    return {**WRITABLE, **shared, SHM: shm, SCRATCH: scratch}


def limits_of(settings: NodeSettings) -> Limits:
    """What the settings allow; the talk had no limits but the memory's."""
    if settings.profile is Profile.TALK:
        return Limits(memory_mib=settings.memory_mib)
    return Limits(
        memory_mib=settings.memory_mib, processes=settings.processes, cpus=settings.cpus, open_files=OPEN_FILES
    )
