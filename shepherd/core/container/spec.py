"""The complete description of a flock container: what dockerd is asked for, and nothing besides."""

import dataclasses
from collections.abc import Mapping

from shepherd.core.container.profiles import limits_of, tmpfs_of, walls_of
from shepherd.core.settings.node import CONDORS_OWN_MIB
from shepherd.model.container import INSIDE, LABEL, TRACE_INSIDE, ContainerSpec, NetworkSpec, Profile
from shepherd.model.lease import Lease
from shepherd.model.node_settings import NodeSettings

SLOTS, FIRST_SLOT_UID = 256, 3001
"""Accounts of slots in the image, by its recipe: each job runs as one of them, and no two as the same."""
LEAK_CHECK_UID = FIRST_SLOT_UID + SLOTS
"""As which the leak check tries what a job can reach. No slot has it, so that no job is blamed for what it tries."""
SYSCTLS = {"net.ipv4.ip_unprivileged_port_start": "1024"}
"""dockerd lets everybody in a container have ports below 1024; jobs need none."""
RESOLVER = "/etc/resolv.conf"
TRACE = "trace"
"""Directory of the run directory; below it each lend has one of its own."""


def network_spec(settings: NodeSettings) -> NetworkSpec:
    """The macvlan network that the settings name."""
    return NetworkSpec(
        name=settings.network, parent=settings.parent, subnet=settings.subnet, gateway=settings.gateway
    )


def container_spec(settings: NodeSettings, lease: Lease) -> ContainerSpec:
    """The container of one lend."""
    return ContainerSpec(
        name=container_name(settings),
        image=lease.image,
        arguments=("--lease", lease.lease, "--go-wait-s", f"{settings.go_wait_s:g}"),
        environment=environment(settings, lease),
        labels={LABEL: lease.lease},
        hostname=settings.flock_name,
        walls=walls_of(settings),
        remapped=settings.profile is Profile.APART,
        hides_processes=settings.profile is not Profile.TALK,
        limits=limits_of(settings),
        tmpfs=tmpfs_of(settings),
        binds={f"{settings.run_dir}/share": INSIDE, f"{settings.run_dir}/resolv.conf": RESOLVER},
        writable={f"{settings.run_dir}/{TRACE}/{lease.lease}": TRACE_INSIDE},
        sysctls=SYSCTLS,
        network=settings.network,
        address=settings.flock_address,
        mac=settings.flock_mac.lower(),
        cgroup_parent=settings.cgroup_parent,
    )


def container_name(settings: NodeSettings) -> str:
    """One name, so that dockerd itself refuses a second container."""
    return f"flock-{settings.host}"


def environment(settings: NodeSettings, lease: Lease) -> Mapping[str, str]:
    """HTCondor's settings in the container; the site's own come last and win."""
    ours = {
        "_CONDOR_FLOCK_GRACEFUL_S": str(int(lease.ladder.graceful_s)),
        "_CONDOR_SHEPHERD_HOST": str(settings.host),
        "_CONDOR_COLLECTOR_HOST": settings.flock_collector,
    }
    ours |= offered(settings)
    if settings.profile is not Profile.APART:
        ours["_CONDOR_USER_JOB_WRAPPER"] = ""
    return ours | dict(entry.split("=", 1) for entry in settings.environment)


def offered(settings: NodeSettings) -> Mapping[str, str]:
    """What the container's startd has for jobs: no more than its limits. HTCondor would count the whole host."""
    found = {}
    if settings.memory_mib:
        found["_CONDOR_MEMORY"] = str(settings.memory_mib - settings.scratch_mib - CONDORS_OWN_MIB)
    if settings.cpus:
        found["_CONDOR_NUM_CPUS"] = str(max(1, int(settings.cpus)))
    return found


def with_share(settings: NodeSettings, host_memory_mib: int) -> NodeSettings:
    """The settings with a memory limit of their own, where they name none but a share of the host's."""
    if settings.memory_mib or settings.profile is Profile.TALK:
        return settings
    return dataclasses.replace(settings, memory_mib=host_memory_mib * settings.memory_percent // 100)


def resolver_text(settings: NodeSettings) -> str:
    """The container's resolv.conf. Its own, because dockerd's resolver would ask the host's on guests' behalf."""
    return "".join(f"nameserver {address}\n" for address in settings.dns)
