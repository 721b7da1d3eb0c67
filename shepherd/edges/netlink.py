"""This machine's interfaces, addresses and routes, asked of the kernel by pyroute2."""

import contextlib
import ipaddress
from collections.abc import Iterator
from typing import Any

from pyroute2 import IPRoute, NetlinkError

from shepherd.errors import CommandFailed
from shepherd.model.trial import Leg

MAIN_TABLE, UNICAST = 254, 1


def legs() -> tuple[Leg, ...]:
    """Interfaces that are up, without the loopback, each with its first IPv4 address and what lies behind it.

    An interface without an IPv4 address is left out. Raises CommandFailed.
    """
    with asking() as kernel:
        names = {
            link["index"]: link.get_attr("IFLA_IFNAME")
            for link in kernel.get_links()
            if link["state"] == "up" and link.get_attr("IFLA_IFNAME") != "lo"
        }
        addresses: dict[int, str] = {}
        for found in kernel.get_addr(family=2):
            addresses.setdefault(found["index"], f"{found.get_attr('IFA_LOCAL')}/{found['prefixlen']}")
        routes = list(kernel.get_routes(family=2, table=MAIN_TABLE))
    return tuple(
        Leg(interface=name, address=addresses[index], routes=tuple(behind(routes, index, addresses[index])))
        for index, name in names.items()
        if index in addresses
    )


def behind(routes: list[Any], index: int, address: str) -> Iterator[str]:
    """Networks that are reached by an interface, besides its own."""
    own = str(ipaddress.IPv4Interface(address).network)
    for route in routes:
        network = f"{route.get_attr('RTA_DST') or '0.0.0.0'}/{route['dst_len']}"  # noqa: S104 - any address
        if route.get_attr("RTA_OIF") == index and route["type"] == UNICAST and network != own:
            yield network


@contextlib.contextmanager
def asking() -> Iterator[Any]:
    """The kernel, with its complaints translated."""
    try:
        with IPRoute() as kernel:
            yield kernel
    except (NetlinkError, OSError) as exc:
        raise CommandFailed(f"the kernel does not tell its interfaces and routes: {exc}") from exc
