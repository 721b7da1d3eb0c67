"""Probes of the wire and of the two pools: what somebody with a container's rights, or its token, could do."""

import base64
import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from shepherd.errors import CommandFailed, Unavailable
from shepherd.lab.addresses import CM_FLOCK, CM_PRIVATE, CM_WAN, FLOCK_PORT, HOME_PORT
from shepherd.lab.audit.parts import Guests
from shepherd.lab.audit.place import host_of, in_container, run_in_network
from shepherd.lab.audit.report import Result, shut
from shepherd.lab.audit.wire import KINDS
from shepherd.lab.command import must
from shepherd.lab.node import SOURCE_IN_NODE, Node
from shepherd.lab.site import Site

WIRE = Path(__file__).with_name("wire.py")
WIRE_IN_NODE = f"{SOURCE_IN_NODE}/shepherd/lab/audit/wire.py"
HEAR_S = 6.0
TOKEN_S = 3600
TRIES = {
    "hardware-address": "frames with another hardware address",
    "address": "packets with another address",
    "arp": "claiming another address by ARP",
    "ipv6": "IPv6 on the VLAN",
    "vlan": "hopping to another VLAN by a second tag",
    "neighbour": "frames straight to another host's container",
}
TOKENS = "/run/audit-token"
CHANGED = {"_CONDOR_SEC_TOKEN_SYSTEM_DIRECTORY": TOKENS, "_CONDOR_SEC_TOKEN_DIRECTORY": TOKENS}
MARKER = "shepherd-audit"


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


def stolen_token(guests: Guests) -> Iterator[Result]:
    """What the token of a container is worth, if somebody got it out, at the guests' side and at ours."""
    site, flocking, neighbour = guests.site, guests.host, guests.neighbour
    lent = {host_of(site, name).name for name in (flocking, neighbour)}
    token = host_of(site, flocking).read("/run/shepherd/share/token")
    own_host = next(node for node in site.hosts if node.name not in lent)
    for node in (site.campus, own_host):
        node.write(f"{TOKENS}/own", token, mode=0o600)
    claims = token_claims(token)
    issued, expires = (int(str(claims[name])) for name in ("iat", "exp"))
    other = f"slot1@{neighbour}"
    yield shut("token-lifetime", "using it next week", not 0 < expires - issued <= TOKEN_S, str(expires - issued))
    scope = set(str(claims["scope"]).split())
    yield shut("token-rights", "rights beyond advertising", not scope <= RIGHTS, str(claims["scope"]))
    yield said(site, "token-other-startd", "a false ad of another host's startd", other, "STARTD", f"{neighbour}")
    yield said(site, "token-new-startd", "a startd that does not exist", "slot1@evil", "STARTD", "evil")
    yield said(site, "token-other-master", "a false ad of another host's master", neighbour, "MASTER", neighbour)
    yield said(site, "token-schedd", "posing as a guest's schedd", f"{MARKER}@evil", "SCHEDD", "evil")
    yield ordered(site, "token-drain", "draining another host", ("condor_drain", "-pool", OUTSIDE, other))
    off = ("condor_off", "-pool", OUTSIDE, "-daemon", "master", "-name", neighbour)
    yield ordered(site, "token-off", "turning another host off", off)
    home = ("condor_status", "-pool", f"{CM_PRIVATE}:{HOME_PORT}", "-any")
    yield ordered(site, "token-home-read", "reading the home pool with it", home, node=own_host)


RIGHTS = {"condor:/ADVERTISE_STARTD", "condor:/ADVERTISE_MASTER", "condor:/READ"}
OUTSIDE = f"{CM_WAN}:{FLOCK_PORT}"


def token_claims(token: str) -> dict[str, object]:
    """What a token says of itself."""
    middle = token.split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return claims


def said(site: Site, ident: str, tries: str, name: str, kind: str, machine: str) -> Result:
    """An ad that the token's holder sends to the flock collector from outside; whether it is believed."""
    types = {"STARTD": "Machine", "MASTER": "DaemonMaster", "SCHEDD": "Scheduler"}
    ad = f'MyType = "{types[kind]}"\nName = "{name}"\nMachine = "{machine}"\nMyAddress = "<203.0.113.50:1>"\n'
    ad += f'StartdIpAddr = "<203.0.113.50:1>"\nScheddIpAddr = "<203.0.113.50:1>"\n{MARKER.replace("-", "")} = true\n'
    ad += 'State = "Unclaimed"\nActivity = "Idle"\nSlotID = 1\n'
    site.campus.write("/run/audit.ad", ad)
    command = f"UPDATE_{kind}_AD"
    said = site.campus.run(("condor_advertise", "-pool", OUTSIDE, "-tcp", command, "/run/audit.ad"), env=CHANGED)
    kinds = {"STARTD": "startd", "MASTER": "master", "SCHEDD": "schedd"}
    constraint = f"{MARKER.replace('-', '')} =?= true"
    believed = site.collector_ads(site.cm, kinds[kind], pool=site.flock_pool, constraint=constraint)
    detail = " ".join((said.stdout + said.stderr).split())[:200]
    return shut(ident, tries, bool(believed), detail)


def ordered(site: Site, ident: str, tries: str, argv: tuple[str, ...], node: Node | None = None) -> Result:
    """An order, or a question, with the token; whether it is obeyed. The tools do not always say so by their code."""
    try:
        done = (node or site.campus).run(argv, env=CHANGED, timeout_s=40)
    except Unavailable as exc:
        return shut(ident, tries, is_open=False, detail=str(exc)[:200])
    text = " ".join((done.stdout + done.stderr).split())
    refused = done.returncode != 0 or any(word in text for word in ("ERROR", "Can't", "SECMAN", "denied", "DENIED"))
    return shut(ident, tries, not refused, text[:200])
