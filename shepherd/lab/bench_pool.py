"""A real pool on loopback, in namespaces that nothing leaves: for measuring, and for tests of the HTCondor edge.

`enter()` puts this very program into network, mount and process namespaces of its own; when its first process ends,
the kernel takes daemons, mounts and addresses away, however it ended.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from shepherd.errors import Unavailable
from shepherd.lab.command import must
from shepherd.lab.devices import devices_in
from shepherd.lab.progress import Progress
from shepherd.lab.rootfs import provide_trees

YARD = Path("/mnt")
"""A tmpfs is mounted here, inside our own mount namespace only."""
ROOT = YARD / "root"
CLIENT_CONFIG = YARD / "client.conf"
TOOLS = YARD / "tools"
ADDRESS = "10.9.0.1"
HOME = f"{ADDRESS}:9618"
FLOCK = f"{ADDRESS}:9619"
MACHINE = "p220"
START_S = 40.0

_NAMES = {"hosts": f"127.0.0.1 localhost\n{ADDRESS} {MACHINE}\n", "resolv.conf": ""}
"""Whoever cannot resolve its own name waits a minute for that when the bindings are imported."""
_INSIDE = "SHEPHERD_BENCH_INSIDE"
_CLIENT = """\
COLLECTOR_HOST = {home}
NETWORK_INTERFACE = {address}
BIND_ALL_INTERFACES = False
SEC_DEFAULT_AUTHENTICATION_METHODS = CLAIMTOBE
SEC_CLIENT_AUTHENTICATION_METHODS = CLAIMTOBE
UID_DOMAIN = home.bench
TRUST_DOMAIN = home.bench
"""
_DAEMONS = """\
USE_SHARED_PORT = False
ALLOW_READ = *
ALLOW_WRITE = *
ALLOW_DAEMON = *
ALLOW_ADVERTISE_STARTD = *
ALLOW_ADVERTISE_MASTER = *
ALLOW_ADVERTISE_SCHEDD = *
ALLOW_ADMINISTRATOR = nobody@nowhere
ALLOW_ADMINISTRATOR_COLLECTOR = *
ENABLE_KERNEL_TUNING = False
RUN = /run/condor
LOCK = /run/lock/condor
NUM_CPUS = 4
MEMORY = 1024
START = True
NEGOTIATOR_INTERVAL = 3
NEGOTIATOR_CYCLE_DELAY = 1
NEGOTIATOR_MIN_INTERVAL = 1
RUNBENCHMARKS = False
UPDATE_INTERVAL = 60
MASTER_UPDATE_INTERVAL = 5
MASTER_STARTD_BACKOFF_CONSTANT = 2
MASTER_STARTD_BACKOFF_FACTOR = 1.0
FILETRANSFER_PLUGINS =
STARTD_JOB_ATTRS = AllowedJobDuration AllowedExecuteDuration
STARTD_PARTITIONABLE_SLOT_ATTRS = JobStart AllowedJobDuration AllowedExecuteDuration
SCHEDD_INTERVAL = 5
SCHEDD_MIN_INTERVAL = 1
MAX_JOBS_PER_OWNER = 200000
MAX_JOBS_PER_SUBMISSION = 200000
"""


def enter(module: str, argv: Sequence[str]) -> None:
    """Go on as `python -m module argv…` in namespaces of our own; returns if we are there already."""
    if os.environ.get(_INSIDE):
        del os.environ[_INSIDE]
        _furnish()
        return
    outer = [
        "unshare",
        "--mount",
        "--net",
        "--uts",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "--propagation",
        "private",
    ]
    os.environ[_INSIDE] = "1"
    os.execvp(outer[0], [*outer, sys.executable, "-m", module, *argv])


def _furnish() -> None:
    must(("ip", "link", "set", "lo", "up"))
    must(("ip", "address", "add", f"{ADDRESS}/24", "dev", "lo"))
    must(("hostname", MACHINE))
    must(("mount", "-t", "tmpfs", "tmpfs", str(YARD)))
    for name, text in _NAMES.items():
        (YARD / name).write_text(text)
        must(("mount", "--bind", str(YARD / name), f"/etc/{name}"))
    CLIENT_CONFIG.write_text(_CLIENT.format(home=HOME, address=ADDRESS))
    os.environ["CONDOR_CONFIG"] = str(CLIENT_CONFIG)


class BenchPool:
    """HTCondor's own daemons on an overlay of the lab's tree. Only inside `enter`'s namespaces."""

    def __init__(self, tree: Path, daemons: Sequence[str], *, settings: Mapping[str, str] | None = None) -> None:
        """`daemons`: of the home pool, for DAEMON_LIST. `settings`: configuration of theirs that wins."""
        self._daemons, self._settings = daemons, dict(settings or {})
        self._processes: list[subprocess.Popen[bytes]] = []
        self._mount(tree)

    def start(self) -> None:
        """Start the home pool and the flock pool's collector; return when both answer. Raises Unavailable."""
        lines = [f"DAEMON_LIST = MASTER {' '.join(self._daemons)}", "COLLECTOR_ARGS = -p 9618"]
        lines += [f"{name} = {value}" for name, value in self._settings.items()]
        text = CLIENT_CONFIG.read_text() + _DAEMONS + "\n".join(lines) + "\n"
        (ROOT / "etc/condor/config.d/90-bench.conf").write_text(text)
        self.spawn("condor_master", "-f")
        self.collector(FLOCK)
        for address in (HOME, FLOCK):
            _until(lambda at=address: _answers(at), f"the collector {address} does not answer")  # type: ignore[misc]

    def collector(self, address: str, **settings: str) -> subprocess.Popen[bytes]:
        """One more collector, on its own. `settings`: configuration of its own that wins."""
        port = address.rpartition(":")[2]
        own = {
            "COLLECTOR_HOST": address,
            "COLLECTOR_LOG": f"/tmp/collector-{port}.log",
            "COLLECTOR_ADDRESS_FILE": f"/tmp/collector-{port}.address",
            **settings,
        }
        return self.spawn("env", *(f"_CONDOR_{name}={value}" for name, value in own.items()),
                          "condor_collector", "-f", "-p", port)  # fmt: skip

    def spawn(self, *argv: str) -> subprocess.Popen[bytes]:
        """A long-lived process of the pool, in its tree."""
        process = subprocess.Popen(
            ["chroot", str(ROOT), *argv], stdin=subprocess.DEVNULL, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        )
        self._processes.append(process)
        return process

    def _mount(self, tree: Path) -> None:
        for part in (ROOT, YARD / "up", YARD / "work", TOOLS):
            part.mkdir()
        overlay = f"lowerdir={tree},upperdir={YARD / 'up'},workdir={YARD / 'work'}"
        must(("mount", "-t", "overlay", "overlay", "-o", overlay, str(ROOT)))
        must(("mount", "-t", "proc", "proc", str(ROOT / "proc")))
        must(("sh", "-ec", devices_in(str(ROOT))))
        for folder in ("run", "tmp"):
            must(("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", str(ROOT / folder)))
        for folder in ("run/condor", "run/lock/condor"):
            (ROOT / folder).mkdir(parents=True, mode=0o777)
            (ROOT / folder).chmod(0o777)
        (ROOT / "etc/condor/config.d/00-security").unlink(missing_ok=True)
        for name, text in _NAMES.items():
            (ROOT / "etc" / name).write_text(text)
        _tool_wrappers()


def _tool_wrappers() -> None:
    for name in ("condor_drain", "condor_restart", "condor_off", "condor_vacate", "condor_fetchlog", "condor_version"):
        script = TOOLS / name
        script.write_text(f'#!/bin/sh\nexec env -u CONDOR_CONFIG chroot {ROOT} {name} "$@"\n')
        script.chmod(0o755)


def _answers(collector: str) -> bool:
    import htcondor2  # reads its configuration and the network's addresses when it is imported

    htcondor2.param["QUERY_TIMEOUT"] = "2"  # one that is just starting may take a question and forget it
    try:
        return bool(htcondor2.Collector(collector).query(htcondor2.AdType.Collector, None, ["Name"]))
    except htcondor2.HTCondorException:
        return False


def _until(so: Callable[[], bool], trouble: str) -> None:
    end_s = time.monotonic() + START_S
    while not so():
        if time.monotonic() > end_s:
            raise Unavailable(trouble)
        time.sleep(0.1)


def main() -> None:
    """`python -m shepherd.lab.bench_pool DAEMON…`: hold a pool until stdin closes; says "ready" and a process id."""
    enter(__spec__.name, sys.argv[1:])
    pool = BenchPool(provide_trees(Progress()).root, sys.argv[1:])
    pool.start()
    print("ready", os.readlink("/proc/self/ns/net"), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
