"""A gateway on trial: the legs of the talk's central manager, its settings, and what guests send."""

from typing import Any

from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.trial import Leg, Packet

TCP, UDP, ICMP = 6, 17, 1
SITE = "131.169.0.0/16"
MANY = 1_000_000
LEGS = (
    Leg(interface="em1.2512", address="10.27.0.1/16"),
    Leg(interface="em1", address="10.1.0.1/16", routes=("10.0.0.0/8", SITE, "172.16.0.0/12", "192.168.0.0/16")),
    Leg(interface="em2", address="198.51.100.2/24", routes=("0.0.0.0/0",)),
)
GATEWAY = GatewaySettings(
    outside=("em2",),
    nat_address="198.51.100.7",
    site_networks=(SITE,),
    dns=("131.169.0.53",),
    ntp=("131.169.0.123",),
    squid=("10.1.0.31:3128",),
    schedds=("physics=10.9.0.1:9618",),
    connections=MANY,
    new_per_s=MANY,
    pool_connections=MANY,
    pool_new_per_s=MANY,
    dns_per_s=MANY,
)
"""Limits are out of the way: thousands of packets come from few hosts within a second."""


def packet(
    destination: str,
    port: int = 443,
    *,
    protocol: int = TCP,
    source: str = "10.27.2.5",
    interface: str = "em1.2512",
    **more: Any,
) -> Packet:
    """What a guest's job sends."""
    return Packet(
        interface=interface, source=source, destination=destination, protocol=protocol, port=port, **more
    )


def answer(to: int, interface: str) -> Packet:
    """The second packet of the connection that the packet with this index began."""
    return Packet(interface=interface, source="", destination="", protocol=TCP, answers=to)
