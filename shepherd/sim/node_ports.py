"""The ports of a keeper, opened onto one fake host."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from shepherd.core.container.drift import as_specified
from shepherd.core.lease.encode import decode
from shepherd.core.lease.pages import page_of
from shepherd.errors import CommandFailed, DockerUnavailable, PoolUnavailable
from shepherd.model.container import LABEL, Container, ContainerSeen, ContainerSpec, EngineFacts, Started
from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.lease import SignedPage
from shepherd.model.observation import KeeperReport, LockHolder
from shepherd.model.reach import Attempt, Whence
from shepherd.ports_node import NodeFile
from shepherd.sim.container import Pid1
from shepherd.sim.regular import Leaving, Startd

if TYPE_CHECKING:
    from shepherd.sim.host import Host

decoded = functools.lru_cache(maxsize=256)(decode)


class SimRunDir:
    """/run/shepherd: it survives the keeper, not the boot."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._files: dict[NodeFile, str] = {}
        self._nonce = self._new_nonce()

    def nonce(self) -> Nonce:
        """This boot's nonce."""
        return self._nonce

    def renew_nonce(self) -> Nonce:
        """Another one; what was seen is forgotten."""
        self._nonce = self._new_nonce()
        self._files.pop(NodeFile.SEEN, None)
        return self._nonce

    def read(self, file: NodeFile) -> str | None:
        """The text of a file."""
        return self._files.get(file)

    def write(self, file: NodeFile, text: str) -> None:
        """Replace a file."""
        self._files[file] = text
        if file is NodeFile.CONTROL:
            self._host.control_written()
        if file is NodeFile.BANS and (container := self._host.container) is not None and container.flock is not None:
            container.flock.bans_written()

    def open_to(self, group: int) -> None:
        """It is there."""

    def clear(self) -> None:
        """Remove what is about one lend only."""
        for file in (NodeFile.CONTROL, NodeFile.FENCE, NodeFile.SPEC):
            self._files.pop(file, None)

    def _new_nonce(self) -> Nonce:
        return Nonce(f"{self._host.boots}-{self._host.rng.randrange(16**8):08x}")


class SimPageSource:
    """Lease pages, over the private network."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def page(self, host: HostName) -> Sequence[SignedPage]:
        """The pages that this host reads."""
        self._host.ask_home()
        return [
            signed
            for signed in self._host.pool.pages.all().values()
            if (page := decoded(signed.payload)).page == page_of(host, page.pages)
        ]


class SimAdvertise:
    """The keeper's ad, over the private network."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def send(self, report: KeeperReport) -> None:
        """Put it into the home collector."""
        self._host.ask_home()
        self._host.pool.put_keeper(self._host.name, report)


class SimLocalStartd:
    """The host's own regular startd."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def drain_reason(self, host: HostName) -> str:
        """The reason of the drain, if it is drained."""
        startd = self._host.startd
        if startd is None or not startd.runs:
            raise PoolUnavailable(f"no startd of {host} answers")
        return startd.reason if startd.drained else ""

    def close(self) -> None:
        """It costs nothing."""


class SimTokens:
    """Tokens for the flock pool; none is ever looked at here."""

    def check(self) -> None:
        """The host has its own."""

    def mint(self) -> str:
        """Any."""
        return "token"


class SimReach:
    """A network whose firewall holds: everything answers the host, and the container its own pool. On a host that
    `leaks` everything answers everybody."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def answered(self, pid: int | None, attempts: Collection[Attempt]) -> AbstractSet[Attempt]:
        """The first one of the pilot is its own pool."""
        del pid  # one network for all
        if self._host.leaks:
            return frozenset(attempts)
        own = [attempt for attempt in attempts if attempt.whence is Whence.PILOT][:1]
        return frozenset({*own, *(attempt for attempt in attempts if attempt.whence is Whence.HOST)})


class SimNetwork:
    """A host's side of the VLAN that is always in order."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def problem(self) -> str:
        """See `HostNetwork`."""
        return ""

    def mend(self) -> None:
        """See `HostNetwork`."""

    def hold_guard(self) -> None:
        """See `HostNetwork`."""

    def cut(self) -> None:
        """Nothing of the container passes."""
        self._host.is_cut = True

    def uncut(self) -> None:
        """The usual rules."""
        self._host.is_cut = False


class SimShield:
    """What the host adds to a container: always there."""

    rules = "rules"

    def load(self, pid: int) -> None:
        """See the port."""

    def problem(self, pid: int, rules: str) -> str:
        """See the port."""
        del pid, rules
        return ""


class SimEngine:
    """dockerd: what it is asked happens at once; how long that took was waited for before."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._specs: dict[str, ContainerSpec] = {}

    def fetch(self, image: str, repository: str, login: tuple[str, str] | None) -> None:
        """It is there."""
        del image, repository, login
        self._asked()

    def image_problem(self, images: AbstractSet[str]) -> str:
        """Images of any id are there."""
        self._asked()
        return "" if images else "no image is allowed here"

    def run(self, spec: ContainerSpec) -> Started:
        """Create and start."""
        self._asked()
        if any(not container.is_set_aside for container in self._host.containers):
            raise CommandFailed(f"the name {spec.name} is in use")
        pid1 = self._host.run_container(LeaseId(spec.labels[LABEL]), spec.image)
        self._specs[pid1.ident] = spec
        return Started(ident=pid1.ident, pid=pid1.pid)

    def facts(self) -> EngineFacts:
        """One that can build all walls."""
        self._asked()
        return EngineFacts(version=(28, 5), root_uid=100000, root_gid=100000, seccomp=True)

    def seen(self, started: Started) -> ContainerSeen:
        """What was asked for."""
        self._asked()
        return as_specified(self._specs[started.ident])

    def job_problem(self, started: Started) -> str:
        """They can always be built."""
        del started
        self._asked()
        return ""

    def set_aside(self, ident: str, name: str) -> str:
        """Another name."""
        self._asked()
        for container in self._host.containers:
            container.is_set_aside = container.is_set_aside or container.ident == ident
        return name

    def remove(self, ident: str) -> None:
        """Kill and forget one."""
        self.remove_all(frozenset(c.ident for c in self._host.containers if c.ident != ident))

    def remove_all(self, keep: AbstractSet[str]) -> Sequence[str]:
        """Kill all containers, and forget all but some."""
        self._asked()
        for container in list(self._host.containers):
            container.kill()
            if container.ident not in keep:
                self._host.containers.remove(container)
        return ()

    def _asked(self) -> None:
        if not self._host.dockerd.runs:
            raise DockerUnavailable("dockerd does not answer")


class SimKernel:
    """Processes, cgroups and the host lock."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def start_ticks(self, pid: int) -> int | None:
        """Every process id is used once."""
        alive = (c for c in self._host.containers if c.pid == pid and c.alive)
        return next((round(c.started_boottime_s * 100) for c in alive), None)

    def cgroup(self, pid: int, container: str) -> str:
        """One for each container."""
        if self.start_ticks(pid) is None:
            raise CommandFailed(f"process {pid} is gone")
        return f"/sys/fs/cgroup/{container}"

    def members(self, cgroup: str) -> AbstractSet[int]:
        """Ids of all processes in it."""
        return self._host.members(cgroup)

    def freeze(self, container: Container) -> bool:
        """Nothing of it does anything any more."""
        for pid1 in self._host.containers:
            if pid1.ident == container.ident:
                pid1.freeze()
        return True

    def kill(self, container: Container) -> None:
        """SIGKILL to all of it."""
        self._host.kill_cgroup(container.cgroup, spare=None)

    def lock_holder(self, container: Container | None) -> tuple[LockHolder, int | None]:
        """Who holds the host lock."""
        match self._host.lock.holder:
            case None:
                return LockHolder.NOBODY, None
            case Pid1() as pid1 if container is not None and pid1.pid == container.pid:
                return LockHolder.FLOCK, pid1.pid
            case Startd() as startd:
                return LockHolder.REGULAR if startd.serving else LockHolder.GUARD, startd.pid
            case _:
                return LockHolder.STRANGER, None

    def guard_waits(self) -> bool:
        """Blocked in flock, not yet the startd."""
        master = self._host.master
        return master is not None and self._host.lock.waits(master.startd)

    def end_startd(self, pid: int) -> None:
        """SIGQUIT to the lock's holder."""
        startd = self._host.startd
        if startd is not None and startd.pid == pid and self._host.lock.holder is startd:
            startd.leave(Leaving.ORDERED)
