"""Daemon, keeper and dashboard under circus, by the shipped files: started, stopped, killed, restarted."""

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shepherd.lab.booted import BootedNode
from shepherd.lab.command import kill_session
from shepherd.lab.eventually import eventually
from tests.faults.breaking import containers_first
from tests.faults.scene import TIMERS, Scene

pytestmark = [pytest.mark.real, pytest.mark.large("under circus", sample=1)]

BIN, CIRCUS, RUN = "/opt/shepherd/bin", "/opt/shepherd/share/shepherd/circus", "/run/shepherd-circus"
VERBS = {"shepherd": "run", "keeper": "node run", "web": "web"}
SOON_S = 8.0
KNOCK = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9690/hosts', timeout=5).read().decode())"
HIDDEN = (
    "/var/lib/shepherd/intents", "/var/lib/shepherd/condor", "/var/lib/shepherd/trace/keys", "/etc/shepherd/tokens.d",
)  # fmt: skip


class Circus:
    """One circusd on a node, with one of the shipped files."""

    def __init__(self, node: BootedNode, name: str) -> None:
        self.node, self.name = node, name
        self._log = node.home / f"circus-{name}.log"
        node.must(("install", "-d", "-m", "0700", RUN))
        argv = (f"{BIN}/circusd", "--pidfile", f"{RUN}/{name}.pid", f"{CIRCUS}/{name}.ini")
        self.process = node.spawn(argv, out=self._log)

    def ask(self, *words: str) -> str:
        """Say something to it by its own tool."""
        endpoint = f"ipc://{RUN}/{self.name}.control"
        return self.node.must((f"{BIN}/circusctl", "--endpoint", endpoint, "--timeout", "70", *words), timeout_s=80)

    def pid(self) -> int:
        """The machine's number of what it watches; 0 if that does not run."""
        return max(self.node.pids(f"-m shepherd {VERBS[self.name]}$", containers=False), default=0)

    def own_pid(self) -> str:
        """Its own number on the node."""
        return self.node.read(f"{RUN}/{self.name}.pid").strip()

    def close(self) -> None:
        """End it, if it has not ended."""
        kill_session(self.process)

    def log(self) -> str:
        """What it and its program said."""
        return self._log.read_text(errors="replace")


@contextmanager
def instead_of_systemd(node: BootedNode, service: str, name: str) -> Iterator[Circus]:
    """circus in the place of a unit."""
    node.stop(service)
    circus = Circus(node, name)
    try:
        eventually(circus.pid, 30, what=f"circus has started the {name}")
        yield circus
    finally:
        circus.close()
        node.start(service)


def listens(node: BootedNode, pid: str) -> list[str]:
    """Sockets of the network that a process has open."""
    return [line for line in node.must(("ss", "-tulpnH")).splitlines() if f"pid={pid}," in line]


def comes_back(circus: Circus, before: int) -> None:
    """Another process of the same program runs."""
    what = f"another {circus.name} runs; {circus.log()[-300:]}"
    eventually(lambda: circus.pid() not in {0, before}, SOON_S, what=what)


@pytest.mark.limit(400)
def test_the_daemon_under_circus(scene: Scene, cm: BootedNode) -> None:
    """A site without systemd found out at its first crash that nothing started the daemon again."""
    cm.must(("sh", "-c", "chown shepherd /etc/shepherd/keys /etc/shepherd/keys/lease.key"))
    try:
        with instead_of_systemd(cm, "shepherd", "shepherd") as circus:
            scene.lend()
            before = containers_first(scene)
            assert listens(cm, circus.own_pid()) == []
            assert cm.must(("stat", "-c", "%a %U", f"{RUN}/shepherd.control")).split() == ["700", "root"]
            crashed_and_restarted(scene, circus)
            stopped_and_started(scene, cm, circus)
            assert containers_first(scene) == before, "a lend ended on the way"
            daemon = circus.pid()
            cm.must(("kill", "-TERM", circus.own_pid()))
            scene.eventually(lambda: circus.process.poll() is not None, 65, "circus ends, and its daemon before it")
            scene.eventually(lambda: circus.pid() == 0, 2, f"nothing is left of {daemon}")
    finally:
        cm.must(("sh", "-c", "chown root /etc/shepherd/keys /etc/shepherd/keys/lease.key"))


def crashed_and_restarted(scene: Scene, circus: Circus) -> None:
    """Killed with no chance to say anything; then asked to begin anew."""
    before = circus.pid()
    circus.node.must(("kill", "-KILL", str(inside(circus))))
    comes_back(circus, before)
    before = circus.pid()
    circus.ask("restart", circus.name)
    comes_back(circus, before)
    time.sleep(TIMERS["lease_s"] + 3)
    assert scene.all_lent()


def inside(circus: Circus) -> int:
    """What it watches, by its number on the node."""
    return int(circus.ask("list", circus.name).replace(",", " ").split()[-1])


def stopped_and_started(scene: Scene, cm: BootedNode, circus: Circus) -> None:
    """Stopped as a person does it: the daemon is told so and ends in order."""
    since = cm.must(("date", "+%s")).strip()
    circus.ask("stop", circus.name)
    scene.eventually(lambda: circus.pid() == 0, 65, "the daemon has ended")
    life = cm.must(("shepherd", "ledger", "export", "--kind", "life")).splitlines()[-1]
    assert "stopped" in life, f"since {since} the last word is {life}"
    assert "stopped" in circus.ask("status", circus.name)
    circus.ask("start", circus.name)
    scene.eventually(circus.pid, SOON_S, "the daemon runs again")


@pytest.mark.limit(400)
def test_a_keeper_under_circus(scene: Scene, host: BootedNode) -> None:
    """A keeper that nobody started again kept its host local for ever."""
    with instead_of_systemd(host, "keeper", "keeper") as circus:
        scene.lend()
        before = containers_first(scene)
        assert listens(host, circus.own_pid()) == []
        crashed_and_restarted(scene, circus)
        circus.ask("stop", "keeper")
        scene.eventually(lambda: circus.pid() == 0, 15, "the keeper has ended")
        assert containers_first(scene) == before
        circus.ask("start", "keeper")
        scene.eventually(circus.pid, SOON_S, "the keeper runs again")
        host.must(("kill", f"-{int(signal.SIGTERM)}", circus.own_pid()))
        scene.eventually(lambda: circus.process.poll() is not None, 20, "circus ends, and its keeper before it")
        assert containers_first(scene) == before


@pytest.mark.limit(200)
def test_the_dashboard_under_circus(cm: BootedNode) -> None:
    """A site without systemd had it run by hand, as the daemon's account: whoever took it over could order."""
    account = re.search(r"^#   (useradd .*)$", cm.read(f"{CIRCUS}/web.ini"), re.MULTILINE)
    assert account
    cm.must(("sh", "-c", account[1]))
    circus = Circus(cm, "web")
    try:
        eventually(lambda: "p201" in cm.run(("python3", "-c", KNOCK)).stdout, 40, what=f"it answers: {circus.log()}")
        assert listens(cm, circus.own_pid()) == []
        before = circus.pid()
        status = Path(f"/proc/{before}/status").read_text()
        assert "CapEff:\t0000000000000000" in status
        assert "NoNewPrivs:\t1" in status
        within = ("nsenter", "-t", str(inside(circus)), "--mount", "--", *as_it_is(cm))
        assert cm.run((*within, "ls", "/var/lib/shepherd/ledger")).returncode == 0
        for path in HIDDEN:
            assert cm.run((*within, "ls", path)).returncode != 0, path
            assert cm.run((*within, "touch", f"{path}/x")).returncode != 0, path
        assert cm.run((*as_it_is(cm), "test", "-w", HIDDEN[0])).returncode == 0, "so it is hidden for a reason"
        cm.must(("kill", "-KILL", str(inside(circus))))
        comes_back(circus, before)
        cm.must(("kill", "-TERM", circus.own_pid()))
        eventually(lambda: circus.process.poll() is not None, 20, what="circus ends, and the dashboard before it")
        assert circus.pid() == 0
    finally:
        circus.close()
        cm.must(("userdel", "shepherd-web"))


def as_it_is(cm: BootedNode) -> tuple[str, ...]:
    """A command as the dashboard's account, in the group that it has."""
    uid, gid = (cm.must(("getent", *key)).split(":")[2] for key in (("passwd", "shepherd-web"), ("group", "shepherd")))
    return ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
