"""A host's side of the flock VLAN, as it is seen."""

import dataclasses
import enum

OWNER = "flocking-shepherd"
"""Alias of an interface, and label of a docker network, that `shepherd node up` made: only those are ever removed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LinkSeen:
    """One interface."""

    name: str
    kind: str = ""
    """What the kernel calls it: vlan, veth, bridge, …; empty for hardware."""
    under: str = ""
    """The interface it hangs on, if it does."""
    vlan: int = 0
    """Its VLAN id; 0 if it is no VLAN."""
    is_up: bool = True
    alias: str = ""
    mac: str = ""
    """Its hardware address."""
    networks: tuple[str, ...] = ()
    """Its IPv4 addresses with prefix length."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DockerNetwork:
    """A network in dockerd."""

    driver: str
    parent: str
    subnets: tuple[str, ...]
    gateways: tuple[str, ...]
    is_ours: bool
    containers: int
    """How many use it now."""
    strangers: int = 0
    """Those of them that are not ours."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostSeen:
    """What there is on a host."""

    links: tuple[LinkSeen, ...]
    engine: tuple[int, int]
    """Version of dockerd: major, minor."""
    network: DockerNetwork | None
    """The network with the configured name."""
    ipv6_on_parent: bool
    guard_loaded: bool
    """Some rules are in its place."""
    guard_in_force: bool
    """They are those of the settings."""


class NetworkStep(enum.Enum):
    """One thing that `node up` or `node down` does, in the words it is told in."""

    MAKE_VLAN = "VLAN interface made"
    RAISE_PARENT = "VLAN interface brought up"
    SILENCE_IPV6 = "IPv6 turned off on it"
    LOAD_GUARD = "host guard loaded"
    MAKE_NETWORK = "docker network made"
    REMAKE_NETWORK = "docker network made anew"
    REMOVE_NETWORK = "docker network removed"
    REMOVE_GUARD = "host guard removed"
    REMOVE_VLAN = "VLAN interface removed"
