"""Thousands of generated packets through the real kernel, whatever the settings: none gets where it must not."""

import ipaddress
import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shepherd.core.firewall.addresses import forbidden
from shepherd.core.firewall.gateway import gateway_rules
from shepherd.core.settings.gateway import gateway_problems, ports_of
from shepherd.edges.trial import KernelTrial
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.trial import Fate, Packet
from tests.gateway.kernel import GATEWAY, ICMP, LEGS, MANY, SITE, TCP, UDP

pytestmark = pytest.mark.real
PACKETS = 600
SUBNET = ipaddress.IPv4Network(GATEWAY.subnet)
OURS = {str(ipaddress.IPv4Interface(leg.address).ip) for leg in LEGS}

addresses = st.integers(0x01000001, 0xDFFFFFFE).map(lambda number: str(ipaddress.IPv4Address(number)))
inside = st.integers(2, 65533).map(lambda number: f"10.1.{number >> 8}.{number & 255}")
somewhere = st.one_of(addresses, inside).filter(lambda text: text not in OURS)
ports = st.integers(1, 65535)
places = st.builds(lambda address, port: f"{address}:{port}", somewhere, ports)
networks = st.builds(
    lambda address, bits: str(ipaddress.IPv4Network((address, bits), strict=False)), addresses, st.integers(8, 32)
)


def few_ports() -> st.SearchStrategy[tuple[str, ...]]:
    """Ports and ranges that do not overlap."""
    edges = st.lists(ports, unique=True, max_size=8).map(sorted)
    return edges.map(
        lambda found: tuple(f"{a}-{b}" for a, b in zip(found[::2], found[1::2], strict=False))
    )


site = st.builds(
    GatewaySettings,
    outside=st.just(("em2",)),
    nat_address=st.just("198.51.100.7"),
    site_networks=st.lists(networks, unique=True, max_size=5).map(lambda some: (SITE, *some)),
    dns=st.lists(somewhere, unique=True, max_size=2).map(tuple),
    ntp=st.lists(somewhere, unique=True, max_size=2).map(tuple),
    squid=st.lists(places, unique=True, max_size=2).map(tuple),
    schedds=st.lists(places.map(lambda place: f"vo={place}"), unique=True, max_size=3).map(tuple),
    refused_ports=few_ports(),
    only_ports=few_ports(),
    udp_ports=few_ports(),
    connections=st.just(MANY),
    new_per_s=st.just(MANY),
    pool_connections=st.just(MANY),
    pool_new_per_s=st.just(MANY),
    dns_per_s=st.just(MANY),
)


def named(gateway: GatewaySettings) -> set[tuple[str, int, int]]:
    """Address, protocol and port of everything that the settings open by name, told anew and not by the rules' code."""
    places = [gateway.collector, *gateway.squid, *(entry.partition("=")[2] for entry in gateway.schedds)]
    found = {(place.rpartition(":")[0], TCP, int(place.rpartition(":")[2])) for place in places}
    found |= {(address, protocol, 53) for address in gateway.dns for protocol in (TCP, UDP)}
    return found | {(address, UDP, 123) for address in gateway.ntp}


def packets_for(gateway: GatewaySettings, seed: int) -> list[Packet]:
    """Packets around everything that has an edge: networks, services, ports."""
    draw = random.Random(seed)
    walls = [ipaddress.IPv4Network(text) for text in (*forbidden(gateway.site_networks), gateway.subnet)]
    edges = [int(wall[place]) + step for wall in walls for place in (0, -1) for step in (-1, 0, 1)]
    doors = sorted(named(gateway))
    texts = (*gateway.refused_ports, *gateway.only_ports, *gateway.udp_ports)
    rims = [port + step for text in texts for port in ports_of(text) or () for step in (-1, 0, 1)]
    found = []
    for _ in range(PACKETS):
        address, protocol, port = draw.choice(doors)
        if draw.random() < 0.7:
            number = draw.choice(edges) if draw.random() < 0.6 else draw.randrange(1 << 24, 224 << 24)
            address = str(ipaddress.IPv4Address(number & 0xFFFFFFFF))
        if draw.random() < 0.7:
            port = draw.choice([*rims, 22, 25, 53, 80, 443, 9618, draw.randrange(1, 65535)])
        if draw.random() < 0.3:
            protocol = draw.choice([TCP, UDP, ICMP, 4, 47, 50, 132])
        source = f"10.27.2.{draw.randrange(2, 250)}"
        found.append(
            Packet(
                interface="em1.2512",
                source=source,
                destination=address,
                protocol=protocol,
                port=min(max(port, 1), 65535),
            )
        )
    return found


def within(port: int, texts: tuple[str, ...]) -> bool:
    """Whether a port is one of these."""
    return any(first <= port <= last for first, last in filter(None, map(ports_of, texts)))


def may(gateway: GatewaySettings, one: Packet) -> bool:
    """The policy in plain words, as a second opinion."""
    if (one.destination, one.protocol, one.port) in named(gateway):
        return True
    address = ipaddress.IPv4Address(one.destination)
    if one.destination == gateway.gateway and one.protocol == ICMP:
        return True
    walls = forbidden(gateway.site_networks)
    if one.destination in OURS or any(address in ipaddress.IPv4Network(wall) for wall in walls):
        return False
    if one.protocol == UDP:
        return within(one.port, gateway.udp_ports)
    if one.protocol != TCP or within(one.port, gateway.refused_ports):
        return False
    return not gateway.only_ports or within(one.port, gateway.only_ports)


@pytest.mark.limit(280)
@settings(
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(gateway=site, seed=st.integers(0, 2**32))
def test_no_packet_gets_where_the_settings_do_not_let_it(gateway: GatewaySettings, seed: int) -> None:
    """A rule in the wrong order opened storage for one setting in a hundred, and no example had that one."""
    assert gateway_problems(gateway) == []
    packets = packets_for(gateway, seed)
    outcome = KernelTrial(timeout_s=60).run(LEGS, gateway_rules(gateway), packets)
    through = {Fate.FORWARDED, Fate.DELIVERED}
    pinged = [one for one in packets if one.protocol == ICMP and one.destination == gateway.gateway]
    wrong = [
        (one, seen)
        for one, seen in zip(packets, outcome.seen, strict=True)
        if one not in pinged and (seen.fate in through) != may(gateway, one)
    ]
    assert wrong == []
