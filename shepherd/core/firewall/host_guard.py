"""The host's own guard on the flock VLAN's interface: whatever root in the container does, only its address leaves.

A `netdev` table sees frames before anything else does, those of the macvlan in the container too, and the container has
no way to change it: it lies in the host's network namespace. Containers of one host would reach each other without
passing here; there is only ever one.
"""

from collections.abc import Iterable, Iterator

from shepherd.model.node_settings import NodeSettings

TABLE = "shepherd_guard"
GROUP_BIT = "01:00:00:00:00:00"
"""Set in hardware addresses of broadcasts and multicasts."""


def guard_rules(settings: NodeSettings, probing_mac: str) -> str:
    """The guard, for `nft -f`: replaces the table whatever is in it, touches no other.

    `probing_mac`: hardware address of the interface; by it the host asks whether somebody else has the container's
    address.
    """
    device = f'device "{settings.parent}" priority filter; policy drop;'
    lines = [
        f"table netdev {TABLE}",
        f"delete table netdev {TABLE}",
        f"table netdev {TABLE} {{",
        *chain("out", f'type filter hook egress {device}', out(settings, probing_mac)),
        *chain("in", f'type filter hook ingress {device}', into(settings)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def cut_rules(settings: NodeSettings) -> str:
    """The guard of a quarantined container, in the same table: nothing comes, nothing leaves, not even ARP."""
    device = f'device "{settings.parent}" priority filter; policy drop;'
    nothing = ('counter drop comment "quarantined"',)
    lines = [
        f"table netdev {TABLE}",
        f"delete table netdev {TABLE}",
        f"table netdev {TABLE} {{",
        *chain("out", f"type filter hook egress {device}", nothing),
        *chain("in", f"type filter hook ingress {device}", nothing),
        "}",
    ]
    return "\n".join(lines) + "\n"


def out(settings: NodeSettings, probing_mac: str) -> Iterator[str]:
    """What the container may send: ARP for itself, and IPv4 from its own address to the gateway or beyond."""
    mac, address, gateway = settings.flock_mac.lower(), settings.flock_address, settings.gateway
    ask = f"ether saddr {probing_mac} arp operation request arp saddr ip 0.0.0.0 arp daddr ip {address}"
    arp = f"arp saddr ether {mac} arp saddr ip {address} arp daddr ip {{ {gateway}, {address} }}"
    yield f'ether type arp {ask} counter accept comment "is our address somebody else\'s? (RFC 5227)"'
    yield f'ether saddr != {mac} counter drop comment "another hardware address"'
    yield f"ether type arp {arp} counter accept"
    yield 'ether type != ip counter drop comment "IPv6, VLAN tags and the rest"'
    yield f'ip saddr != {address} counter drop comment "another address"'
    yield f'ether daddr & {GROUP_BIT} == {GROUP_BIT} counter drop comment "broadcast"'
    yield f"ip daddr {gateway} counter accept"
    yield f'ip daddr {settings.subnet} counter drop comment "another container"'
    yield "counter accept"


def into(settings: NodeSettings) -> Iterator[str]:
    """What may come to the container: the gateway's ARP, and IPv4 by the gateway from beyond the VLAN."""
    mac, address, gateway = settings.flock_mac.lower(), settings.flock_address, settings.gateway
    yield f"ether type arp arp saddr ip {gateway} counter accept"
    yield 'ether type != ip counter drop comment "IPv6, VLAN tags and the rest"'
    yield f'ether daddr != {mac} counter drop comment "not for the container"'
    yield f'ip daddr != {address} counter drop comment "not for the container"'
    yield f"ip saddr {gateway} counter accept"
    yield f'ip saddr {settings.subnet} counter drop comment "another container"'
    yield "counter accept"


def chain(name: str, hook: str, rules: Iterable[str]) -> Iterator[str]:
    """One chain."""
    yield f"  chain {name} {{"
    yield from (f"    {line}" for line in (hook, *rules))
    yield "  }"
