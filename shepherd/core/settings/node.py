"""What well-formed settings of a host's keeper must not say."""

import ipaddress
import math
import re
from collections.abc import Iterator

from shepherd.core.settings.forms import (
    Problem,
    absolute_problems,
    address_problem,
    digest_problem,
    duplicate_problems,
    hostname_problem,
    line_problem,
    second_problems,
)
from shepherd.core.settings.gaps import poll_problems, wait_problems
from shepherd.core.settings.trace import logger_problems
from shepherd.model.container import Profile
from shepherd.model.node_settings import NodeSettings

MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")
LAST_VLAN = 4094
LONGEST_INTERFACE = 15
LEAST_PROCESSES = 64
LEAST_TOKEN_S = 300.0
MOST_EVIDENCE_S = 30.0
"""With noticing, killing and starting a startd it stays below the 60 s that a host may be without one."""
LONGEST_EVIDENCE_DAYS = 3660.0
CONDORS_OWN_MIB = 300
"""What HTCondor's daemons and logs in a container take of its memory limit, at most."""
REPOSITORY = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+")
UNIT = re.compile(r"[A-Za-z0-9][\w.@-]*(?<!\.service)", re.ASCII)
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=[^\0\n\r]*")


def node_problems(node: NodeSettings) -> list[Problem]:
    """Everything that is wrong; empty if nothing is."""
    return [
        *name_problems(node),
        *trust_problems(node),
        *network_problems(node),
        *vlan_problems(node),
        *mac_problems(node.flock_mac),
        *place_problems(node),
        *trial_problems(node),
        *time_problems(node),
        *size_problems(node),
        *evidence_problems(node),
        *logger_problems("", node.logger, node.logger_ca_file),
    ]


def name_problems(node: NodeSettings) -> Iterator[Problem]:
    """The host's two names."""
    yield from line_problem("pool", node.pool)
    yield from line_problem("host", node.host)
    yield from hostname_problem("flock_name", node.flock_name)
    if node.flock_name.casefold() == node.host.casefold():
        yield Problem("flock_name", "is the name of the host", "a host's two startds need two names")


def trust_problems(node: NodeSettings) -> Iterator[Problem]:
    """Whose leases, and which images."""
    if not node.trusted_keys:
        yield Problem(
            "trusted_keys",
            "is empty, so that no lease could ever be believed",
            "name the public key (.pub) that `shepherd key create` wrote on the central manager",
        )
    yield from duplicate_problems("trusted_keys", node.trusted_keys)
    for path in node.trusted_keys:
        yield from absolute_problems("", {"trusted_keys": path})
    if not node.images:
        yield Problem("images", "is empty, so that nothing may start here", "name an image's id")
    yield from duplicate_problems("images", node.images)
    for image in node.images:
        yield from digest_problem("images", image)


def network_problems(node: NodeSettings) -> Iterator[Problem]:
    """The container's address lies in the subnet and is nobody else's."""
    for key in ("network", "parent"):
        yield from line_problem(key, getattr(node, key))
    subnet = subnet_of(node.subnet)
    if subnet is None:
        yield Problem("subnet", f"{node.subnet!r} is no IPv4 network", 'write e.g. "10.27.0.0/16"')
    for key in ("gateway", "flock_address"):
        yield from member_problems(key, getattr(node, key), subnet)
    yield from place_of_problems("flock_collector", node.flock_collector)
    if node.flock_address == node.gateway:
        yield Problem("flock_address", "is the gateway's address", "give the container one of its own")


def place_of_problems(key: str, place: str) -> Iterator[Problem]:
    """ADDRESS:PORT: rules name addresses."""
    address, _, port = place.rpartition(":")
    try:
        ipaddress.IPv4Address(address)
    except ValueError:
        port = ""
    if not (port.isdecimal() and 0 < int(port) < 65536):
        yield Problem(key, f"{place!r} is not ADDRESS:PORT", 'write e.g. "10.27.0.1:9619", no name')


def subnet_of(text: str) -> ipaddress.IPv4Network | None:
    """An IPv4 network, written without host bits; None if it is none."""
    try:
        return ipaddress.IPv4Network(text) if "/" in text else None
    except ValueError:
        return None


def member_problems(key: str, text: str, subnet: ipaddress.IPv4Network | None) -> Iterator[Problem]:
    """An address that a machine in the subnet can have."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        yield Problem(key, f"{text!r} is no IPv4 address", 'write e.g. "10.27.0.20"')
        return
    if subnet is None:
        return
    if address not in subnet:
        yield Problem(key, f"{text} is not within subnet = {subnet}", "correct one of the two")
    elif address in {subnet.network_address, subnet.broadcast_address}:
        yield Problem(key, f"{text} is the first or last of {subnet}", "take one in between")


def vlan_problems(node: NodeSettings) -> Iterator[Problem]:
    """A tagged sub-interface, or none."""
    if node.link:
        yield from line_problem("link", node.link)
        if not 1 <= node.vlan <= LAST_VLAN:
            yield Problem("vlan", f"is {node.vlan}", f"give the id of the VLAN on {node.link}, 1 to {LAST_VLAN}")
        if node.link == node.parent:
            yield Problem("link", f"is parent, {node.parent}, too", f"name the sub-interface {node.link}.{node.vlan}")
    elif node.vlan:
        yield Problem("vlan", f"is {node.vlan} without link", "name the interface that carries it, or remove vlan")
    for key in ("parent", "link"):
        if len(getattr(node, key)) > LONGEST_INTERFACE:
            yield Problem(key, "is longer than 15 characters", "the kernel takes no longer name of an interface")


def mac_problems(mac: str) -> Iterator[Problem]:
    """A MAC address that an interface can have."""
    if not MAC.fullmatch(mac):
        yield Problem("flock_mac", f"{mac!r} is no MAC address", 'write e.g. "02:42:0a:1b:00:14"')
    elif int(mac[:2], 16) & 1 or set(mac) <= set("0:"):
        yield Problem(
            "flock_mac",
            f"{mac} is a group's address or empty, no machine's",
            "let the first byte be even, best 02: locally administered",
        )


def place_problems(node: NodeSettings) -> Iterator[Problem]:
    """Files, sockets, addresses and the container's environment."""
    yield from absolute_problems("", {"token": node.token, "run_dir": node.run_dir, "spool": node.spool})
    if node.condor_config:
        yield from absolute_problems("", {"condor_config": node.condor_config})
    if not UNIT.fullmatch(node.condor_service):
        yield Problem("condor_service", f"{node.condor_service!r} is no unit", 'write e.g. "condor", no ending')
    if node.collector:
        yield from address_problem("collector", node.collector)
    if not node.docker.startswith("unix:///"):
        yield Problem(
            "docker",
            f"{node.docker!r} is not a local socket",
            'write e.g. "unix:///var/run/docker.sock"; a dockerd that listens on a network is not used',
        )
    for entry in node.environment:
        if not VARIABLE.fullmatch(entry):
            yield Problem("environment", f"{entry!r} is not NAME=value", "write NAME=value on one line")


def trial_problems(node: NodeSettings) -> Iterator[Problem]:
    """Where images and tokens come from, and what is tried."""
    if node.registry and not REPOSITORY.fullmatch(node.registry):
        yield Problem("registry", f"{node.registry!r} is not HOST/NAME", "no https:// before it, no tag after it")
    if node.registry_login:
        yield from absolute_problems("", {"registry_login": node.registry_login})
    for target in node.leak_targets:
        yield from place_of_problems("leak_targets", target)
    if not node.leak_targets and node.profile is not Profile.TALK:
        yield Problem(
            "leak_targets",
            "is empty, so that nothing shows that guests stay out",
            'name what answers on the site\'s own networks, e.g. ["10.1.0.9:2049"]',
        )
    if node.flock_pool:
        yield from address_problem("flock_pool", node.flock_pool)
    if node.token_s < LEAST_TOKEN_S:
        yield Problem("token_s", f"is {node.token_s:g}", f"{LEAST_TOKEN_S:g} or more: it is renewed at half its life")


def time_problems(node: NodeSettings) -> Iterator[Problem]:
    """Every time is possible, and a lend that goes wrong is given up in time."""
    values = {key: value for key, value in vars(node).items() if key.endswith("_s")}
    problems = list(second_problems("", values))
    yield from problems
    if problems:
        return
    if node.poll_flock_s > node.poll_local_s:
        yield Problem(
            "poll_flock_s",
            f"is {node.poll_flock_s:g}, longer than poll_local_s = {node.poll_local_s:g}",
            "a lent host looks more often: reclaim depends on it",
        )
    yield from poll_problems(node)
    yield from wait_problems(node)


def evidence_problems(node: NodeSettings) -> Iterator[Problem]:
    """What is kept of a quarantined container, and that its host is local soon."""
    yield from absolute_problems("", {"evidence": node.evidence})
    for key in ("evidence_mib", "evidence_memory_mib"):
        if getattr(node, key) < 0:
            yield Problem(key, f"is {getattr(node, key)}", "0 for none, or how many MiB")
    if not 0.0 < node.evidence_days <= LONGEST_EVIDENCE_DAYS:
        yield Problem("evidence_days", f"is {node.evidence_days:g}", "give days, ten years at most")
    if node.evidence_s > MOST_EVIDENCE_S:
        yield Problem(
            "evidence_s",
            f"is {node.evidence_s:g}: nobody serves on a host whose container is frozen",
            f"{MOST_EVIDENCE_S:g} is the most; `shepherd quarantine --keep-host` takes its time",
        )


def size_problems(node: NodeSettings) -> Iterator[Problem]:
    """Sizes are possible."""
    for key, least in (("memory_mib", 0), ("shm_mib", 1), ("scratch_mib", 1), ("spool_mib", 4), ("trace_mib", 4)):
        if (value := getattr(node, key)) < least:
            yield Problem(key, f"is {value}", f"{least} MiB or more")
    if not 0 <= node.memory_percent <= 100:
        yield Problem("memory_percent", f"is {node.memory_percent}", "0 for no limit, or up to 100")
    if node.memory_mib and node.profile is not Profile.TALK and node.memory_mib <= node.scratch_mib + CONDORS_OWN_MIB:
        yield Problem(
            "memory_mib",
            f"is {node.memory_mib} (set, or memory_percent of this host's)",
            f"scratch_mib = {node.scratch_mib} and HTCondor's {CONDORS_OWN_MIB} lie in it: give more, or less scratch",
        )
    if node.processes and node.processes < LEAST_PROCESSES:
        yield Problem("processes", f"is {node.processes}", f"HTCondor alone needs {LEAST_PROCESSES}; 0: no limit")
    if not 0.0 <= node.cpus < math.inf:
        yield Problem("cpus", f"is {node.cpus:g}", "0 for all, or how many")
    for address in node.dns:
        yield from member_problems("dns", address, None)
