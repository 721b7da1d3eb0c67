"""The complete description of a flock container: what dockerd is asked for, and nothing besides."""

from collections.abc import Mapping

from shepherd.model.container import LABEL, ContainerSpec, NetworkSpec
from shepherd.model.lease import Lease
from shepherd.model.node_settings import NodeSettings

SLOTS, FIRST_SLOT_UID = 256, 3001
"""Accounts of slots in the image, by its recipe: each job runs as one of them, and no two as the same."""
CAPABILITIES = ("SETUID", "SETGID", "CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL")
"""What HTCondor needs to run jobs as other users. Everything else is dropped."""


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
        capabilities=CAPABILITIES,
        share=f"{settings.run_dir}/share",
        network=settings.network,
        address=settings.flock_address,
        mac=settings.flock_mac,
        cgroup_parent=settings.cgroup_parent,
        memory_mib=settings.memory_mib,
        shm_mib=settings.shm_mib,
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
    return ours | dict(entry.split("=", 1) for entry in settings.environment)
