"""A node that systemd boots, with the units that this project ships: what a real host has as its first process."""

import json
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shepherd.errors import BadInput
from shepherd.lab.cgroups import choose
from shepherd.lab.init import State
from shepherd.lab.node import PYCACHE, SITE_IN_NODE, SOURCE, SOURCE_IN_NODE, Node

UNITS = {
    "condor": "condor.service",
    "flock-condor": "shepherd-flock-pool.service",
    "gateway": "shepherd-gateway.service",
    "shepherd": "shepherd.service",
    "keeper": "shepherd-keeper.service",
    "dockerd": "docker.service",
    "network": "shepherd-network.service",
}
"""The lab's names of services, and the units that are meant."""
SYSTEMD = ("/usr/lib/systemd/systemd", "--system", "--unit=basic.target", "--show-status=no")
MASKED = (
    "systemd-sysctl.service", "systemd-remount-fs.service", "ldconfig.service",
    "systemd-journal-catalog-update.service",
)  # fmt: skip
"""What sets or makes what belongs to the whole machine, or takes long and is of no use here."""
DOCKER = {"bridge": "none", "iptables": False, "ip6tables": False, "userns-remap": "dockremap"}
PROGRAM = f"""#!/bin/sh
PYTHONPATH={SOURCE_IN_NODE}:{SITE_IN_NODE} PYTHONDONTWRITEBYTECODE=1 PYTHONPYCACHEPREFIX={PYCACHE}
export PYTHONPATH PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX
"""
"""How a program of /opt/shepherd/bin starts here, where the checkout stands for what a wheel installs."""
PROGRAMS = {"shepherd": "shepherd", "circusd": "circus.circusd", "circusctl": "circus.circusctl"}
"""What a wheel's installation has in /opt/shepherd/bin, and its module."""
UNIT_DIRECTORY = "etc/systemd/system"


def shipped() -> Iterator[tuple[str, str]]:
    """Files below systemd/, and where they are installed."""
    for path in sorted((SOURCE / "systemd").rglob("*")):
        name = str(path.relative_to(SOURCE / "systemd"))
        if path.suffix in {".service", ".timer"} or path.parent.name.endswith(".service.d"):
            yield name, f"{UNIT_DIRECTORY}/{name}"
        elif path.parent.name in {"sysusers.d", "tmpfiles.d"}:
            yield name, f"usr/lib/{name}"
        elif path.suffix == ".ini":
            yield name, f"opt/shepherd/share/shepherd/{name}"


@dataclass(kw_only=True)
class BootedNode(Node):
    """`Node` with systemd as its first process, and version 2 of control groups of its own."""

    def _write_specs(self, *, hold: bool) -> tuple[dict[str, Any], Path]:
        del hold  # nothing but basic.target is started by itself
        told, ours = super()._write_specs(hold=True)
        self._install()
        told["init"] = SYSTEMD
        told["own_cgroup"] = f"{choose(2).trees['']}{self.cgroup}"
        told["env"] = {"PATH": told["env"]["PATH"], "container": "lxc"}
        return told, ours

    def _install(self) -> None:
        """Put the shipped files where a package would, before the node is up. Idempotent."""
        upper = self.home / "upper"
        texts = {upper / target: (SOURCE / "systemd" / name).read_text() for name, target in shipped()}
        texts[upper / "etc/docker/daemon.json"] = json.dumps(DOCKER)
        texts[upper / "etc/hostname"] = f"{self.name}\n"
        for name, module in PROGRAMS.items():
            texts[upper / "opt/shepherd/bin" / name] = f'{PROGRAM}exec /usr/bin/python3 -m {module} "$@"\n'
        for target, text in texts.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            target.chmod(0o755 if target.parent.name == "bin" else 0o644)
        for unit in MASKED:
            (upper / UNIT_DIRECTORY / unit).unlink(missing_ok=True)
            (upper / UNIT_DIRECTORY / unit).symlink_to("/dev/null")

    def _answers(self) -> bool:
        """systemd has come up as far as it was asked to."""
        return self.run(("systemctl", "is-active", "basic.target"), timeout_s=5).stdout.strip() == "active"

    def show(self, service: str) -> Mapping[str, str]:
        """What systemd says of a service: its properties by name."""
        said = self.must(("systemctl", "show", "--no-pager", UNITS.get(service, service)))
        return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)

    def status(self, service: str) -> dict[str, Any]:
        """See `Node.status`; members are missing."""
        seen = self.show(service)
        state = State.STOPPING if seen["ActiveState"] == "deactivating" else seen["ActiveState"]
        return {"name": service, "state": state, "pid": int(seen["MainPID"]), "starts": int(seen["NRestarts"]) + 1}

    def start(self, service: str) -> None:
        """Start a unit, and wait until it says that it is ready."""
        self.must(("systemctl", "start", UNITS.get(service, service)), timeout_s=120)

    def stop(self, service: str, timeout_s: float = 100.0) -> None:
        """Stop a unit and wait until it has ended."""
        self.must(("systemctl", "stop", UNITS.get(service, service)), timeout_s=timeout_s)

    def restart(self, service: str) -> None:
        """As an upgrade does."""
        self.must(("systemctl", "restart", UNITS.get(service, service)), timeout_s=120)

    def kill(self, service: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a unit's main process."""
        name = signal.Signals(number).name
        self.must(("systemctl", "kill", "--kill-whom=main", f"--signal={name}", UNITS.get(service, service)))

    def change_environment(self, service: str, changes: Mapping[str, str]) -> None:
        """Not with units."""
        raise BadInput(f"{service} is a unit on {self.name}: {dict(changes)} belongs into a drop-in")

    def journal(self, service: str, lines: int = 40) -> str:
        """What a unit said last."""
        argv = ("journalctl", "--no-pager", "-o", "cat", "-n", str(lines), "-u", UNITS.get(service, service))
        return self.run(argv, timeout_s=10).stdout

    def main_pid(self, service: str) -> int:
        """The machine's number of a unit's main process; 0 if it has none."""
        inside = self.status(service)["pid"]
        return next((pid for pid in self._family() if inside and number_inside(pid) == inside), 0)


def number_inside(pid: int) -> int:
    """A process's number in a node, by its number on the machine; 0 if it is in a container, or gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    [numbers] = [line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")]
    return int(numbers[1]) if len(numbers) == 2 else 0
