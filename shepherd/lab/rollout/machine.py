"""A machine of the site that really boots: QEMU, its cable to the site's switch, its line and its console.

It runs without the processor's help for virtual machines, so that it boots anywhere, and is several times slower than
the lab's nodes. Whatever happens to the lab, QEMU ends with it: the kernel sees to that, and a later lab has its
number.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shepherd.errors import ShepherdError, Unavailable
from shepherd.lab.addresses import FLOCK, PRIVATE, HostNames
from shepherd.lab.command import CUT_OFF, kill_session
from shepherd.lab.eventually import eventually
from shepherd.lab.net import NETNS_DIR, SWITCH, Fabric
from shepherd.lab.node import ENVIRONMENT
from shepherd.lab.rollout import trunk
from shepherd.lab.rollout.disk import Disk
from shepherd.lab.rollout.guest_line import GuestLine
from shepherd.lab.rollout.wheels import Delivery
from shepherd.lab.shell import Shell
from shepherd.lab.state import SiteState

SLOWNESS = 6.0
"""How many times longer everything may take on an emulated processor. Measured: 4 to 10."""
VLAN = 2512
PROCESSORS, MEMORY_MIB = 2, 2560
BOOT_S = 300.0
CONSOLE_LINES = 40
KERNEL = (
    "root=/dev/vda rw console=ttyS0,115200 quiet loglevel=4 panic=5 mitigations=off fsck.mode=skip "
    "tsc=reliable no_timer_check "
    "systemd.show_status=error"
)


@dataclass(kw_only=True)
class Machine(Shell):
    """One machine. Deadlines of its commands are given as for a node, and are SLOWNESS times as long."""

    names: HostNames
    state: SiteState
    fabric: Fabric
    disk: Disk
    docker: Path
    delivery: Delivery
    _parts: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, repr=False)
    _line: GuestLine | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The machine's host name."""
        return self.names.regular

    @property
    def home(self) -> Path:
        """The machine's files on the machine that emulates it."""
        return self.state.bulk / self.name

    @property
    def mac(self) -> str:
        """The hardware address of its one network card."""
        return f"02:42:0a:01:02:{self.names.number:02x}"

    @property
    def line(self) -> GuestLine:
        """The way commands get into it."""
        if self._line is None:
            self._line = GuestLine(self.home / "line", self.name)
        return self._line

    # -- life ---------------------------------------------------------------------------------------------------------

    def switch_on(self) -> None:
        """Plug it in and start it; `await_up` tells when it is there."""
        self.home.mkdir(parents=True, exist_ok=True)
        taps = self.fabric.add_trunk(self.name, {0: PRIVATE, VLAN: FLOCK})
        ports = [word for vlan, tap in taps.items() for word in ("--tap", str(vlan), tap)]
        ends = ("--own", str(self.home / "switch"), "--machine", str(self.home / "card"))
        program = (sys.executable, "-IS", trunk.__file__, *ports, *ends, "--counts", str(self.home / "counts.json"))
        self._begin("trunk", program)
        eventually((self.home / "counts.json").exists, 10, what=f"the switch port of {self.name} is there")
        self._begin("qemu", self._qemu())

    def _begin(self, part: str, argv: Sequence[str]) -> None:
        inside = ("nsenter", f"--net={NETNS_DIR / self.fabric.netns(SWITCH)}", *CUT_OFF, *argv)
        with (self.home / f"{part}.log").open("ab") as log:
            process = subprocess.Popen(
                inside, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**ENVIRONMENT, "TMPDIR": str(self.home)},
            )  # fmt: skip
        self._parts[part] = process
        self.state.note_init(f"{self.name}-{part}", process.pid)

    def _qemu(self) -> list[str]:
        ends = f"local.type=unix,local.path={self.home}/card,remote.type=unix,remote.path={self.home}/switch"
        kept = (f"file={self.disk.root},snapshot=on", f"file={self.docker},snapshot=on")
        disks = (*kept, f"file={self.delivery.disk},readonly=on")
        return [
            "qemu-system-x86_64", "-name", self.name, "-nodefaults", "-no-user-config", "-display", "none",
            "-machine", "q35", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max,la57=off",
            "-smp", str(PROCESSORS), "-m", str(MEMORY_MIB),
            "-kernel", str(self.disk.kernel), "-initrd", str(self.disk.initrd), "-append", KERNEL,
            *(word for one in disks for word in ("-drive", f"{one},if=virtio,format=raw,cache=unsafe")),
            "-netdev", f"dgram,id=cable,{ends}", "-device", f"virtio-net-pci,netdev=cable,mac={self.mac},romfile=",
            "-object", "rng-random,id=rng,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng",
            "-device", "virtio-serial-pci", "-chardev", f"socket,id=line,path={self.home}/line,server=on,wait=off",
            "-device", "virtserialport,chardev=line,name=org.qemu.guest_agent.0",
            "-chardev", f"file,id=console,path={self.home}/console,append=on", "-serial", "chardev:console",
            "-monitor", "none",
        ]  # fmt: skip

    def await_up(self, within_s: float = BOOT_S) -> None:
        """Until it answers and systemd has started everything. Raises Unavailable, with its console's words."""
        try:
            eventually(self._is_up, within_s, 0.5, what=f"{self.name} has booted")
        except Unavailable as exc:
            raise Unavailable(f"{exc}\n{self.console()}") from exc

    def _is_up(self) -> bool:
        ended = self._parts["qemu"].poll()
        if ended is not None:
            raise Unavailable(f"QEMU ended with {ended}: {_tail(self.home / 'qemu.log')}")
        return self.line.answers() and self.boot_state() in {"running", "degraded"}

    def boot_state(self) -> str:
        """What `systemctl is-system-running` says."""
        return self.run(("systemctl", "is-system-running")).stdout.strip()

    def boot_id(self) -> str:
        """Which boot this is."""
        return self.read("/proc/sys/kernel/random/boot_id").strip()

    def begin_reboot(self) -> None:
        """As an administrator does. Its guest agent may be gone before it has told how that command ended."""
        with contextlib.suppress(Unavailable):
            self.line.run(("systemctl", "reboot", "--no-block"), timeout_s=60)

    def shut_off(self) -> None:
        """Pull the plug. Idempotent."""
        self.line.close()
        for process in self._parts.values():
            kill_session(process)
        self._parts.clear()

    def console(self) -> str:
        """The last lines of its serial console."""
        return _tail(self.home / "console")

    # -- what is seen of it -------------------------------------------------------------------------------------------

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
        become = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--reset-env"] if user else []
        told = {**{name: value for name, value in ENVIRONMENT.items() if name in {"PATH", "LC_ALL"}}, **(env or {})}
        words = [*become, "env", *(f"{name}={value}" for name, value in told.items()), *argv]
        return self.line.run(words, timeout_s=timeout_s * SLOWNESS, given=given)

    def frames(self) -> list[tuple[str, int, str, int]]:
        """What the switch counted: `from` or `to` the machine, VLAN, the machine's hardware address, frames."""
        with contextlib.suppress(OSError, ValueError):
            return [tuple(one) for one in json.loads((self.home / "counts.json").read_text(encoding="ascii"))]
        return []

    def journal(self, unit: str, lines: int = CONSOLE_LINES) -> str:
        """The last lines of a unit's journal, or why they cannot be had."""
        try:
            return self.run(("journalctl", "-u", unit, "-n", str(lines), "--no-pager", "-o", "short-iso")).stdout
        except ShepherdError as exc:
            return exc.diagnosis()


def _tail(path: Path) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-CONSOLE_LINES:])
    return f"{path} cannot be read"
