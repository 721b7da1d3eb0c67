"""What PID 1 of the container and the guard of the regular startd are told, as the lines of their files."""

import dataclasses
import enum

from shepherd.core.lease.judge import Instant
from shepherd.core.lease.memory import Held
from shepherd.model.container import Container
from shepherd.model.lease import Lease, LeasePhase


class ControlPhase(enum.Enum):
    """What PID 1 may do."""

    WAIT = "wait"
    """Contend for the lock, start nothing."""
    GO = "go"
    """Start HTCondor once the lock is held."""
    LEAVE = "leave"
    """Go, by the ladder."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Control:
    """The content of the control file."""

    phase: ControlPhase
    until_boottime_s: float
    lease: Lease
    serial: int


def allow(held: Held, serial: int, now: Instant) -> Control:
    """What a standing lease allows. Its end is whichever clock comes to it first."""
    by_wall_s = now.boottime_s + held.until_wall_s - now.wall_s
    phase = ControlPhase.GO if held.lease.phase is LeasePhase.GO else ControlPhase.WAIT
    until_s = round(min(held.until_boottime_s, by_wall_s), 1)
    return Control(phase=phase, until_boottime_s=until_s, lease=held.lease, serial=serial)


def leave(lease: Lease, serial: int, now: Instant) -> Control:
    """The end of a lend."""
    return Control(phase=ControlPhase.LEAVE, until_boottime_s=now.boottime_s, lease=lease, serial=serial)


def text(control: Control) -> str:
    """`key=value` lines."""
    entries = {
        "phase": control.phase.value,
        "until_boottime_s": f"{control.until_boottime_s:.3f}",
        "graceful_s": f"{control.lease.ladder.graceful_s:g}",
        "fast_s": f"{control.lease.ladder.fast_s:g}",
        "serial": str(control.serial),
        "lease": control.lease.lease,
    }
    return "".join(f"{key}={value}\n" for key, value in entries.items())


def fence(container: Container) -> str:
    """Names the container whose processes must all be dead before a regular startd may start."""
    return f"pid={container.pid}\nstart={container.start_ticks}\ncgroup={container.cgroup}\n"
