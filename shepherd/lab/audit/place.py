"""The site under audit: two hosts lent, one local, and somebody who answers wherever guests must not go."""

import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from shepherd.errors import Unavailable
from shepherd.lab import command
from shepherd.lab.addresses import (
    CAMPUS_WAN,
    CM_FLOCK,
    CM_PRIVATE,
    CM_WAN,
    FLOCK_PORT,
    HOME_PORT,
    NFS_PORT,
    NFS_PRIVATE,
)
from shepherd.lab.eventually import eventually
from shepherd.lab.node import SOURCE_IN_NODE, Node
from shepherd.lab.progress import Progress
from shepherd.lab.settings import Table
from shepherd.lab.site import Site, SiteSpec

RESOLVER = "203.0.113.53"
ELSEWHERE = {
    "site": "198.51.100.7", "ten": "10.99.0.1", "onesevenytwo": "172.16.5.1", "oneninetytwo": "192.168.7.1",
    "hundred": "100.64.3.1", "metadata": "169.254.169.254",
}  # fmt: skip
"""Addresses that answer outside of the site, if the gateway lets anything through to them."""
WEB_PORT = 443
"""The only one of these that guests may reach."""
PORTS = (22, 25, 53, 80, WEB_PORT, 445)
SERVICE_PORT, DATABASE_PORT = 8080, 5432
ANSWERS = f"{SOURCE_IN_NODE}/shepherd/lab/audit/answers.py"
LENT = 2
MEMORY_MIB, SCRATCH_MIB, PROCESSES = 700, 256, 4000
NODE: Table = {
    "dns": [RESOLVER], "memory_mib": MEMORY_MIB, "scratch_mib": SCRATCH_MIB, "processes": PROCESSES, "cpus": 1.0,
}  # fmt: skip
POOL_CONNECTIONS = 100
GATEWAY: Table = {"dns": [RESOLVER], "pool_connections": POOL_CONNECTIONS, "pool_new_per_s": 200}
PINNED: Table = {"exclude": ["p203"]}
"""So that it is always the same two that are lent."""
POLICY: Table = {
    "kind": "threshold", "idle_jobs_threshold": 100, "reserve": 0.3, "lend_per_cycle": 10, "cooling_s": 20.0,
}  # fmt: skip


@contextlib.contextmanager
def place(progress: Progress, node: Table, *, remap: bool = True) -> Iterator[Site]:
    """The site; `node` changes the keepers' settings."""
    spec = SiteSpec(
        hosts=3, start_keepers=True, start_shepherd=True, shepherd={"policy": POLICY, "hosts": PINNED},
        node={**NODE, **node}, gateway=GATEWAY, remap=remap,
    )  # fmt: skip
    with Site(spec, progress=progress) as site, contextlib.ExitStack() as answering:
        for process in answer_everywhere(site):
            answering.callback(command.kill_session, process)
        eventually(lambda: len(site.flocking_startds()) == LENT, 120, 0.5, what="two hosts are lent")
        yield site


def answer_everywhere(site: Site) -> tuple["subprocess.Popen[bytes]", ...]:
    """Put addresses and answers where guests might look for them; the processes that answer."""
    for address in (RESOLVER, *ELSEWHERE.values()):
        site.campus.must(("ip", "address", "add", f"{address}/32", "dev", "wan"))
        if address in ELSEWHERE.values():
            site.cm.must(("ip", "route", "add", f"{address}/32", "via", CAMPUS_WAN, "dev", "wan"))
    ports = [str(port) for port in PORTS]
    program = ("/usr/bin/python3", "-IS", ANSWERS, CAMPUS_WAN)
    return (
        site.campus.spawn((*program, *ports), out=visitors_of(site.campus)),
        site.cm.spawn((*program, str(SERVICE_PORT)), out=visitors_of(site.cm)),
        site.nfs.spawn((*program, str(DATABASE_PORT)), out=visitors_of(site.nfs)),
    )


def visitors_of(node: Node) -> Path:
    """Where those who answer on a node write down who came."""
    return node.home / "visitors"


def visits(site: Site, since_s: float) -> list[str]:
    """Who came to doors that must be shut since then, as the doors themselves tell: `NODE PORT VISITOR`."""
    found = []
    for node in (site.campus, site.cm, site.nfs):
        for line in visitors_of(node).read_text(encoding="ascii").splitlines():
            at_s, port, visitor = line.split()
            if float(at_s) >= since_s and int(port) != WEB_PORT:
                found.append(f"{node.name} {port} {visitor}")
    return found


def facts(site: Site, host: str, neighbour: str) -> Mapping[str, str]:
    """What a job on `host` is told: who it is, and where doors are. All but those of guests' needs must be shut."""
    names = {names.flocking: names for names in site.everybody}
    web = f"{CAMPUS_WAN}:{WEB_PORT}"
    return {
        "own": names[host].flock_address,
        "broadcast": "10.27.255.255",
        "neighbour": f"{names[neighbour].flock_address}:9618",
        "host": f"{names[host].private_address}:{HOME_PORT}",
        "home_collector": f"{CM_PRIVATE}:{HOME_PORT}",
        "storage": f"{NFS_PRIVATE}:{NFS_PORT}",
        "database": f"{NFS_PRIVATE}:{DATABASE_PORT}",
        "gateway_service": f"{CM_FLOCK}:{SERVICE_PORT}",
        "gateway_outside": f"{CM_WAN}:{SERVICE_PORT}",
        "flock_collector": f"{CM_FLOCK}:{FLOCK_PORT}",
        "flock_collector_outside": f"{CM_WAN}:{FLOCK_PORT}",
        "mail": f"{CAMPUS_WAN}:25",
        "ssh": f"{CAMPUS_WAN}:22",
        "smb": f"{CAMPUS_WAN}:445",
        "foreign_dns": f"{CAMPUS_WAN}:53",
        "web": web,
        "host_marker": names[host].regular,
        **{name: f"{address}:80" for name, address in ELSEWHERE.items()},
    }


def doors_that_do_not_exist(site: Site, told: Mapping[str, str]) -> list[str]:
    """Names of facts whose address answers nobody: a probe of it would be shut whatever the rules were.

    Asked from the central manager, which no rule of ours keeps from anything.
    """
    missing = []
    for name, place_of in told.items():
        address, separator, port = place_of.rpartition(":")
        if separator and not answers(site.cm, address, int(port)):
            missing.append(name)
    return missing


def answers(node: Node, address: str, port: int) -> bool:
    """Whether a node can connect."""
    script = "import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"
    with contextlib.suppress(Unavailable):
        return node.run(("/usr/bin/python3", "-IS", "-c", script, address, str(port))).returncode == 0
    return False


def in_container(site: Site, flocking: str, argv: tuple[str, ...]) -> list[str]:
    """The machine's command line that runs a node's own program in a container's network, as the host's root."""
    first = container(site, flocking)
    return ["nsenter", f"--net=/proc/{first}/ns/net", "--", *argv]


def container(site: Site, flocking: str) -> int:
    """The machine's number of a container's PID 1."""
    node = host_of(site, flocking)
    return eventually(lambda: node.pids("flock-init", containers=True), 20, 0.2, what=f"{flocking} runs")[0]


def host_of(site: Site, flocking: str) -> Node:
    """The host of a flocking startd."""
    return site.host(next(names.regular for names in site.names if names.flocking == flocking))


def run_in_network(site: Site, flocking: str, script: Path, *arguments: str) -> str:
    """Run a script of ours, as root with all rights, in a container's network: what the host guard must stop."""
    argv = in_container(site, flocking, ("/usr/bin/python3", "-IS", str(script), *arguments))
    return command.must(argv, timeout_s=20)
