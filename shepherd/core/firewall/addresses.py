"""Networks that no guest has any business in, whatever the site."""

import ipaddress
from collections.abc import Iterable

NOBODYS = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
"""Not reachable on the internet, so whoever answers is of the site: the IANA IPv4 special-purpose registry (RFC 6890
and its updates), and multicast. 169.254.169.254 is the metadata service of clouds. Networks for documentation are left
out: nobody has them."""


def forbidden(site_networks: Iterable[str]) -> tuple[str, ...]:
    """All networks that guests never reach, merged and in order; exceptions are rules that stand before these."""
    networks = [ipaddress.IPv4Network(text) for text in (*NOBODYS, *site_networks)]
    return tuple(str(network) for network in ipaddress.collapse_addresses(networks))
