"""The gateway's rules: default deny from the flock VLAN, in a table of our own, replaced in one transaction.

What stands where, and why in this order:

- `prerouting` (before connection tracking): frames that cannot be honest are nobody's connection. Questions to the
  site's resolvers and clocks are counted there, because a conversation that goes on is not judged again. The rest is
  marked, and the routing refuses what comes from the VLAN without the mark: where these rules are gone, nothing is
  forwarded.
- `input`: the gateway itself answers what is named under `services`, and nothing else.
- `forward` hands what comes from the VLAN to `flock_out` and what goes to it to `flock_in`, and drops what they do not
  allow. Quarantine and bans stand before established connections, so that they cut them.
- `flock_out`: services by name, then guests' schedds by name, then the forbidden networks, then ports, then limits.
- `postrouting`: static source NAT, so that a complaint about the address names guests.

A drop in any table is final and an accept is not, so these rules can only take away from what others allow.
"""

from collections.abc import Iterable, Iterator

from shepherd.core.firewall.addresses import forbidden
from shepherd.model.gateway_settings import GatewaySettings

TABLE = "shepherd"
QUARANTINE = "quarantine"
"""Set of addresses that are cut off; filled and emptied by orders, without the rules being rendered anew."""
QUARANTINE_PAGE = "quarantine_page"
"""The same by the shepherd's pages: kept apart from what an administrator puts there by hand."""
BANNED = "banned"
"""Set of addresses elsewhere, of schedds that are banned: nothing passes between them and containers."""
FILLED = (QUARANTINE, QUARANTINE_PAGE, BANNED)
"""Sets that are filled by orders."""
MARK = 0x08000000
"""Bit of a packet's mark that says that it passed these rules; the others are left to whoever uses them."""
DENIED_PER_S = 10
"""Refused packets logged for each host and second: a scan must not fill the log's disk."""


def gateway_rules(settings: GatewaySettings) -> str:
    """All rules, for `nft -f`: replaces the table whatever is in it, touches no other. Sets that orders fill are kept
    by whoever applies this (they are empty here)."""
    lines = [
        f"table inet {TABLE}",
        f"delete table inet {TABLE}",
        f"table inet {TABLE} {{",
        *indented(sets(settings)),
        *chain("prerouting", "type filter hook prerouting priority raw; policy accept;", prerouting(settings)),
        *chain("input", "type filter hook input priority filter; policy accept;", input_rules(settings)),
        *chain("forward", "type filter hook forward priority filter; policy accept;", forward(settings)),
        *chain("services", "", services(settings)),
        *chain("flock_out", "", flock_out(settings)),
        *chain("flock_in", "", flock_in(settings)),
        *chain("refuse", "", refuse(settings)),
        *chain("postrouting", "type nat hook postrouting priority srcnat; policy accept;", postrouting(settings)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def sets(settings: GatewaySettings) -> Iterator[str]:
    """Named sets: constant ones, the quarantine, and the meters."""
    yield from constant("forbidden", "ipv4_addr; flags interval;", forbidden(settings.site_networks))
    for name, kind in (
        *((name, "ipv4_addr; flags timeout; size 65535;") for name in FILLED),
        ("open_connections", "ipv4_addr; flags dynamic; size 65535;"),
        ("new_connections", "ipv4_addr; flags dynamic,timeout; timeout 60s; size 65535;"),
        ("pool_connections", "ipv4_addr; flags dynamic; size 65535;"),
        ("pool_new", "ipv4_addr; flags dynamic,timeout; timeout 60s; size 65535;"),
        ("questions", "ipv4_addr; flags dynamic,timeout; timeout 60s; size 65535;"),
        ("logged", "ipv4_addr; flags dynamic,timeout; timeout 60s; size 65535;"),
    ):
        yield f"set {name} {{ type {kind} }}"


def prerouting(settings: GatewaySettings) -> Iterator[str]:
    """What cannot be honest."""
    vlan = f'iifname "{settings.vlan}"'
    yield f'{vlan} meta nfproto != ipv4 counter drop comment "IPv4 only"'
    yield f'{vlan} ip saddr != {settings.subnet} counter drop comment "not an address of the VLAN"'
    yield f'{vlan} ip hdrlength != 5 counter drop comment "IP options: source routes and the like"'
    rate = over(settings.dns_per_s, settings.dns_per_s)
    for addresses, what in ((settings.dns, "meta l4proto { tcp, udp } th dport 53"), (settings.ntp, "udp dport 123")):
        if addresses:
            asked = f"ip daddr {{ {', '.join(addresses)} }} {what}"
            yield f'{vlan} {asked} update @questions {rate} counter drop comment "too many questions"'
    yield f'{vlan} meta mark set meta mark | {MARK:#x} comment "the routing asks for it"'


def input_rules(settings: GatewaySettings) -> Iterator[str]:
    """The gateway itself."""
    vlan = f'iifname "{settings.vlan}"'
    for name in (QUARANTINE, QUARANTINE_PAGE):
        yield f'{vlan} ip saddr @{name} counter log group {settings.log_denied_group} prefix "quarantine " drop'
    yield f"{vlan} ct state established,related accept"
    yield f"{vlan} ip daddr {settings.gateway} icmp type echo-request limit rate 5/second accept"
    yield f"{vlan} jump services"
    yield f"{vlan} jump refuse"


def forward(settings: GatewaySettings) -> Iterator[str]:
    """Who judges what passes through."""
    vlan, group = settings.vlan, settings.log_denied_group
    for name in (QUARANTINE, QUARANTINE_PAGE):
        yield f'iifname "{vlan}" ip saddr @{name} counter log group {group} prefix "quarantine " drop'
        yield f'oifname "{vlan}" ip daddr @{name} counter drop'
    yield f'iifname "{vlan}" ip daddr @{BANNED} counter log group {group} prefix "banned " drop'
    yield f'oifname "{vlan}" ip saddr @{BANNED} counter drop'
    yield f'iifname "{vlan}" oifname "{vlan}" counter drop comment "no way from container to container"'
    yield f'iifname "{vlan}" jump flock_out'
    yield f'iifname "{vlan}" counter drop comment "what no rule allows"'
    yield f'oifname "{vlan}" jump flock_in'
    if not settings.routes_for_others:
        yield 'counter drop comment "this machine is a router for guests only"'


def services(settings: GatewaySettings) -> Iterator[str]:
    """What every container needs, here or elsewhere in the site."""
    address, _, port = settings.collector.rpartition(":")
    pool = f"ip daddr {address} tcp dport {port}"
    count = f"{{ ip saddr ct count over {settings.pool_connections} }}"
    yield f'{pool} add @pool_connections {count} counter drop comment "a flood of the flock pool"'
    rate = over(settings.pool_new_per_s, 2 * settings.pool_new_per_s)
    yield f'{pool} update @pool_new {rate} counter drop comment "a quick flood of the flock pool"'
    yield f'{pool} counter accept comment "flock pool"'
    if settings.dns:
        dns = f"ip daddr {{ {', '.join(settings.dns)} }} meta l4proto {{ tcp, udp }} th dport 53"
        yield f'{dns} counter accept comment "resolvers"'
    if settings.ntp:
        yield f'ip daddr {{ {", ".join(settings.ntp)} }} udp dport 123 counter accept comment "time"'
    for proxy in settings.squid:
        address, _, port = proxy.rpartition(":")
        yield from bounded(settings, f"ip daddr {address} tcp dport {port}", "proxy")


def bounded(settings: GatewaySettings, place: str, what: str) -> Iterator[str]:
    """A service of the site's, which others use, too: with the connections that a host may have to the outside."""
    count = f"{{ ip saddr ct count over {settings.connections} }}"
    yield f'{place} add @open_connections {count} counter drop comment "a flood of the {what}"'
    yield f'{place} counter accept comment "{what}"'


def flock_out(settings: GatewaySettings) -> Iterator[str]:
    """From a container to anywhere."""
    yield "ct state vmap { invalid : drop, established : accept, related : accept }"
    yield "jump services"
    for name, address, port in map(schedd, settings.schedds):
        yield from bounded(settings, f"ip daddr {address} tcp dport {port}", f"schedd of {name}")
    yield "ip daddr @forbidden jump refuse"
    yield f"oifname != {{ {quoted(settings.outside)} }} jump refuse"
    yield f"tcp dport {{ {', '.join(settings.refused_ports)} }} jump refuse" if settings.refused_ports else ""
    yield f"tcp dport != {{ {', '.join(settings.only_ports)} }} jump refuse" if settings.only_ports else ""
    udp = f"udp dport != {{ {', '.join(settings.udp_ports)} }}" if settings.udp_ports else "meta l4proto udp"
    yield f"{udp} jump refuse"
    yield 'meta l4proto != { tcp, udp } jump refuse comment "no pings, no tunnels"'
    count = f"{{ ip saddr ct count over {settings.connections} }}"
    yield f'add @open_connections {count} counter drop comment "too many connections"'
    rate = over(settings.new_per_s, 2 * settings.new_per_s)
    yield f'update @new_connections {rate} counter drop comment "too many new connections"'
    yield f'counter log group {settings.log_new_group} prefix "new " accept'


def flock_in(settings: GatewaySettings) -> Iterator[str]:
    """From anywhere to a container: answers only. Whoever must reach one does so through the flock pool's CCB."""
    yield "ct state established,related accept"
    yield f'counter log group {settings.log_denied_group} prefix "unasked " drop'


def refuse(settings: GatewaySettings) -> Iterator[str]:
    """Refused at once and not dropped, so that a job fails quickly; as prohibited (`No route to host`), so that nobody
    takes it for a service that is down."""
    some = "update @logged { ip saddr limit rate " + f"{DENIED_PER_S}/second }}"
    yield f'{some} log group {settings.log_denied_group} prefix "refused "'
    yield "counter reject with icmp admin-prohibited"


def postrouting(settings: GatewaySettings) -> Iterator[str]:
    """One address for all guests."""
    outside = f"oifname {{ {quoted(settings.outside)} }}"
    yield f"{outside} ip saddr {settings.subnet} snat ip to {settings.nat_address} persistent"


def schedd(entry: str) -> tuple[str, str, str]:
    """Name, address and port of `NAME=ADDRESS:PORT`."""
    name, _, place = entry.partition("=")
    address, _, port = place.rpartition(":")
    return name, address, port


def over(rate: int, burst: int) -> str:
    """An element that matches what a host sends beyond its rate."""
    return f"{{ ip saddr limit rate over {rate}/second burst {burst} packets }}"


def quoted(names: Iterable[str]) -> str:
    """Interface names as elements."""
    return ", ".join(f'"{name}"' for name in names)


def constant(name: str, kind: str, elements: Iterable[str]) -> Iterator[str]:
    """A set that does not change."""
    yield f"set {name} {{ type {kind} elements = {{ {', '.join(elements)} }} }}"


def chain(name: str, hook: str, rules: Iterable[str]) -> Iterator[str]:
    """One chain; empty rules are left out."""
    yield f"  chain {name} {{"
    yield from (f"    {line}" for line in (hook, *rules) if line)
    yield "  }"


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Lines within the table."""
    return (f"  {line}" for line in lines)
