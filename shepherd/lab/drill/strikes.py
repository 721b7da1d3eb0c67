"""What happens to the site meanwhile, and when somebody who records was really down."""

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shepherd.errors import CommandFailed
from shepherd.lab.drill.judge import Outage
from shepherd.lab.drill.judge import What as Lost
from shepherd.lab.drill.schedule import Strike, What
from shepherd.lab.eventually import eventually
from shepherd.lab.init import State
from shepherd.lab.node import Node, alive
from shepherd.lab.progress import Progress
from shepherd.lab.site import Site

GATEWAY, RECORDER = "gateway", "gateway record"
"""The gateway's service, and the process of it that records connections."""
NETFILTER = "12"
"""Family of the netlink sockets by which the kernel tells of connections."""
BACK_S = 60.0
UNHEARD_S = 30.0
"""How long a flock collector that was started anew may know nobody: until the schedds' next updates."""
LOCAL_WORK = "executable = /bin/sleep\narguments = 4\nrequest_cpus = 1\nrequest_memory = 32\nqueue {count}\n"


@dataclass(kw_only=True)
class Strikes:
    """Carried out one by one; `outages` is what was measured."""

    site: Site
    progress: Progress
    outages: list[Outage] = field(default_factory=list)

    def strike(self, strike: Strike) -> None:
        """Do it. Returns when what was to stay down has been started again."""
        self.progress.say(f"STRIKE  {strike}")
        match strike.what:
            case What.CONTAINER:
                self._container(strike.host)
            case What.KEEPER:
                self._down(self.site.host(strike.host), "keeper", strike, (Lost.JOBS, Lost.FLOWS), strike.host)
            case What.SHEPHERD:
                self._down(self.site.cm, "shepherd", strike, (Lost.SCHEDDS,), "shepherd")
            case What.LOGGER:
                self._down(self.site.cm, GATEWAY, strike, (Lost.FLOWS,), "gateway")
            case What.RECORDER:
                self._recorder()
            case What.HOME_COLLECTOR:
                self._collector("condor")
            case What.FLOCK_COLLECTOR:
                at_s = self._collector("flock-condor")
                self._note((Lost.SCHEDDS,), "shepherd", at_s, at_s + UNHEARD_S)
            case What.DOCKERD:
                self.site.host(strike.host).kill("dockerd")
            case What.RECLAIM:
                self.site.submit(self.site.cm, "carol", LOCAL_WORK.format(count=4 * len(self.site.hosts)))

    def down_s(self) -> float:
        """For how long the gateway's connections were recorded by nobody."""
        return sum(one.to_s - one.from_s for one in self.outages if one.source == "gateway")

    def _container(self, host: str) -> None:
        """Its first process; of another host if that one is at home. If all are, as soon as one is lent again."""
        hosts = sorted(self.site.hosts, key=lambda node: node.name != host)

        def firsts() -> list[int]:
            return [pid for node in hosts for pid in node.pids("flock-init", containers=True)]

        kill(eventually(firsts, BACK_S, 0.2, what="a host is lent whose container can be killed")[:1])

    def _down(self, node: Node, service: str, strike: Strike, lost: Sequence[Lost], source: str) -> None:
        """Kill it and keep it from being started again for a while."""
        from_s = time.time()
        node.kill(service)
        node.stop(service)
        time.sleep(strike.down_s)
        node.start(service)
        eventually(lambda: self._is_back(node, service), BACK_S, 0.02, what=f"{service} on {node.name} is back")
        self._note(lost, source, from_s, time.time())

    def _recorder(self) -> None:
        """Kill it alone; the gateway's service starts another."""
        found = self.site.cm.pids(RECORDER, containers=False)
        if not found:
            raise CommandFailed("nobody records connections at the gateway")
        from_s = time.time()
        kill(found)
        eventually(lambda: not any(map(alive, found)), BACK_S, 0.02, what="the flow logger is dead")
        eventually(lambda: is_listening(self.site.cm), BACK_S, 0.02, what="connections are recorded again")
        self._note((Lost.FLOWS,), "gateway", from_s, time.time())

    def _is_back(self, node: Node, service: str) -> bool:
        """Whether it runs; of the gateway: whether the kernel has somebody to tell of connections."""
        runs = node.status(service)["state"] == State.ACTIVE
        return runs and (service != GATEWAY or is_listening(node))

    def _collector(self, service: str) -> float:
        """Kill one of the two collectors, which its master starts again; when."""
        found = [pid for pid in self.site.cm.pids("condor_collector", containers=False) if is_of(pid, service)]
        if not found:
            raise CommandFailed(f"there is no collector of {service} to kill")
        at_s = time.time()
        kill(found)
        return at_s

    def _note(self, lost: Sequence[Lost], source: str, from_s: float, to_s: float) -> None:
        self.outages += [Outage(what=what, source=source, from_s=from_s, to_s=to_s) for what in lost]


def kill(pids: Sequence[int]) -> None:
    """Each that still lives."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def is_of(pid: int, service: str) -> bool:
    """Whether a process belongs to that service."""
    try:
        return f"/svc-{service}\n" in Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii")
    except OSError:
        return False


def is_listening(node: Node) -> bool:
    """Whether anybody in a node's network is told of connections, by the kernel's own list."""
    rows = [line.split() for line in node.read("/proc/net/netlink").splitlines()[1:]]
    return any(row[1] == NETFILTER and int(row[3], 16) for row in rows)
