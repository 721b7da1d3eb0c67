"""One host of the fake world: what runs on it, and what may be done to it."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from shepherd.model.host import HostPair, LeaseId
from shepherd.model.node_settings import NodeSettings
from shepherd.model.observation import LockHolder
from shepherd.sim.container import Pid1
from shepherd.sim.docker import Dockerd
from shepherd.sim.events import Act, Events, Process
from shepherd.sim.lock import HostLock
from shepherd.sim.regular import Leaving, Master, Startd

if TYPE_CHECKING:
    from shepherd.core.keeper.control import Control
    from shepherd.sim.jobs import Queue
    from shepherd.sim.keeper import Keeper, RunDir
    from shepherd.sim.meter import Meter
    from shepherd.sim.pools import Pools
    from shepherd.sim.signer import SimSigner


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tempo:
    """How fast the fake site's parts are. Seconds."""

    update_s: float = 300.0
    """UPDATE_INTERVAL of startds and masters."""
    negotiate_s: float = 20.0
    systemd_s: float = 5.0
    """RestartSec of the shipped units."""
    boot_s: float = 40.0
    create_s: float = 0.6
    """dockerd: from the request to a running PID 1."""
    remove_s: float = 0.3


class Host:
    """A machine: lock, regular master, dockerd, keeper, and perhaps a container."""

    def __init__(
        self,
        pair: HostPair,
        *,
        settings: NodeSettings,
        slots: int,
        events: Events,
        pool: Pools,
        meter: Meter,
        tempo: Tempo,
        queues: tuple[Queue, Queue],
        signer: SimSigner,
        rng: random.Random,
    ) -> None:
        self.pair = pair
        self.settings = settings
        self.verifier = signer
        self.key_id = signer.key_id
        self.rng = rng
        self.name, self.flock_name = str(pair.host), pair.flock_name
        self.slots = slots
        self.events = events
        self.pool = pool
        self.meter = meter
        self.tempo = tempo
        self.local_queue, self.guest_queue = queues
        self.private_up = self.flock_up = True
        self.commands_hang = False
        """Its daemons accept a connection and never answer."""
        self.fenced = True
        """Guards keep the fence (False only to see that the invariants notice)."""
        self.wall_offset_s = 0.0
        self.boots = 0
        self.powered = False
        self.boot()

    def boot(self) -> None:
        """Power on: an empty /run, then systemd starts everything."""
        self.powered = True
        self.boots += 1
        self._booted_s = self.events.now_s - 10.0
        self.lock = HostLock()
        self.run_dir: RunDir | None = None
        self.control: Control | None = None
        self.container: Pid1 | None = None
        self._zombie: Pid1 | None = None
        self.dockerd = Dockerd(self)
        self.master: Master | None = None
        self.keeper: Keeper | None = None
        self._supervise(self._start_master)
        self._supervise(self.start_keeper)

    def reboot(self) -> None:
        """Everything dies at once without a goodbye, and comes back."""
        self.power_off()
        boot = self.boots
        self.events.after(self.tempo.boot_s, lambda: self.boot() if self.boots == boot else None)

    def power_off(self) -> None:
        """Everything dies at once without a goodbye."""
        self.powered = False
        for process in (self.master, self.keeper, self.dockerd, self.container):
            if process is not None:
                process.kill()
        if self.container is not None and self.container.flock is not None:
            self.container.flock.zap()

    def boottime_s(self) -> float:
        """CLOCK_BOOTTIME."""
        return self.events.now_s - self._booted_s

    def wall_s(self) -> float:
        """The host's own wall clock; may be wrong."""
        return self.pool.wall_s() + self.wall_offset_s

    def site_wall_s(self, at_s: float | None = None) -> float:
        """The collectors' wall clock."""
        return self.pool.wall_s(at_s)

    def send(self, update: Act) -> None:
        """An update to the home collector; lost when it cannot be reached."""
        if self.private_up and not self.pool.home.down:
            update()

    def send_flock(self, update: Act) -> None:
        """An update to the flock collector."""
        if self.flock_up and not self.pool.flock_collector.down:
            update()

    @property
    def startd(self) -> Startd | None:
        """The regular startd (not a waiting guard)."""
        startd = self.master.startd if self.master else None
        return startd if startd is not None and startd.alive and startd.serving else None

    @property
    def guests_alive(self) -> bool:
        """Anything of a container besides its waiting PID 1."""
        return any(c is not None and c.guests_alive for c in (self.container, self._zombie))

    @property
    def human_holds(self) -> bool:
        """A human's condor_off or drain is in force."""
        if self.master is not None and self.master.off:
            return True
        return self.startd is not None and self.startd.draining and not self.drained_by_us

    @property
    def drained_by_us(self) -> bool:
        """The regular startd is drained, or draining, by our mark."""
        startd = self.startd
        return startd is not None and startd.draining and startd.reason.startswith("shepherd:")

    def lock_holder(self) -> LockHolder:
        """As /proc/locks shows it."""
        match self.lock.holder:
            case None:
                return LockHolder.NOBODY
            case Pid1():
                return LockHolder.FLOCK
            case Startd() as startd:
                return LockHolder.REGULAR if startd.serving else LockHolder.GUARD
            case _:
                return LockHolder.STRANGER

    def run_container(self, lease: LeaseId, image: str, go_wait_s: float) -> None:
        """What dockerd does on the keeper's request."""
        self._zombie = self.container
        self.container = Pid1(self, lease, go_wait_s)
        self.container.on_death.append(self.lock_changed)
        self.meter.container_started(self.name, lease, image)

    def kill_guests(self) -> None:
        """The guard's fence: SIGKILL to what a dead PID 1 left."""
        for container in (self.container, self._zombie):
            if container is not None and not container.alive and container.flock is not None:
                self.events.after(0.001, container.flock.zap)

    def set_control(self, control: Control | None) -> None:
        """The keeper wrote the control file, atomically."""
        self.control = control
        if self.container is not None:
            self.container.poke()

    def unstick(self) -> None:
        """The keeper's SIGQUIT to the drained startd."""
        if self.startd is not None:
            self.startd.leave(Leaving.ORDERED)

    def lock_changed(self) -> None:
        """Something the keeper watches changed."""
        if self.keeper is not None:
            self.keeper.wake()

    def start_keeper(self) -> Process:
        """systemd starts `shepherd node run`."""
        from shepherd.sim.keeper import Keeper

        self.keeper = Keeper(self)
        return self.keeper

    def _supervise(self, start: Callable[[], Process]) -> None:
        """systemd: start it now, and again whenever it has died, while the host is powered."""
        boot = self.boots

        def again() -> None:
            if self.powered and self.boots == boot:
                start().on_death.append(lambda: self.events.after(self.tempo.systemd_s, again))

        again()

    def _start_master(self) -> Process:
        self.master = Master(self)
        return self.master
