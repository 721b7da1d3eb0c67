"""The contract's place in the lab: real HTCondor, Docker, guard, keeper and PID 1."""

import base64
import os
import pickle
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

from shepherd.errors import PoolUnavailable
from shepherd.lab.eventually import eventually
from shepherd.lab.node import SITE_IN_NODE, SOURCE_IN_NODE, Node
from shepherd.lab.pools import SHEPHERD_CONFIG
from shepherd.lab.site import Site, SiteSpec
from shepherd.model.host import HostName, HostPair

SLEEP = "executable = /bin/sleep\narguments = {seconds}\nrequest_memory = 32\nqueue\n"
PARTS = {
    "regular startd": ("condor_startd", False),
    "flock startd": ("condor_startd", True),
    "flock master": ("condor_master", True),
    "PID 1": ("flock-init", True),
}
"""Part: pattern of its command line, and whether it lives in the container."""


def site_spec() -> SiteSpec:
    """One host, its keeper running, no shepherd."""
    return SiteSpec(hosts=1, start_keepers=True)


class Relay:
    """The real ports, in a process on the central manager; with `what`, those of root."""

    def __init__(self, cm: Node, what: str = "") -> None:
        env = {"PYTHONPATH": f"{SOURCE_IN_NODE}:{SITE_IN_NODE}", "CONDOR_CONFIG": SHEPHERD_CONFIG}
        words = ("/usr/bin/python3", "-B", "-m", "tests.contract.relay", *filter(None, [what]))
        argv = cm.argv(words, user=None if what else "shepherd", env=env)
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, name: str, method: str, *args: object, **keywords: object) -> Any:
        """Call a method over there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(base64.b64encode(pickle.dumps((name, method, args, keywords))) + b"\n")
        self._process.stdin.flush()
        said = base64.b64decode(self._process.stdout.readline())
        how, result = pickle.loads(said)  # noqa: S301 - our own process
        if how == "failed":
            raise PoolUnavailable(result)
        return result

    def close(self) -> None:
        """End it."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(20)


class Remote:
    """One object over there; every method is a call."""

    def __init__(self, relay: Relay, name: str) -> None:
        self._relay, self._name = relay, name

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return lambda *args, **keywords: self._relay.ask(self._name, method, *args, **keywords)


class LabPlace:
    """The real host p201."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.pair = HostPair(host=HostName(site.hosts[0].name), flock_name="f201")
        self.image = site.image_id
        self.relay = Relay(site.cm)
        self.pool = Remote(self.relay, "pool")
        self.commands = Remote(self.relay, "commands")
        self.pages = Remote(self.relay, "pages")

    def wait(self, question: Callable[[], bool], within_s: float) -> bool:
        end_s = time.monotonic() + within_s
        while not (answer := question()) and time.monotonic() < end_s:
            time.sleep(0.1)
        return answer

    def submit_local(self, seconds: float) -> None:
        self.site.submit(self.site.cm, "carol", SLEEP.format(seconds=round(seconds)))

    def submit_guest(self, seconds: float) -> None:
        self.site.submit(self.site.campus, "alice", SLEEP.format(seconds=round(seconds)))

    def guests_alive(self) -> bool:
        return bool(self.site.hosts[0].pids("condor_|sleep", containers=True))

    def kill(self, part: str) -> None:
        pattern, inside = PARTS[part]
        host = self.site.hosts[0]
        pids = eventually(lambda: host.pids(pattern, containers=inside), 10, 0.1, what=f"there is a {part} to kill")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
