"""One host of the fake world: what runs on it, and what may be done to it."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from shepherd.errors import PoolUnavailable
from shepherd.model.host import HostPair, LeaseId
from shepherd.model.lease import drained_for
from shepherd.model.node_settings import NodeSettings
from shepherd.ports_node import NodeFile
from shepherd.sim.container import Pid1
from shepherd.sim.docker import Dockerd
from shepherd.sim.events import Act, Events, Process
from shepherd.sim.evidence import SimEvidence
from shepherd.sim.keeper import KeeperProcess
from shepherd.sim.lock import HostLock
from shepherd.sim.node_ports import SimRunDir
from shepherd.sim.recording import Saying, SimJobFiles, SimMemory, SimSpool
from shepherd.sim.regular import Master, Startd

if TYPE_CHECKING:
    from shepherd.sim.jobs import Queue
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
    """dockerd: from the request to a running PID 1, or to a removed container."""
    keeper_s: float = 1.0
    """Keepers tick no more often than this: coarser than life, so that the simulator is quick."""
    keeper_home_s: float = 4.0
    """The same while the host is local."""


@dataclasses.dataclass(kw_only=True)
class GuestRun:
    """A guest's job in a slot of a container, as it was. By the host's clock."""

    saying: Saying
    container: str
    began_s: float
    ended_s: float | None = None
    is_lost: bool = False
    """The host lost its memory while it may not have been read from there."""


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
        self.signer = signer
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
        self.refuses_local = False
        """No local job's requirements hold here, or a limit of theirs is reached: it stands free beside them."""
        self.leaks = False
        """Its container reaches what it must not."""
        self.fenced = True
        """Guards keep the fence (False only to see that the invariants notice)."""
        self.wall_offset_s = 0.0
        self.clock_moved = False
        """It was ever wrong: its times are not compared with what was."""
        self.boots = 0
        self.evidence = SimEvidence()
        self.is_cut = False
        """Nothing of a container passes the host's own rules."""
        self.is_kept = self.was_kept = False
        """A person quarantined it and keeps it, or did: a release that cannot be recorded, or heard, waits."""
        self.logged: list[tuple[float, str, Mapping[str, object]]] = []
        self.powered = False
        self.spool, self.memory = SimSpool(self.name), SimMemory()
        """On its disk."""
        self.runs: list[GuestRun] = []
        """Every guest's job that ever ran here: the truth that records are compared with."""
        self.boot()

    def boot(self) -> None:
        """Power on: an empty /run, then systemd starts everything."""
        self.powered = True
        self.boots += 1
        self._booted_s = self.events.now_s - 10.0
        self.lock = HostLock()
        self.run_dir = SimRunDir(self)
        self.job_files = SimJobFiles()
        self.containers: list[Pid1] = []
        """Those that dockerd knows, running or not."""
        self.dockerd = Dockerd(self)
        self.master: Master | None = None
        self.keeper: KeeperProcess | None = None
        self._supervise(self._start_master)
        self._supervise(self.start_keeper)

    def reboot(self) -> None:
        """Everything dies at once without a goodbye, and comes back."""
        self.power_off()
        boot = self.boots
        self.events.after(self.tempo.boot_s, lambda: self.boot() if self.boots == boot else None)

    def power_off(self) -> None:
        """Everything dies at once without a goodbye."""
        looked_s = 0.0 if self.clock_moved else self.memory.looked_s
        for run in self.runs:
            run.is_lost = run.is_lost or run.ended_s is None or run.ended_s > looked_s
        self.powered = self.is_cut = False
        for process in (self.master, self.keeper, self.dockerd, *self.containers):
            if process is not None:
                process.kill()
        for container in self.containers:
            container.zap()

    def boottime_s(self) -> float:
        """CLOCK_BOOTTIME."""
        return self.events.now_s - self._booted_s

    def wall_s(self) -> float:
        """The host's own wall clock; may be wrong."""
        offset_s = self.pool.wall_offset_s + self.wall_offset_s
        self.clock_moved = self.clock_moved or offset_s != 0.0
        return self.pool.wall_s() + self.wall_offset_s

    def site_wall_s(self, at_s: float | None = None) -> float:
        """The collectors' wall clock."""
        return self.pool.wall_s(at_s)

    def ask_home(self) -> None:
        """Raise PoolUnavailable unless the home collector answers this host."""
        if not self.private_up:
            raise PoolUnavailable("the home collector cannot be reached")
        self.pool.home.asked()

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
        return any(container.guests_alive for container in self.containers)

    @property
    def container(self) -> Pid1 | None:
        """The container whose PID 1 lives."""
        return next((c for c in self.containers if c.alive), None)

    @property
    def human_holds(self) -> bool:
        """A human's condor_off or drain is in force."""
        if self.master is not None and self.master.alive and self.master.off:
            return True
        if self.was_kept and self.is_frozen:
            return True
        return self.startd is not None and self.startd.draining and not self.drained_by_us

    @property
    def is_frozen(self) -> bool:
        """A container is."""
        return self.container is not None and self.container.is_frozen

    @property
    def drained_by_us(self) -> bool:
        """The regular startd is drained, or draining, by our mark."""
        startd = self.startd
        return startd is not None and startd.draining and drained_for(startd.reason) is not None

    def run_container(self, lease: LeaseId, image: str) -> Pid1:
        """What dockerd does on the keeper's request."""
        pid1 = Pid1(self, lease, self.settings.go_wait_s)
        pid1.on_death.append(self.lock_changed)
        self.containers.append(pid1)
        self.meter.container_started(self.name, lease, image)
        return pid1

    def guest_began(self, saying: Saying, container: str) -> GuestRun:
        """A guest's job is started."""
        self.runs.append(GuestRun(saying=saying, container=container, began_s=self.wall_s()))
        return self.runs[-1]

    def members(self, cgroup: str) -> set[int]:
        """Process ids in a container's cgroup."""
        found: set[int] = set()
        for container in self.containers:
            if cgroup.endswith(container.ident):
                found |= container.pids()
        return found

    def kill_cgroup(self, cgroup: str, *, spare: int | None) -> None:
        """SIGKILL to every process of it but one."""
        for container in self.containers:
            if cgroup.endswith(container.ident):
                self.events.after(0.001, container.zap)
                if container.pid != spare:
                    container.kill()

    def fence_keeps_out(self) -> bool:
        """What the guard does once it has the lock: kill what is left of the container that the fence file
        names, but its PID 1. True while something is left."""
        text = self.run_dir.read(NodeFile.FENCE)
        fence = dict(line.split("=", 1) for line in (text or "").splitlines())
        if not fence or not self.members(fence["cgroup"]) - {int(fence["pid"])}:
            return False
        self.kill_cgroup(fence["cgroup"], spare=int(fence["pid"]))
        return True

    def control_written(self) -> None:
        """The control file was replaced."""
        for container in self.containers:
            container.poke()

    def lock_changed(self) -> None:
        """Something the keeper watches changed."""
        if self.keeper is not None:
            self.keeper.wake()

    def start_keeper(self) -> Process:
        """systemd starts `shepherd node run`."""
        self.keeper = KeeperProcess(self, self.log)
        return self.keeper

    def log(self, event: str, **fields: object) -> None:
        """The keeper's log."""
        self.logged.append((self.events.now_s, event, fields))
        del self.logged[:-500]

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
