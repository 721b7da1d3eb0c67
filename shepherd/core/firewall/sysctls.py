"""Kernel settings of the gateway, by their names under /proc/sys."""

from collections.abc import Mapping

from shepherd.model.gateway_settings import GatewaySettings

FORWARDS_ALL = "net/ipv4/conf/all/forwarding"
"""1 on a machine that is a router already."""


def closed(settings: GatewaySettings, *, is_router: bool) -> Mapping[str, str]:
    """Settings under which nothing passes from the VLAN, whatever the rules; and on a machine that is no router besides
    nothing to it either."""
    others = () if is_router else (*settings.outside, *settings.inside)
    return {conf("ipv4", interface, "forwarding"): "0" for interface in (settings.vlan, *others)}


def opened(settings: GatewaySettings) -> Mapping[str, str]:
    """Settings under which the rules decide. Forwarding is allowed interface by interface, so that the machine becomes
    a router between no others."""
    interfaces = (settings.vlan, *settings.outside, *settings.inside)
    return {
        **hardened(settings),
        **{conf("ipv4", interface, "forwarding"): "1" for interface in interfaces},
    }


def hardened(settings: GatewaySettings) -> Mapping[str, str]:
    """The VLAN's side: no IPv6, no redirects and no source routes, strict sources. And what flow records need: bytes,
    times, and events also of connections that began while nobody listened (2 would be: only while somebody does)."""
    vlan = settings.vlan
    return {
        conf("ipv6", vlan, "disable_ipv6"): "1",
        conf("ipv4", vlan, "rp_filter"): "1",
        conf("ipv4", vlan, "accept_redirects"): "0",
        conf("ipv4", vlan, "send_redirects"): "0",
        conf("ipv4", vlan, "accept_source_route"): "0",
        conf("ipv4", vlan, "proxy_arp"): "0",
        "net/netfilter/nf_conntrack_acct": "1",
        "net/netfilter/nf_conntrack_timestamp": "1",
        "net/netfilter/nf_conntrack_events": "1",
    }


def conf(family: str, interface: str, name: str) -> str:
    """The name of one interface's setting."""
    return f"net/{family}/conf/{interface}/{name}"
