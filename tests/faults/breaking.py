"""Breaking parts of the site from outside, with the undoing built in; and asking the daemon what it shows."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from shepherd.errors import ShepherdError
from shepherd.lab.eventually import eventually
from shepherd.lab.herd_log import Side
from shepherd.lab.node import WRONG_CLOCK, Node
from shepherd.lab.pools import SHEPHERD_CONFIG
from tests.faults.scene import Scene


def daemons(node: Node, service: str, program: str) -> list[int]:
    """The machine's numbers of a service's processes that run `program`."""
    return [pid for pid in node.pids(program, containers=False) if f"/svc-{service}\n" in groups(pid)]


def groups(pid: int) -> str:
    """The control groups of a process; nothing if it is gone."""
    try:
        return Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return ""


def send(pids: Sequence[int], number: signal.Signals) -> None:
    """Send a signal to each that still lives."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def kill_collector(scene: Scene, service: str) -> None:
    """Its master starts another, which knows nothing."""
    before = daemons(scene.site.cm, service, "condor_collector")
    assert before
    send(before, signal.SIGKILL)
    scene.eventually(lambda: set(daemons(scene.site.cm, service, "condor_collector")) - set(before), 30, "it is back")


@contextlib.contextmanager
def stopped(pids: Sequence[int]) -> Iterator[None]:
    """Processes that accept and never answer, for the time of the block."""
    assert pids, "there is nobody to stop"
    send(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        send(pids, signal.SIGCONT)


@contextlib.contextmanager
def wrong_clock(node: Node, service: str, offset: str) -> Iterator[None]:
    """A service that sees another wall clock (`+1h`) from its restart on, for the time of the block."""
    only_wall = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}
    node.change_environment(service, {"LD_PRELOAD": WRONG_CLOCK, "FAKETIME": offset, **only_wall})
    node.restart(service)
    try:
        eventually(lambda: has_wrong_clock(node, service), 10, what=f"{service} on {node.name} has a wrong clock")
        yield
    finally:
        node.change_environment(service, {})
        node.restart(service)


def has_wrong_clock(node: Node, service: str) -> bool:
    """The service's Python runs with another time."""
    pids = daemons(node, service, "-m shepherd")
    return any(b"FAKETIME_SHARED=" in Path(f"/proc/{pid}/environ").read_bytes() for pid in pids)


@contextlib.contextmanager
def excused(scene: Scene, host: str) -> Iterator[None]:
    """A human holds this host for the time of the block, and until it is seen at home again."""
    began_s = time.monotonic()
    try:
        yield
        scene.eventually(lambda: scene.is_home(host), 40, f"{host} is back after its holder let go")
    finally:
        scene.watch.excuse(host, began_s, time.monotonic())


@contextlib.contextmanager
def finally_run(node: Node, undo: Sequence[Sequence[str]]) -> Iterator[None]:
    """Run these commands at the end of the block, whatever happened in it."""
    try:
        yield
    finally:
        for argv in undo:
            with contextlib.suppress(ShepherdError):
                node.run(tuple(argv))


def shown(scene: Scene) -> dict[str, Any]:
    """`shepherd -s --json`."""
    body: dict[str, Any] = json.loads(scene.site.cm.must(("shepherd", "-s", "--json")))
    return body


def host_shown(scene: Scene, host: str) -> dict[str, Any]:
    """One host as `shepherd -s --json` has it."""
    return next((one for one in shown(scene)["hosts"] if one["host"] == host), {})


def state(scene: Scene, host: str) -> str:
    """The state `shepherd -s` shows for a host."""
    return str(host_shown(scene, host).get("state"))


def oldest_sign_of_life_s(scene: Scene, for_s: float) -> float:
    """The oldest `shepherd -s` was while this time passed. Seconds."""
    oldest, until_s = 0.0, time.monotonic() + for_s
    while time.monotonic() < until_s:
        oldest = max(oldest, float(shown(scene)["last_sign_of_life_s"]))
        time.sleep(0.5)
    return oldest


def plan(scene: Scene) -> str:
    """`shepherd plan`."""
    return scene.site.cm.must(("shepherd", "plan"), user="shepherd", env={"CONDOR_CONFIG": SHEPHERD_CONFIG})


def records(scene: Scene, kind: str) -> list[dict[str, Any]]:
    """Records of one kind since the scenario began."""
    lines = scene.site.cm.must(("shepherd", "ledger", "export", "--kind", kind)).splitlines()
    return [one for one in map(json.loads, lines) if one["at_s"] >= scene.began_wall_s]


def orders_out(scene: Scene, host: str) -> list[str]:
    """Kinds of the outward steps taken for a host since the scenario began."""
    outward = {"grant", "drain", "go", "restart"}
    return [s["body"]["kind"] for s in records(scene, "step") if s["host"] == host and s["body"].get("kind") in outward]


def containers_first(scene: Scene) -> list[int]:
    """First processes of all containers: the same numbers later mean that no lend ended."""
    return sorted(pid for host in scene.site.hosts for pid in host.pids("flock-init", containers=True))


def flocking_starts_s(scene: Scene) -> list[float]:
    """When flocking startds started since the scenario began, on the monotonic clock."""
    every = [run.start_ns / 1e9 for host in scene.site.hosts for run in scene.watch.runs(host.name, Side.FLOCKING)]
    return sorted(start for start in every if start >= scene.began_s)


def regular_pid(scene: Scene, host: str) -> list[int]:
    """The regular startd's process, whatever any collector says."""
    return [pid for pid in scene.site.host(host).pids("condor_startd", containers=False) if is_startd(pid)]


def is_startd(pid: int) -> bool:
    """It has become the startd; a guard that waits has not."""
    try:
        return Path(f"/proc/{pid}/exe").readlink().name == "condor_startd"
    except OSError:
        return False
