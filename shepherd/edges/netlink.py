"""This machine's interfaces, addresses and routes, asked of the kernel and changed by pyroute2."""

import contextlib
import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyroute2 import IPRoute, NetlinkError

from shepherd.errors import CommandFailed
from shepherd.model.network import OWNER, LinkSeen
from shepherd.model.trial import Leg

MAIN_TABLE, UNICAST = 254, 1


class Netlink:
    """`ports_node.Links`."""

    def seen(self) -> tuple[LinkSeen, ...]:
        """See the port."""
        with asking() as kernel:
            links = list(kernel.get_links())
            addresses = list(kernel.get_addr(family=2))
        names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in links}
        return tuple(
            link_seen(link, names, [a for a in addresses if a["index"] == link["index"]])
            for link in links
            if link.get_attr("IFLA_IFNAME") != "lo"
        )

    def make_vlan(self, name: str, link: str, vlan: int) -> None:
        """See the port."""
        with asking() as kernel:
            (index,) = kernel.link_lookup(ifname=link)
            kernel.link("add", ifname=name, kind="vlan", link=index, vlan_id=vlan)
            kernel.link("set", index=kernel.link_lookup(ifname=name)[0], ifalias=OWNER)

    def bring_up(self, name: str) -> None:
        """See the port."""
        with asking() as kernel:
            kernel.link("set", index=kernel.link_lookup(ifname=name)[0], state="up")

    def remove(self, name: str) -> None:
        """See the port."""
        with asking() as kernel:
            for index in kernel.link_lookup(ifname=name):
                kernel.link("del", index=index)


def link_seen(link: Any, names: Mapping[int, str], addresses: Sequence[Any]) -> LinkSeen:  # noqa: ANN401
    """One interface as the kernel tells it."""
    info = link.get_attr("IFLA_LINKINFO")
    kind = info.get_attr("IFLA_INFO_KIND") if info else ""
    data = info.get_attr("IFLA_INFO_DATA") if info and kind == "vlan" else None
    return LinkSeen(
        name=link.get_attr("IFLA_IFNAME"),
        kind=kind or "",
        under=names.get(link.get_attr("IFLA_LINK") or 0, "") if kind in {"vlan", "macvlan"} else "",
        vlan=int(data.get_attr("IFLA_VLAN_ID")) if data else 0,
        is_up=link["state"] == "up",
        alias=link.get_attr("IFLA_IFALIAS") or "",
        mac=link.get_attr("IFLA_ADDRESS") or "",
        networks=tuple(f"{found.get_attr('IFA_LOCAL')}/{found['prefixlen']}" for found in addresses),
    )


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
        raise CommandFailed(f"the kernel refuses ({exc})") from exc
