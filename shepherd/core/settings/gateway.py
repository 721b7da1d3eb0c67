"""What well-formed settings of a gateway must not say."""

import ipaddress
import itertools
import re
from collections.abc import Iterator, Sequence

from shepherd.core.settings.forms import Problem, absolute_problems, duplicate_problems, second_problems
from shepherd.model.gateway_settings import GatewaySettings

PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
INTERFACE = re.compile(r"[A-Za-z0-9_.@:-]{1,15}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
LAST_PORT = 65535
LEAST_SPOOL_MIB, MOST_SPOOL_MIB = 8, 1 << 20
LONGEST_SEAL_S = 60.0
LONGEST_STOPS_S = 5.0
LONGEST_CHECK_S = 30.0
"""The shipped unit's watchdog waits 90 s for a comparison, and one call of nft may take 20 s."""


def gateway_problems(gateway: GatewaySettings) -> list[Problem]:
    """Everything that is wrong; empty if nothing is."""
    return [
        *interface_problems(gateway),
        *network_problems(gateway),
        *service_problems(gateway),
        *port_problems(gateway),
        *limit_problems(gateway),
        *spool_problems(gateway),
        *stop_problems(gateway),
    ]


def interface_problems(gateway: GatewaySettings) -> Iterator[Problem]:
    """There is a way out, and it is not the way in."""
    if not gateway.outside:
        yield Problem("outside", "is empty, so that guests reach nothing", 'name the way to the internet, ["em2"]')
    named = {"vlan": (gateway.vlan,), "outside": gateway.outside, "inside": gateway.inside}
    for key, names in named.items():
        for name in names:
            if not INTERFACE.fullmatch(name):
                yield Problem(key, f"{name!r} is no name of an interface", "`ip link` shows them, 15 letters at most")
    yield from duplicate_problems("outside", gateway.outside, "interface")
    for key, others in (("outside", (gateway.vlan,)), ("inside", (gateway.vlan, *gateway.outside))):
        for name in sorted(set(named[key]) & set(others)):
            yield Problem(key, f"names {name}, which stands under another key, too", "let each interface be one thing")


def network_problems(gateway: GatewaySettings) -> Iterator[Problem]:
    """Addresses are addresses, and the one reserved for guests is nobody's else."""
    subnet = network_of(gateway.subnet)
    if subnet is None:
        yield Problem("subnet", f"{gateway.subnet!r} is no IPv4 network", 'write e.g. "10.27.0.0/16"')
    yield from address_problems("gateway", gateway.gateway)
    yield from address_problems("nat_address", gateway.nat_address)
    address = address_of(gateway.gateway)
    if subnet and address and address not in subnet:
        yield Problem("gateway", f"{address} is not within subnet = {subnet}", "correct one of the two")
    outside = address_of(gateway.nat_address)
    if subnet and outside and outside in subnet:
        yield Problem("nat_address", f"{outside} is within the VLAN's own subnet", "give one that is known outside")
    if not gateway.site_networks:
        yield Problem(
            "site_networks",
            "is empty: public addresses of the site would be open to guests",
            "list every public network of the site; networks of RFC 1918 are refused anyway",
        )
    yield from duplicate_problems("site_networks", gateway.site_networks, "network")
    for text in gateway.site_networks:
        if network_of(text) is None:
            yield Problem("site_networks", f"{text!r} is no IPv4 network", 'write e.g. "131.169.0.0/16", no host bits')


def service_problems(gateway: GatewaySettings) -> Iterator[Problem]:
    """Services are given by address: a name would be resolved once, and by whom?"""
    yield from place_problems("collector", gateway.collector)
    for proxy in gateway.squid:
        yield from place_problems("squid", proxy)
    for key in ("dns", "ntp"):
        yield from duplicate_problems(key, getattr(gateway, key), "address")
        for text in getattr(gateway, key):
            yield from address_problems(key, text)
    for entry in gateway.schedds:
        name, equals, place = entry.partition("=")
        if not equals or not NAME.fullmatch(name):
            yield Problem("schedds", f"{entry!r} is not NAME=ADDRESS:PORT", 'write e.g. "physics=10.9.0.1:9618"')
        else:
            yield from place_problems("schedds", place)
            yield from exception_problems(place)


def exception_problems(place: str) -> Iterator[Problem]:
    """An exception must be one guest's schedd, and never what no machine can have."""
    address = address_of(place.rpartition(":")[0])
    if address and (address.is_loopback or address.is_multicast or address.is_link_local or address.is_unspecified):
        yield Problem("schedds", f"{address} is no schedd's address", "give the address that the schedd advertises")


def port_problems(gateway: GatewaySettings) -> Iterator[Problem]:
    """Ports are ports, and those that are allowed are not refused."""
    for key in ("refused_ports", "only_ports", "udp_ports"):
        texts: Sequence[str] = getattr(gateway, key)
        yield from (
            Problem(key, f"{text!r} is neither a port nor a range of ports", 'write "443" or "8000-8080"')
            for text in texts
            if ports_of(text) is None
        )
        yield from overlap_problems(key, texts)


def overlap_problems(key: str, texts: Sequence[str]) -> Iterator[Problem]:
    """The kernel's sets refuse what overlaps."""
    ranges = sorted((found, text) for text in texts if (found := ports_of(text)))
    for (first, one), (second, other) in itertools.pairwise(ranges):
        if second[0] <= first[1]:
            yield Problem(key, f"{one} and {other} overlap", "join them")


def limit_problems(gateway: GatewaySettings) -> Iterator[Problem]:
    """Limits are limits, and the two groups of the packet log can be told apart."""
    for key in ("connections", "new_per_s", "pool_connections", "pool_new_per_s", "dns_per_s"):
        if not 1 <= (value := getattr(gateway, key)) <= 1_000_000:
            yield Problem(key, f"is {value}", "give 1 to 1 000 000")
    for key in ("log_new_group", "log_denied_group"):
        if not 0 <= (value := getattr(gateway, key)) <= LAST_PORT:
            yield Problem(key, f"is {value}", "give 0 to 65535")
    yield from second_problems("", {"check_s": gateway.check_s})
    if gateway.check_s > LONGEST_CHECK_S:
        told = f"is {gateway.check_s:g}: rules that somebody flushed stay away as long, and systemd kills the program"
        yield Problem("check_s", told, f"{LONGEST_CHECK_S:g} is the most")
    if gateway.log_new_group == gateway.log_denied_group:
        yield Problem("log_new_group", "is log_denied_group, too", "give each its own: they are kept differently long")


def spool_problems(gateway: GatewaySettings) -> Iterator[Problem]:
    """Records have a place, some room, and are sealed while somebody may still ask."""
    if gateway.spool and not gateway.spool.startswith("/"):
        yield Problem("spool", f"{gateway.spool!r} is no absolute path", 'write "/var/lib/shepherd-gateway/flows"')
    if not LEAST_SPOOL_MIB <= gateway.spool_mib <= MOST_SPOOL_MIB:
        remedy = f"give {LEAST_SPOOL_MIB} to {MOST_SPOOL_MIB}"
        yield Problem("spool_mib", f"is {gateway.spool_mib}", remedy)
    yield from second_problems("", {"seal_s": gateway.seal_s})
    if gateway.seal_s > LONGEST_SEAL_S:
        told = f"is {gateway.seal_s:g}: whoever asks waits as long"
        yield Problem("seal_s", told, f"{LONGEST_SEAL_S:g} is the most")
def stop_problems(gateway: GatewaySettings) -> Iterator[Problem]:
    """Either everything that reading the shepherd's pages needs, or nothing."""
    if gateway.trusted_keys and not gateway.pool:
        yield Problem("pool", "is empty, so that no page could be believed", "give home.name of shepherd.toml")
    if not gateway.trusted_keys and (gateway.pool or gateway.home_collector):
        yield Problem("trusted_keys", "is empty, so that no page could be believed", "name the shepherd's public key")
    yield from duplicate_problems("trusted_keys", gateway.trusted_keys, "file")
    for key, paths in (("trusted_keys", gateway.trusted_keys), ("state", (gateway.state,))):
        for path in paths:
            yield from absolute_problems("", {key: path})
    if gateway.condor_config:
        yield from absolute_problems("", {"condor_config": gateway.condor_config})
    yield from second_problems("", {"stops_s": gateway.stops_s, "skew_s": gateway.skew_s})
    if gateway.stops_s > LONGEST_STOPS_S:
        told = f"is {gateway.stops_s:g}: a ban is to be in force within seconds"
        yield Problem("stops_s", told, f"{LONGEST_STOPS_S:g} is the most")


def place_problems(key: str, text: str) -> Iterator[Problem]:
    """ADDRESS:PORT."""
    address, colon, port = text.rpartition(":")
    if not colon or address_of(address) is None or ports_of(port) is None or "-" in port:
        yield Problem(key, f"{text!r} is not ADDRESS:PORT", 'write e.g. "10.27.0.1:9619", an address and no name')


def address_problems(key: str, text: str) -> Iterator[Problem]:
    """An IPv4 address."""
    if address_of(text) is None:
        yield Problem(key, f"{text!r} is no IPv4 address", "give the address, not a name")


def address_of(text: str) -> ipaddress.IPv4Address | None:
    """An IPv4 address; None if it is none."""
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        return None


def network_of(text: str) -> ipaddress.IPv4Network | None:
    """An IPv4 network, written without host bits; None if it is none."""
    try:
        return ipaddress.IPv4Network(text) if "/" in text else None
    except ValueError:
        return None


def ports_of(text: str) -> tuple[int, int] | None:
    """First and last port of `N` or `N-M`; None if it is neither."""
    matched = PORTS.fullmatch(text)
    if matched is None:
        return None
    first, last = int(matched[1]), int(matched[2] or matched[1])
    return (first, last) if 1 <= first <= last <= LAST_PORT else None
