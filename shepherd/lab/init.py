"""PID 1 of a lab node: runs its services the way systemd would, and dies with the lab.

It runs inside the node on the node's own Python and imports only the standard library. One JSON file says what to run:

    {"cgroups": ["/sys/fs/cgroup/pids/shepherd-lab/ID/NODE", …], "hold": false, "services": [{"name": …, …}]}

The group of the node in each hierarchy, where every service gets a leaf `svc-NAME`; the services are as in Spec.

Whoever holds the other end of descriptor `--lifeline` keeps the node alive; when that end is closed, PID 1 exits and
the kernel kills everything in the node. Requests come one JSON line at a time over the socket `--control`.
"""

import argparse
import heapq
import json
import os
import resource
import selectors
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

CHANGES = "/run/lab/environment"
CLEAN_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)


class State(StrEnum):
    """What a service is doing; the words are systemd's."""

    INACTIVE = "inactive"
    ACTIVE = "active"
    STOPPING = "stopping"
    RESTARTING = "activating"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One service. The defaults are systemd's, except that output goes to `log`."""

    name: str
    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)
    user: list[int] = field(default_factory=list)  # uid, gid, further gids
    restart: str = "no"  # no | on-failure | always
    restart_sec_s: float = 0.1
    kill_mode: str = "control-group"  # control-group | mixed | process
    stop_signal: int = signal.SIGTERM
    stop_timeout_s: float = 90.0
    open_files: int = 32768
    enabled: bool = True
    log: str = "/dev/null"


class Service:
    """A running or resting `Spec`; all moves go through `start`, `stop`, `ended` and `tick`."""

    def __init__(self, spec: Spec, cgroups: list[str]) -> None:
        self.spec = spec
        self.state = State.INACTIVE
        self.pid = 0
        self.starts = 0
        self.last_exit = ""
        self.due_s = float("inf")
        self._groups = [Path(cgroup, f"svc-{spec.name}") for cgroup in cgroups]

    def start(self) -> None:
        """Start unless it runs. An earlier wait for a restart ends."""
        if self.state in (State.ACTIVE, State.STOPPING):
            return
        for group in self._groups:
            group.mkdir(parents=True, exist_ok=True)
        self.pid = os.fork()
        if self.pid == 0:
            self._become()
        self.starts += 1
        self.state, self.due_s = State.ACTIVE, float("inf")

    def _become(self) -> None:
        try:
            os.setsid()
            for group in self._groups:
                (group / "cgroup.procs").write_text("0")
            changes = _changes(self.spec.name)  # as root: a service's own user may not look there
            _set_up_process(self.spec)
            os.execvpe(self.spec.argv[0], self.spec.argv, {**os.environ, **self.spec.env, **changes})
        except (OSError, ValueError) as exc:
            os.write(2, f"{self.spec.name}: cannot be started: {exc!r}\n".encode())
        finally:
            os._exit(203)

    def stop(self, now_s: float) -> None:
        """Ask it to end; `tick` kills what is left after the time-out. Idempotent."""
        if self.state is State.ACTIVE:
            self.state, self.due_s = State.STOPPING, now_s + self.spec.stop_timeout_s
            everyone = self.spec.kill_mode == "control-group"
            self._signal(self.spec.stop_signal, self.members() if everyone else [self.pid])
        elif self.state is not State.STOPPING:
            self.state, self.due_s = State.INACTIVE, float("inf")

    def ended(self, status: int, now_s: float) -> None:
        """The main process has been reaped with `status`; leftovers are killed as the kill mode says."""
        self.pid, self.last_exit = 0, _describe(status)
        if self.spec.kill_mode != "process":
            self._kill_leftovers()
        if self.state is State.STOPPING:
            self.state, self.due_s = State.INACTIVE, float("inf")
        elif self.spec.restart == "always" or (self.spec.restart == "on-failure" and not _clean(status)):
            self.state, self.due_s = State.RESTARTING, now_s + self.spec.restart_sec_s
        else:
            self.state = State.INACTIVE if _clean(status) else State.FAILED

    def tick(self, now_s: float) -> None:
        """Do what has become due: a restart, or the kill after a stop that took too long."""
        if now_s < self.due_s:
            return
        self.due_s = float("inf")
        if self.state is State.RESTARTING:
            self.start()
        elif self.state is State.STOPPING:
            self._signal(signal.SIGKILL, [self.pid] if self.spec.kill_mode == "process" else self.members())

    def send(self, number: int) -> None:
        """Signal the main process only, as `systemctl kill --kill-whom=main`."""
        self._signal(number, [self.pid] if self.pid else [])

    def members(self) -> list[int]:
        """Every process of the service, also those that left its session."""
        try:
            return [int(pid) for pid in (self._groups[0] / "cgroup.procs").read_text().split()]
        except FileNotFoundError:
            return []

    def status(self) -> dict[str, object]:
        """What a request for status is answered with."""
        return {
            "name": self.spec.name, "state": self.state, "pid": self.pid, "starts": self.starts,
            "last_exit": self.last_exit, "members": self.members(),
        }  # fmt: skip

    def _kill_leftovers(self) -> None:
        deadline_s = time.monotonic() + 2.0
        while (left := self.members()) and time.monotonic() < deadline_s:
            self._signal(signal.SIGKILL, left)
            time.sleep(0.002)

    @staticmethod
    def _signal(number: int, pids: list[int]) -> None:
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue


def _set_up_process(spec: Spec) -> None:
    null = os.open("/dev/null", os.O_RDONLY)
    log = os.open(spec.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = spec.open_files if allowed == resource.RLIM_INFINITY else min(spec.open_files, allowed)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if spec.user:
        uid, gid, *further = spec.user
        os.setgroups(further)
        os.setgid(gid)
        os.setuid(uid)


def _changes(name: str) -> dict[str, str]:
    """What the next start of a service gets besides its own environment; `Node.change_environment` writes it."""
    path = Path(CHANGES, f"{name}.json")
    changes: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    return changes


def _clean(status: int) -> bool:
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status) in CLEAN_SIGNALS
    return os.WEXITSTATUS(status) == 0


def _describe(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit {os.WEXITSTATUS(status)}"


class Init:
    """The loop: children, requests, timers, lifeline."""

    def __init__(self, services: list[Service], control: socket.socket, lifeline: int) -> None:
        self._services = {service.spec.name: service for service in services}
        self._control, self._lifeline = control, lifeline
        self._selector = selectors.DefaultSelector()
        self._wake, wake_in = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_in, warn_on_full_buffer=False)
        for watched in (control.fileno(), lifeline, self._wake):
            self._selector.register(watched, selectors.EVENT_READ)

    def run(self, *, hold: bool) -> None:
        """Serve until the lifeline is cut; with `hold` nothing is started before somebody asks."""
        for service in self._services.values():
            if service.spec.enabled and not hold:
                service.start()
        while True:
            for key, _ in self._selector.select(self._patience_s()):
                self._handle(key.fd)
            self._reap()
            for service in self._services.values():
                service.tick(time.monotonic())

    def _patience_s(self) -> float | None:
        soonest = heapq.nsmallest(1, (service.due_s for service in self._services.values()))
        if not soonest or soonest[0] == float("inf"):
            return None
        return max(0.0, soonest[0] - time.monotonic())

    def _handle(self, fd: int) -> None:
        if fd == self._lifeline:
            os._exit(0)
        if fd == self._wake:
            os.read(self._wake, 4096)
            return
        connection, _ = self._control.accept()
        with connection:
            connection.settimeout(2.0)
            try:
                self._serve(connection)
            except (OSError, ValueError, KeyError) as exc:
                print(f"request failed: {exc!r}", file=sys.stderr, flush=True)

    def _serve(self, connection: socket.socket) -> None:
        with connection.makefile("rw") as lines:
            asked = lines.readline()
            if asked:
                json.dump(self._answer(json.loads(asked)), lines)

    def _answer(self, request: dict[str, str]) -> object:
        service = self._services[request["service"]]
        match request["verb"]:
            case "start":
                service.start()
            case "stop":
                service.stop(time.monotonic())
            case "kill":
                service.send(int(request["signal"]))
            case "status":
                pass
            case verb:
                raise ValueError(verb)
        return service.status()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for service in self._services.values():
                if service.pid == pid:
                    service.ended(status, time.monotonic())


def main() -> None:
    """Read what to run and run it for ever."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--spec", type=Path, required=True)
    parser.add_argument("--control", required=True)
    parser.add_argument("--lifeline", type=int, required=True)
    chosen = parser.parse_args()
    os.set_inheritable(chosen.lifeline, False)  # noqa: FBT003 - the standard library wants it so
    told = json.loads(chosen.spec.read_text())
    services = [Service(Spec(**one), told["cgroups"]) for one in told["services"]]
    control = socket.socket(socket.AF_UNIX)
    control.bind(chosen.control)
    control.listen(16)
    Init(services, control, chosen.lifeline).run(hold=told["hold"])


if __name__ == "__main__":
    main()
