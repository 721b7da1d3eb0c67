"""A node of the lab: a machine made of namespaces, with an init, services and a file system of its own."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from shepherd.errors import CommandFailed, InvariantBroken, Unavailable
from shepherd.lab import command
from shepherd.lab.cgroups import ROOT, Cgroups, choose
from shepherd.lab.eventually import eventually
from shepherd.lab.init import CHANGES, Spec, State
from shepherd.lab.net import NETNS_DIR, Fabric, Leg
from shepherd.lab.shell import Shell
from shepherd.lab.state import SiteState, start_ticks

HERE = Path(__file__).parent
SOURCE = HERE.parent.parent
SOURCE_IN_NODE = "/opt/shepherd/src"
SITE_IN_NODE = "/opt/shepherd/site"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PYCACHE = "/var/cache/pyc"
ENVIRONMENT = {"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": "/root", "PYTHONPYCACHEPREFIX": PYCACHE}
INIT = (
    "/usr/bin/python3", "-IS", f"{SOURCE_IN_NODE}/shepherd/lab/init.py",
    "--spec", "/run/lab/services.json", "--control", "/run/lab/init.sock", "--lifeline", "{lifeline}",
)  # fmt: skip
"""A node's first process; it learns the number of the lifeline's descriptor when it is started."""
BOOT_S = 60.0
"""How long a boot may take where other sites are built at the same time."""
WRONG_CLOCK = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
CONTAINER = r"/(?:(?:docker/)?|system\.slice/docker-)[0-9a-f]{64}"
"""How a container's control group continues its node's: as the lab has it, as dockerd has it, and with systemd."""


@dataclass(frozen=True, kw_only=True)
class Bind:
    """A path of the machine shown inside a node."""

    source: Path
    target: str
    read_only: bool = True


@dataclass(frozen=True, kw_only=True)
class NodeSpec:
    """What a node is made of. `root` is the read-only tree below its overlay; without `docker_data` it has its own."""

    name: str
    root: Path
    legs: tuple[Leg, ...] = ()
    services: tuple[Spec, ...] = ()
    binds: tuple[Bind, ...] = ()
    docker_data: Path | None = None
    cgroups: Cgroups = field(default_factory=choose)


@dataclass(kw_only=True)
class Node(Shell):
    """One machine of the site. Times are seconds; commands that fail raise only where it says so."""

    spec: NodeSpec
    state: SiteState
    fabric: Fabric
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _lifeline: int = field(default=-1, repr=False)
    pid: int = 0

    @property
    def name(self) -> str:
        """The node's host name."""
        return self.spec.name

    @property
    def home(self) -> Path:
        """The node's files on the machine."""
        return self.state.bulk / self.name

    @property
    def cgroup(self) -> str:
        """The control group of the node, in every hierarchy."""
        return f"{self.state.cgroup}/{self.name}"

    # -- life ---------------------------------------------------------------------------------------------------------

    def plug_in(self) -> None:
        """Create the node's network; done once, it survives reboots as cables do."""
        self.fabric.add_node(self.name, list(self.spec.legs))

    def boot(self, *, hold: bool = False) -> None:
        """Start the node. With `hold` no service is started yet."""
        for part in ("upper", "work", "root", "docker"):
            (self.home / part).mkdir(parents=True, exist_ok=True)
        told, ours = self._write_specs(hold=hold)
        ours_end, self._lifeline = os.pipe()
        told["lifeline"] = ours_end
        ours.write_text(json.dumps(told))
        enter = (sys.executable, "-IS", str(HERE / "enter.py"), str(ours))
        unshare = ("unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--", *enter)
        netns = NETNS_DIR / self.fabric.netns(self.name)
        log = (self.home / "boot.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                ("nsenter", f"--net={netns}", *unshare), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=(ours_end,), start_new_session=True,
            )  # fmt: skip
        os.close(ours_end)
        self._await_init()

    def _write_specs(self, *, hold: bool) -> tuple[dict[str, Any], Path]:
        services = [asdict(service) for service in self.spec.services]
        spec = self.home / "services.json"
        groups = [f"{ROOT / name}{self.cgroup}" for name in self.spec.cgroups.tracking]
        spec.write_text(json.dumps({"cgroups": groups, "hold": hold, "services": services}))
        docker = self.spec.docker_data or self.home / "docker"
        binds = [Bind(source=docker, target="/var/lib/docker", read_only=False)]
        binds += [Bind(source=spec, target="/run/lab/services.json"), Bind(source=SOURCE, target=SOURCE_IN_NODE)]
        binds += self.spec.binds
        told = {
            "name": self.name, "lower": str(self.spec.root), "upper": str(self.home / "upper"),
            "work": str(self.home / "work"), "root": str(self.home / "root"), "env": ENVIRONMENT,
            "binds": [(str(b.source), b.target, b.read_only) for b in binds], "init": INIT, "own_cgroup": "",
            "cgroups": {name: str(tree) for name, tree in self.spec.cgroups.trees.items()},
        }  # fmt: skip
        return told, self.home / "enter.json"

    def _await_init(self) -> None:
        process = self._process
        if process is None:
            raise InvariantBroken(f"{self.name} is awaited although it was never booted")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

        def first_process() -> int:
            if process.poll() is not None:
                raise CommandFailed(f"{self.name} did not boot: {(self.home / 'boot.log').read_text()[-800:]}")
            return int((children.read_text().split() or ["0"])[0])

        self.pid = eventually(first_process, 10, 0.005, what=f"{self.name} has a first process")
        self.state.note_init(self.name, self.pid)
        try:
            eventually(self._answers, BOOT_S, 0.02, what=f"{self.name} is up")
        except Unavailable as exc:
            raise Unavailable(f"{exc}; it said: {(self.home / 'boot.log').read_text()[-800:]}") from exc

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(f"/proc/{self.pid}/root/run/lab/init.sock")
        except OSError:
            return False
        return True

    def shut_off(self) -> None:
        """Pull the plug: every process of the node is killed at once. Idempotent."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        command.kill_session(self._process)
        os.close(self._lifeline)
        self._process, self.pid = None, 0

    def reboot(self) -> None:
        """Pull the plug and boot again: files stay, /run, /tmp, processes and firewall rules do not."""
        self.shut_off()
        netns = NETNS_DIR / self.fabric.netns(self.name)
        command.run(("nsenter", f"--net={netns}", "nft", "flush", "ruleset"), timeout_s=10)
        self.boot()

    # -- commands and files -------------------------------------------------------------------------------------------

    def argv(self, argv: Sequence[str], *, user: str | None = None, env: Mapping[str, str] | None = None) -> list[str]:
        """The machine's command line that runs `argv` in the node as `user` (root if not said)."""
        return command_in_node(self.pid, argv, user=user, env=env)

    def run(
        self,
        argv: Sequence[str],
        *,
        user: str | None = None,
        timeout_s: float = 30.0,
        env: Mapping[str, str] | None = None,
        given: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end. Raises Unavailable past the deadline; its exit code is the caller's to judge."""
        return command.run(self.argv(argv, user=user, env=env), timeout_s=timeout_s, env=ENVIRONMENT, given=given)

    def spawn(self, argv: Sequence[str], *, user: str | None = None, env: Mapping[str, str] | None = None,
              out: Path | None = None) -> subprocess.Popen[bytes]:  # fmt: skip
        """Start a command and return at once; `command.kill_session` ends it, and so does the end of the node."""
        with (out or Path(os.devnull)).open("ab") as sink:
            return subprocess.Popen(
                self.argv(argv, user=user, env=env), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                start_new_session=True, env=ENVIRONMENT,
            )  # fmt: skip

    # -- services -----------------------------------------------------------------------------------------------------

    def _ask(self, verb: str, service: str, **more: str) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(20.0)
            try:
                control.connect(f"/proc/{self.pid}/root/run/lab/init.sock")
                with control.makefile("rw") as lines:
                    lines.write(json.dumps({"verb": verb, "service": service, **more}) + "\n")
                    lines.flush()
                    answer: dict[str, Any] = json.loads(lines.readline())
            except (OSError, ValueError) as exc:
                raise Unavailable(f"{self.name}'s init did not answer {verb} {service}: {exc}") from exc
        return answer

    def status(self, service: str) -> dict[str, Any]:
        """State, pid (in the node), starts, last_exit and members of a service."""
        return self._ask("status", service)

    def start(self, service: str) -> None:
        """Start a service. Idempotent."""
        self._ask("start", service)

    def stop(self, service: str, timeout_s: float = 100.0) -> None:
        """Stop a service and wait until it has ended."""
        self._ask("stop", service)
        ended = (State.INACTIVE, State.FAILED)
        eventually(lambda: self.status(service)["state"] in ended, timeout_s, 0.02, what=f"{service} has stopped")

    def restart(self, service: str) -> None:
        """Stop and start a service."""
        self.stop(service)
        self.start(service)

    def change_environment(self, service: str, changes: Mapping[str, str]) -> None:
        """Give a service these variables at its next start; lost with a reboot. FAKETIME sets its clock wrong."""
        self.write(f"{CHANGES}/{service}.json", json.dumps(dict(changes)))

    def kill(self, service: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a service's main process."""
        self._ask("kill", service, signal=str(int(number)))

    # -- network and processes ----------------------------------------------------------------------------------------

    def cut(self, segment: str) -> None:
        """Pull the node's cable of a segment (`private`, `flock`, `wan`)."""
        self.fabric.cut(self.name, segment)

    def join(self, segment: str) -> None:
        """Plug it in again."""
        self.fabric.join(self.name, segment)

    def pids(self, pattern: str, *, containers: bool | None = None) -> list[int]:
        """The machine's numbers of the node's processes whose command line matches the regular expression.

        `containers`: True for those in its containers only, False for those outside of them, None for both.
        """
        wanted = re.compile(pattern)
        found = []
        for pid in self._family():
            inside = in_container(pid, self.cgroup)
            if (containers is None or inside == containers) and wanted.search(command_line(pid)):
                found.append(pid)
        return sorted(found)

    def _family(self) -> list[int]:
        parents = {pid: parent_of(pid) for pid in map(int, filter(str.isdigit, os.listdir("/proc")))}
        family, grown = {self.pid}, True
        while grown:
            more = {pid for pid, parent in parents.items() if parent in family and pid not in family}
            family |= more
            grown = bool(more)
        entered = {pid for pid in parents if same_namespace(pid, self.pid)}
        return sorted(family | entered)


def command_in_node(
    pid: int, argv: Sequence[str], *, user: str | None = None, env: Mapping[str, str] | None = None
) -> list[str]:
    """The machine's command line that runs `argv` in the node whose first process is `pid`."""
    enter = ["nsenter", "-t", str(pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--"]
    become = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--reset-env"] if user else []
    left_out = set() if user is None else {"HOME"}
    told = {**{name: value for name, value in ENVIRONMENT.items() if name not in left_out}, **(env or {})}
    return [*enter, *become, "env", *(f"{name}={value}" for name, value in told.items()), *argv]


def command_line(pid: int) -> str:
    """A process's command line, or nothing if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def parent_of(pid: int) -> int:
    """A process's parent, 0 if it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def same_namespace(pid: int, other: int) -> bool:
    """True if both live in the same pid namespace."""
    try:
        return os.readlink(f"/proc/{pid}/ns/pid") == os.readlink(f"/proc/{other}/ns/pid")
    except OSError:
        return False


def in_container(pid: int, node_cgroup: str) -> bool:
    """True if a process belongs to a Docker container of the node with that control group."""
    try:
        groups = Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return False
    return re.search(re.escape(node_cgroup) + CONTAINER, groups) is not None


def alive(pid: int) -> bool:
    """True if the process exists and is not a corpse."""
    return start_ticks(pid) != 0
