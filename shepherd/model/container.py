"""A flock container: as it is asked for, and as the kernel knows it."""

import dataclasses
import enum
from collections.abc import Mapping

LABEL = "shepherd.lease"
"""Label of every container of ours; its value is the lease."""

INSIDE = "/run/flock"
"""Where the container sees the host's shared directory, read-only."""


TRACE_INSIDE = "/run/trace"
"""Where the container's startd writes down who ran what: a directory of the host, its lend's own, that no job reads."""


class Profile(enum.Enum):
    """How far jobs are kept apart from the pilot and from each other. DESIGN.md has the comparison."""

    APART = "apart"
    """Each job in namespaces of its own. Needs a dockerd with `userns-remap`."""
    ACCOUNTS = "accounts"
    """By accounts alone: a job shares process numbers, IPC and /tmp with other jobs."""
    TALK = "talk"
    """What the original did: four capabilities dropped. Guests' root is the host's root."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tmpfs:
    """A file system in memory."""

    size_mib: int
    mode: int = 0o755
    executable: bool = False

    def options(self) -> str:
        """As `docker run --tmpfs PATH:OPTIONS` takes them."""
        run = "exec" if self.executable else "noexec"
        return f"rw,nosuid,nodev,{run},size={self.size_mib}m,mode={self.mode:o}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Walls:
    """What a container may not, whatever runs in it."""

    cap_drop: tuple[str, ...]
    cap_add: tuple[str, ...] = ()
    no_new_privileges: bool = True
    seccomp: str = ""
    """A profile as dockerd takes it; empty: dockerd's own."""
    apparmor: str = ""
    """Name of an AppArmor profile that is loaded on the host; empty: dockerd's own, where there is AppArmor."""
    own_proc: bool = False
    """Whether /proc is left whole, without what dockerd hides: else the kernel lets nobody mount one of their own."""
    read_only: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """What a container may use; 0: no limit."""

    memory_mib: int = 0
    processes: int = 0
    cpus: float = 0.0
    open_files: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    """One container. The image's entry point is our PID 1; `arguments` are its."""

    name: str
    image: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    hostname: str
    walls: Walls
    remapped: bool
    """Whether its root must be nobody on the host; dockerd cannot be asked for it, only the kernel."""
    hides_processes: bool
    """Whether no account may see others' processes; the keeper's doing, and again the kernel's to tell."""
    limits: Limits
    tmpfs: Mapping[str, Tmpfs]
    binds: Mapping[str, str]
    """Paths of the host, and where the container sees them, read-only."""
    writable: Mapping[str, str]
    """The same, but writable: one, for what the container's startd records."""
    extras: tuple[str, ...] = ()
    """Whatever else it was given, by dockerd's names: devices, mounts, other namespaces."""
    sysctls: Mapping[str, str]
    """Settings of its own network namespace."""
    network: str
    address: str
    mac: str
    cgroup_parent: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContainerSeen:
    """What runs: by dockerd's description and by the kernel's, for the process that is PID 1."""

    spec: ContainerSpec
    """As dockerd describes it."""
    capabilities: frozenset[str]
    """The bounding set that the kernel enforces."""
    no_new_privileges: bool
    filtered: bool
    """A seccomp filter is in force."""
    root_uid: int
    """Who its root is on the host."""
    processes_hidden: bool
    apparmor: str
    """AppArmor's profile and its mode, as `NAME (enforce)`; empty without one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EngineFacts:
    """A dockerd, as far as the walls depend on it."""

    version: tuple[int, int]
    root_uid: int
    """Who root of a container is on the host; 0 without `userns-remap`."""
    root_gid: int
    seccomp: bool
    apparmor: bool = False
    """AppArmor confines its containers."""
    storage: str = ""
    """How it keeps images: overlay2, vfs, …"""
    live_restore: bool = False
    """Containers outlive it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """What the network must be for a container to be put on it."""

    name: str
    parent: str
    subnet: str
    gateway: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Started:
    """A container that runs."""

    ident: str
    pid: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Container:
    """A started container: its name in dockerd, and what the kernel knows it by."""

    ident: str
    pid: int
    """Its PID 1, as the host sees it."""
    start_ticks: int
    """Start time of that process: tells it from a later one with the same number."""
    cgroup: str
    """Directory that lists every process of the container."""
