"""The drill's site: two guests with two users each, hosts with several slots, and somebody out on the internet."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from shepherd.lab import command, foreign
from shepherd.lab.drill.plans import REFUSED_FROM, TCP_PORTS, UDP_PORTS
from shepherd.lab.eventually import eventually
from shepherd.lab.node import SOURCE_IN_NODE
from shepherd.lab.progress import Progress
from shepherd.lab.settings import Table
from shepherd.lab.site import Site, SiteSpec

POOLS = (foreign.CAMPUS, foreign.INSTITUTE)
CPUS, MEMORY_MIB = 4, 1024
POLICY: Table = {"kind": "threshold", "idle_jobs_threshold": 3, "reserve": 0.0, "lend_per_cycle": 10, "cooling_s": 10.0}
TRACE: Table = {"gateway_spool": "/var/lib/shepherd-gateway/flows", "fetch_s": 5.0}
GATEWAY: Table = {"udp_ports": [f"{UDP_PORTS[0]}-{UDP_PORTS[-1]}"]}
FOLDER = f"{SOURCE_IN_NODE}/shepherd/lab/drill"
LENT_S = 180.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """A site with its listener."""

    site: Site

    @property
    def slots(self) -> int:
        """Guests' jobs that run at once, when all hosts are lent."""
        return CPUS * len(self.site.hosts)

    def heard(self) -> str:
        """What the listener has written down."""
        return (self.site.outside.home / "heard").read_text(encoding="utf-8")


@contextlib.contextmanager
def place(progress: Progress, hosts: int) -> Iterator[Place]:
    """The site, with all hosts lent."""
    spec = SiteSpec(
        hosts=hosts, cpus=CPUS, memory_mib=MEMORY_MIB, foreign=POOLS, outside=True, gateway=GATEWAY,
        shepherd={"policy": POLICY, "trace": TRACE}, start_keepers=True, start_shepherd=True,
    )  # fmt: skip
    words = (str(REFUSED_FROM), "tcp", *map(str, TCP_PORTS), "udp", *map(str, UDP_PORTS))
    with Site(spec, progress=progress) as site:
        listener = ("/usr/bin/python3", "-IS", f"{FOLDER}/listener.py", *words)
        process = site.outside.spawn(listener, out=site.outside.home / "heard")
        try:
            with progress.step(f"{hosts} hosts are lent"):
                eventually(lambda: len(site.flocking_startds()) == hosts, LENT_S, 0.5, what="all hosts are lent")
            yield Place(site=site)
        finally:
            command.kill_session(process)
