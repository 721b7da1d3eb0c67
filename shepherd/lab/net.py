"""The site's networks: namespaces and veth pairs that begin and end inside the lab.

A switch namespace holds one bridge for each segment; a leg is a veth pair between a node and the switch, created
directly in both namespaces, so that at no moment anything of it exists in the machine's own network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shepherd.lab.addresses import CM_WAN, FLOCK, FLOCK_PORT, PRIVATE, WAN
from shepherd.lab.command import must, run

SEGMENTS = (PRIVATE, FLOCK, WAN)
NETNS_DIR = Path("/run/netns")
PREFIX = "shlab-"
SWITCH = "sw"


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One interface of a node on a segment. Without `address` (CIDR) it is only brought up, as a macvlan parent is."""

    segment: str
    interface: str
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class Fabric:
    """The networks of one site."""

    site_id: str

    def netns(self, node: str) -> str:
        """Name of a node's network namespace."""
        return f"{PREFIX}{self.site_id}-{node}"

    def build_switch(self) -> None:
        """Create the switch with its bridges. Raises CommandFailed if it exists."""
        must(("ip", "netns", "add", self.netns(SWITCH)))
        lines = []
        for segment in SEGMENTS:
            lines += [f"link add br-{segment} type bridge stp_state 0 forward_delay 0", f"link set br-{segment} up"]
        self._batch(SWITCH, lines)

    def add_node(self, node: str, legs: list[Leg]) -> None:
        """Create a node's namespace with its legs plugged into the switch."""
        must(("ip", "netns", "add", self.netns(node)))
        self._batch(node, ["link set lo up", *(line for leg in legs for line in self._leg_lines(node, leg))])
        plugs = [f"link set {_plug(node, leg.segment)} master br-{leg.segment} up" for leg in legs]
        self._batch(SWITCH, plugs)

    def add_trunk(self, node: str, segments: Mapping[int, str]) -> dict[int, str]:
        """Create a tap in the switch for each VLAN (0: untagged) that the one cable of a machine without namespaces
        carries; their names. The taps have no offloads: what is read from them are whole frames."""
        taps = {vlan: _plug(node, segment) for vlan, segment in segments.items()}
        lines = [f"tuntap add dev {tap} mode tap" for tap in taps.values()]
        lines += [f"link set {taps[vlan]} master br-{segment} up" for vlan, segment in segments.items()]
        self._batch(SWITCH, lines)
        return taps

    def _leg_lines(self, node: str, leg: Leg) -> list[str]:
        pair = f"link add {leg.interface} type veth peer name {_plug(node, leg.segment)} netns {self.netns(SWITCH)}"
        address = [f"address add {leg.address} dev {leg.interface}"] if leg.address else []
        return [pair, *address, f"link set {leg.interface} up"]

    def cut(self, node: str, segment: str) -> None:
        """Pull a node's cable out of the switch. Idempotent."""
        self._batch(SWITCH, [f"link set {_plug(node, segment)} down"])

    def join(self, node: str, segment: str) -> None:
        """Plug it in again. Idempotent."""
        self._batch(SWITCH, [f"link set {_plug(node, segment)} up"])

    def _batch(self, node: str, lines: list[str]) -> None:
        if lines:
            must(("ip", "-n", self.netns(node), "-batch", "-"), given="\n".join(lines) + "\n")


def _plug(node: str, segment: str) -> str:
    """Name of the switch's end of a leg; interface names have at most 15 characters."""
    return f"{node[:12]}-{segment[0]}"


def namespaces_of(site_id: str) -> list[str]:
    """Names of the network namespaces that belong to a site."""
    if not NETNS_DIR.is_dir():
        return []
    return sorted(path.name for path in NETNS_DIR.glob(f"{PREFIX}{site_id}-*"))


def remove_namespaces(site_id: str) -> None:
    """Remove a site's namespaces and with them every interface in them. Idempotent."""
    for name in namespaces_of(site_id):
        run(("ip", "netns", "delete", name), timeout_s=30)


def administrators_rules(wan: str) -> str:
    """What the central manager's administrator has of his own: from outside only the flock pool can be reached. What
    the VLAN may is the shepherd's business."""
    return f"""table inet administrators {{
  chain input {{
    type filter hook input priority 0; policy accept;
    iifname != "{wan}" accept
    ct state established,related accept
    ip daddr {CM_WAN} tcp dport {FLOCK_PORT} accept
    icmp type echo-request accept
    counter drop
  }}
}}
"""
