"""Who has which address in the lab; the one place that knows."""

from dataclasses import dataclass

PRIVATE, FLOCK, WAN = "private", "flock", "wan"
PRIVATE_NET, FLOCK_NET, WAN_NET = "10.1.0.0/16", "10.27.0.0/16", "203.0.113.0/24"
SITE_NET = "198.51.100.0/24"
"""The site's own public network."""
CM_PRIVATE, CM_FLOCK, CM_WAN = "10.1.0.1", "10.27.0.1", "203.0.113.1"
NFS_PRIVATE, CAMPUS_WAN = "10.1.0.9", "203.0.113.50"
INSTITUTE_WAN = "203.0.113.51"
OUTSIDE_WAN = ("203.0.113.80", "203.0.113.81", "203.0.113.82")
"""Of somebody out on the internet."""
HOME_PORT, FLOCK_PORT, NFS_PORT = 9618, 9619, 2049
FIRST_HOST = 201
MOST_HOSTS = 254
"""The last byte of a host's two addresses is its number; 0 and 255 are nobody's."""


@dataclass(frozen=True, kw_only=True)
class HostNames:
    """A host's regular and flocking names and addresses; `number` counts from 1."""

    number: int

    @property
    def regular(self) -> str:
        """Name of the host and of its regular startd, such as p201."""
        return f"p{FIRST_HOST + self.number - 1}"

    @property
    def flocking(self) -> str:
        """Name of its container and flocking startd, such as f201."""
        return f"f{FIRST_HOST + self.number - 1}"

    @property
    def private_address(self) -> str:
        """Its address on the private network."""
        return f"10.1.2.{self.number}"

    @property
    def flock_address(self) -> str:
        """Its container's address on the flock segment."""
        return f"10.27.2.{self.number}"

    @property
    def flock_mac(self) -> str:
        """Its container's fixed hardware address."""
        return f"02:42:0a:1b:02:{self.number:02x}"


def hosts_file(hosts: list[HostNames]) -> str:
    """`/etc/hosts` of every node of the site: names never depend on a resolver."""
    lines = ["127.0.0.1 localhost", f"{CM_PRIVATE} cm", f"{CM_FLOCK} cm-flock", f"{CM_WAN} cm-wan"]
    lines += [f"{NFS_PRIVATE} nfs", f"{CAMPUS_WAN} campus", f"{INSTITUTE_WAN} institute"]
    lines += [f"{h.private_address} {h.regular}" for h in hosts]
    lines += [f"{h.flock_address} {h.flocking}" for h in hosts]
    return "\n".join(lines) + "\n"
