"""A flock container: as it is asked for, and as the kernel knows it."""

import dataclasses
from collections.abc import Mapping

LABEL = "shepherd.lease"
"""Label of every container of ours; its value is the lease."""

INSIDE = "/run/flock"
"""Where the container sees the host's shared directory, read-only."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    """One container. The image's entry point is our PID 1; `arguments` are its."""

    name: str
    image: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    hostname: str
    capabilities: tuple[str, ...]
    share: str
    """Directory of the host that is mounted read-only at INSIDE."""
    network: str
    address: str
    mac: str
    cgroup_parent: str
    memory_mib: int
    shm_mib: int


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
