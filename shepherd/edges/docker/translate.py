"""A container's description, as dockerd takes it and as it tells it again."""

from collections.abc import Iterable, Mapping
from typing import Any

import docker.types
import docker.utils

from shepherd.model.container import LABEL, ContainerSpec, Limits, Tmpfs, Walls

MIB, NANO = 1 << 20, 1_000_000_000
USUAL: Mapping[str, object] = {
    "Privileged": False, "Devices": [], "DeviceRequests": [], "DeviceCgroupRules": [], "Mounts": [], "VolumesFrom": [],
    "GroupAdd": [], "PidMode": "", "UTSMode": "", "UsernsMode": "", "IpcMode": "private", "PublishAllPorts": False,
    "PortBindings": {}, "Links": [], "OomKillDisable": False,
}  # fmt: skip
"""What a container has of these if nobody asked for more."""
PER_NETWORK = "1.44"
"""API of the first dockerd (25) that takes a container's hardware address as its network's."""
NO_NEW_PRIVILEGES, SECCOMP, APPARMOR = "no-new-privileges", "seccomp=", "apparmor="
READ_ONLY, WRITABLE = "ro,rprivate", "rw,rprivate"


def arguments(client: Any, spec: ContainerSpec) -> Mapping[str, Any]:  # noqa: ANN401 - the SDK has no types
    """The container exactly as it is specified."""
    endpoint = client.create_endpoint_config(ipv4_address=spec.address, mac_address=spec.mac)
    return {
        "image": spec.image,
        "command": list(spec.arguments),
        "name": spec.name,
        "hostname": spec.hostname,
        "environment": dict(spec.environment),
        "labels": dict(spec.labels),
        "host_config": host_config(client, spec),
        "networking_config": client.create_networking_config({spec.network: endpoint}),
        # Older ones take no hardware address of a network, and say nothing.
        **({"mac_address": spec.mac} if docker.utils.version_lt(client.api_version, PER_NETWORK) else {}),
    }


def host_config(client: Any, spec: ContainerSpec) -> Mapping[str, Any]:  # noqa: ANN401
    """Its walls, limits and file systems."""
    walls, limits = spec.walls, spec.limits
    security = [NO_NEW_PRIVILEGES] * walls.no_new_privileges
    security += [SECCOMP + walls.seccomp] * bool(walls.seccomp) + [APPARMOR + walls.apparmor] * bool(walls.apparmor)
    files = docker.types.Ulimit(name="nofile", soft=limits.open_files, hard=limits.open_files)
    config: dict[str, Any] = client.create_host_config(
        binds=[
            *(f"{source}:{target}:{READ_ONLY}" for source, target in sorted(spec.binds.items())),
            *(f"{source}:{target}:{WRITABLE}" for source, target in sorted(spec.writable.items())),
        ],
        cap_add=list(walls.cap_add),
        cap_drop=list(walls.cap_drop),
        cgroup_parent=spec.cgroup_parent or None,
        ipc_mode="private",
        log_config=docker.types.LogConfig(type="json-file", config={"max-size": "1m", "max-file": "1"}),
        mem_limit=limits.memory_mib * MIB or None,
        memswap_limit=limits.memory_mib * MIB or None,
        nano_cpus=round(limits.cpus * NANO) or None,
        network_mode=spec.network,
        pids_limit=limits.processes or None,
        read_only=walls.read_only,
        restart_policy={"Name": "no"},
        security_opt=security,
        sysctls=dict(spec.sysctls),
        tmpfs={path: tmpfs.options() for path, tmpfs in spec.tmpfs.items()},
        ulimits=[docker.types.Ulimit(name="core", soft=0, hard=0), *([files] if limits.open_files else [])],
    )
    if walls.own_proc:
        config |= {"MaskedPaths": [], "ReadonlyPaths": []}
    return config


def described(told: Mapping[str, Any]) -> ContainerSpec:
    """The description that dockerd gives of a container, in our words."""
    config, host = told["Config"], told["HostConfig"]
    network = host["NetworkMode"]
    networks = told["NetworkSettings"]["Networks"] or {}
    endpoint = networks.get(network) or {}
    binds = host["Binds"] or ()
    variables = dict(entry.split("=", 1) for entry in config["Env"] or ())
    return ContainerSpec(
        name=told["Name"].lstrip("/"),
        image=told["Image"],
        arguments=tuple(config["Cmd"] or ()),
        environment={name: value for name, value in variables.items() if name != "PATH"},
        labels={name: value for name, value in (config["Labels"] or {}).items() if name == LABEL},
        hostname=config["Hostname"],
        walls=walls_of(host),
        remapped=False,
        hides_processes=False,
        limits=limits_of(host),
        tmpfs={path: tmpfs_of(options) for path, options in (host["Tmpfs"] or {}).items()},
        binds=dict(bind_of(bind, READ_ONLY) for bind in binds if not bind.endswith(f":{WRITABLE}")),
        writable=dict(bind_of(bind, WRITABLE) for bind in binds if bind.endswith(f":{WRITABLE}")),
        extras=(
            *(name for name, usual in USUAL.items() if (host.get(name) or usual) != usual),
            *(f"network {name}" for name in sorted(set(networks) - {network})),
        ),
        sysctls=host["Sysctls"] or {},
        network=network,
        address=(endpoint.get("IPAMConfig") or {}).get("IPv4Address", ""),
        mac=endpoint.get("MacAddress", ""),
        cgroup_parent=host["CgroupParent"],
    )


def bind_of(text: str, mode: str) -> tuple[str, str]:
    """A path of the host, and where it is seen; with its mode if that is another."""
    source, _, rest = text.partition(":")
    return source, rest.removesuffix(f":{mode}")


def walls_of(host: Mapping[str, Any]) -> Walls:
    """What it may not."""
    options = host["SecurityOpt"] or ()
    return Walls(
        cap_drop=capabilities(host["CapDrop"]),
        cap_add=capabilities(host["CapAdd"]),
        no_new_privileges=any(option in {NO_NEW_PRIVILEGES, f"{NO_NEW_PRIVILEGES}:true"} for option in options),
        seccomp=option_of(options, SECCOMP),
        apparmor=option_of(options, APPARMOR),
        own_proc=host["MaskedPaths"] == [] and host["ReadonlyPaths"] == [],
        read_only=host["ReadonlyRootfs"],
    )


def option_of(options: Iterable[str], name: str) -> str:
    """What a security option says; empty if it is not among them."""
    return next((option.removeprefix(name) for option in options if option.startswith(name)), "")


def limits_of(host: Mapping[str, Any]) -> Limits:
    """What it may use."""
    hard = {limit["Name"]: limit["Hard"] for limit in host["Ulimits"] or ()}
    return Limits(
        memory_mib=host["Memory"] // MIB,
        processes=max(host["PidsLimit"] or 0, 0),
        cpus=host["NanoCpus"] / NANO,
        open_files=hard.get("nofile", 0),
    )


def tmpfs_of(options: str) -> Tmpfs:
    """A file system in memory; one of another form than ours is like none that we ask for."""
    said = dict(option.partition("=")[::2] for option in options.split(","))
    tmpfs = Tmpfs(
        size_mib=int(said.get("size", "0m").rstrip("m")),
        mode=int(said.get("mode", "0"), 8),
        executable="exec" in said,
    )
    return tmpfs if tmpfs.options() == options else Tmpfs(size_mib=-1)


def capabilities(names: list[str] | None) -> tuple[str, ...]:
    """Without the prefix that dockerd gives them."""
    return tuple(sorted(name.removeprefix("CAP_") for name in names or ()))
