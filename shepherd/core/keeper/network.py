"""A host's side of the flock VLAN: what it must be for a lend, the steps towards it, and when to refuse.

Nothing that somebody else made is ever changed: it is named, with the remedy.
"""

import ipaddress
from collections.abc import Iterator

from shepherd.model.network import OWNER, DockerNetwork, HostSeen, LinkSeen, NetworkStep
from shepherd.model.node_settings import NodeSettings

OLDEST_ENGINE = (20, 10)
"""Engine 20.10 has API 1.41; older ones know no `seccomp` profile with today's system calls."""


def refusal(settings: NodeSettings, seen: HostSeen) -> str:
    """Why the host's network cannot be brought into order by us, in one clause with the remedy; empty if it can."""
    return next(
        iter(
            (
                *parent_refusals(settings, seen),
                *address_refusals(settings, seen),
                *engine_refusals(settings, seen),
            )
        ),
        "",
    )


def steps_up(settings: NodeSettings, seen: HostSeen) -> tuple[NetworkStep, ...]:
    """What is to be done, in order; none if all is as it must be. Only if there is no refusal."""
    parent = link_of(seen, settings.parent)
    found: list[NetworkStep] = []
    if parent is None:
        found.append(NetworkStep.MAKE_VLAN)
    if parent is None or seen.ipv6_on_parent:
        found.append(NetworkStep.SILENCE_IPV6)
    if settings.guard and (parent is None or not seen.guard_in_force):
        found.append(NetworkStep.LOAD_GUARD)
    if parent is None or not parent.is_up:
        found.append(NetworkStep.RAISE_PARENT)
    if seen.network is None:
        found.append(NetworkStep.MAKE_NETWORK)
    elif network_problem(settings, seen.network):
        found.append(NetworkStep.REMAKE_NETWORK)
    return tuple(found)


def steps_down(settings: NodeSettings, seen: HostSeen) -> tuple[NetworkStep, ...]:
    """What is to be removed, in order: what is ours, and nothing else."""
    parent = link_of(seen, settings.parent)
    found: list[NetworkStep] = []
    if seen.network is not None and seen.network.is_ours:
        found.append(NetworkStep.REMOVE_NETWORK)
    if parent is not None and parent.alias == OWNER:
        found.append(NetworkStep.REMOVE_VLAN)
    if seen.guard_loaded:
        found.append(NetworkStep.REMOVE_GUARD)
    return tuple(found)


def problem(settings: NodeSettings, seen: HostSeen) -> str:
    """Why no container may be started here now, in one clause; empty if one may."""
    if refused := refusal(settings, seen):
        return refused
    missing = ", ".join(MISSING[step] for step in steps_up(settings, seen))
    return f"{missing}; `shepherd node up` mends that" if missing else ""


MISSING = {
    NetworkStep.MAKE_VLAN: "the VLAN interface is missing",
    NetworkStep.RAISE_PARENT: "the VLAN interface is down",
    NetworkStep.SILENCE_IPV6: "IPv6 is on at the VLAN interface",
    NetworkStep.LOAD_GUARD: "the host guard is not in force",
    NetworkStep.MAKE_NETWORK: "the docker network is missing",
    NetworkStep.REMAKE_NETWORK: "the docker network is not as the settings have it",
}


def parent_refusals(settings: NodeSettings, seen: HostSeen) -> Iterator[str]:
    """The VLAN's interface."""
    parent, link = link_of(seen, settings.parent), link_of(seen, settings.link)
    if settings.link and link is None:
        yield f"there is no interface {settings.link} (setting `link`); `ip link` shows those there are"
    if parent is None and not settings.link:
        yield f"there is no interface {settings.parent}; make it, or set `link` and `vlan` so that it is made"
    if not settings.link:
        return
    if parent is not None and (parent.under, parent.vlan) != (settings.link, settings.vlan):
        is_now = f"VLAN {parent.vlan} of {parent.under}" if parent.vlan else f"a {parent.kind or 'network card'}"
        yield f"{settings.parent} is {is_now}, not VLAN {settings.vlan} of {settings.link}; correct one of the two"
    for other in seen.links:
        if other.name != settings.parent and (other.under, other.vlan) == (settings.link, settings.vlan):
            yield f"VLAN {settings.vlan} of {settings.link} is {other.name} already; set `parent` to it, or remove it"


def address_refusals(settings: NodeSettings, seen: HostSeen) -> Iterator[str]:
    """Addresses of the host."""
    subnet = ipaddress.IPv4Network(settings.subnet)
    for link in seen.links:
        for text in link.networks:
            if link.name == settings.parent:
                yield f"the host has the address {text} on {link.name}, where guests could reach it; remove it"
            elif ipaddress.IPv4Interface(text).network.overlaps(subnet):
                yield f"{link.name} has {text}, within the flock VLAN's {subnet}; choose another subnet"


def engine_refusals(settings: NodeSettings, seen: HostSeen) -> Iterator[str]:
    """dockerd and its network."""
    if seen.engine < OLDEST_ENGINE:
        yield f"dockerd is {seen.engine[0]}.{seen.engine[1]}; install 20.10 or newer"
    found, name = seen.network, settings.network
    if found is not None and found.strangers:
        yield f"docker network {name}: {found.strangers} containers that are not ours are on it; take them off"
    if found is None or not (wrong := network_problem(settings, found)):
        return
    if not found.is_ours:
        yield f"docker network {name}: {wrong}, and we did not make it; `docker network rm {name}`, or name another"
    elif found.containers:
        yield f"docker network {name}: {wrong}, and {found.containers} containers are on it; stop them"


def network_problem(settings: NodeSettings, found: DockerNetwork) -> str:
    """What is wrong with the docker network, in one clause; empty if nothing is."""
    facts = {
        "driver": (found.driver, "macvlan"),
        "parent": (found.parent, settings.parent),
        "subnet": (", ".join(found.subnets), settings.subnet),
        "gateway": (", ".join(found.gateways), settings.gateway),
    }
    wrong = (f"its {what} is {is_now or 'missing'}, not {meant}" for what, (is_now, meant) in facts.items()
             if is_now != meant)  # fmt: skip
    return next(wrong, "")


def link_of(seen: HostSeen, name: str) -> LinkSeen | None:
    """The interface of this name."""
    return next((link for link in seen.links if link.name == name), None)
