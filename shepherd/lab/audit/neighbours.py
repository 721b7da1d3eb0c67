"""Probes of the wire: what leaves a container's interface, even for somebody who may make frames there."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from shepherd.errors import CommandFailed
from shepherd.lab.addresses import CM_FLOCK
from shepherd.lab.audit.parts import Guests
from shepherd.lab.audit.place import in_container, run_in_network
from shepherd.lab.audit.report import Result, shut
from shepherd.lab.audit.wire import KINDS
from shepherd.lab.command import must
from shepherd.lab.node import SOURCE_IN_NODE

WIRE = Path(__file__).with_name("wire.py")
WIRE_IN_NODE = f"{SOURCE_IN_NODE}/shepherd/lab/audit/wire.py"
HEAR_S = 6.0
TRIES = {
    "hardware-address": "frames with another hardware address",
    "address": "packets with another address",
    "arp": "claiming another address by ARP",
    "ipv6": "IPv6 on the VLAN",
    "vlan": "hopping to another VLAN by a second tag",
    "neighbour": "frames straight to another host's container",
}


def wire(guests: Guests) -> Iterator[Result]:
    """What leaves a container's interface, even for somebody who may make frames there."""
    site, flocking, neighbour = guests.site, guests.host, guests.neighbour
    names = {names.flocking: names for names in site.names}
    own, other = names[flocking], names[neighbour]
    gateway_mac = must(site.cm.argv(("cat", "/sys/class/net/vlan/address"))).strip()
    with listening(site.cm.argv(("/usr/bin/python3", "-IS", WIRE_IN_NODE, "hear", "vlan", str(HEAR_S)))) as gateway:
        there = in_container(site, neighbour, ("/usr/bin/python3", "-IS", str(WIRE), "hear", "eth0", str(HEAR_S)))
        with listening(there) as beside:
            for kind in KINDS:
                to_mac, to = (other.flock_mac, other.flock_address) if kind == "neighbour" else (gateway_mac, CM_FLOCK)
                run_in_network(
                    site, flocking, WIRE, "send", "eth0", kind, own.flock_mac, own.flock_address, to_mac, to
                )
            heard = heard_by(gateway) | heard_by(beside)
    if "honest" not in heard:
        raise CommandFailed("not even an honest frame arrived at the gateway: the wire's probes prove nothing")
    for kind, tries in TRIES.items():
        yield shut(f"wire-{kind}", tries, kind in heard)


@contextlib.contextmanager
def listening(argv: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """A listener that is ready."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        if process.stdout is None or process.stdout.readline().strip() != "ready":
            raise CommandFailed(f"nobody listens: {argv}")
        try:
            yield process
        finally:
            process.kill()


def heard_by(listener: "subprocess.Popen[str]") -> set[str]:
    """What it tells at its end."""
    out, _ = listener.communicate(timeout=HEAR_S + 10)
    return set(out.split())
