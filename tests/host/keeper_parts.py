"""What the keeper's world is to those of its parts that know it by one question only."""

import dataclasses
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from shepherd.errors import CommandFailed
from shepherd.model.container import Container
from shepherd.model.host import HostName
from shepherd.model.stop import JobSeen
from shepherd.model.trace import TraceRecord
from shepherd.ports import Clock, Log
from shepherd.ports_node import NodeFile
from shepherd.programs.keeper.trace import NoFlows, Recording
from shepherd.sim.evidence import SimEvidence
from shepherd.sim.recording import SimJobFiles, SimMemory, SimSpool

if TYPE_CHECKING:
    from tests.host.keeper_world import World

PID = 4242
NO_GUARD = "the host guard is not in force"


@dataclasses.dataclass(frozen=True)
class Network:
    """The host's side of the VLAN, which is asked of dockerd, too."""

    world: "World"

    def problem(self) -> str:
        self.world.answer()
        return self.world.network_problem

    def mend(self) -> None:
        self.world.mend_network()

    def cut(self) -> None:
        self.world.cut()

    def uncut(self) -> None:
        self.world.is_cut = False

    def hold_guard(self) -> None:
        if self.world.network_problem == NO_GUARD and self.world.network_can_be_mended:
            self.world.network_problem = ""


@dataclasses.dataclass(frozen=True)
class LocalDrain:
    """The local startd as a port of its own."""

    world: "World"

    def drain_reason(self, host: HostName) -> str:
        return self.world.local_drain(host)

    def close(self) -> None:
        self.world.drain_closed += 1


class Jobs:
    """Guests' jobs in the container."""

    def __init__(self) -> None:
        self.runs: dict[int, JobSeen] = {}
        """By account."""
        self.killed: list[int] = []
        self.cuts: list[int] = []
        self.cannot_cut = False

    def seen(self, container: Container) -> Mapping[int, JobSeen]:
        del container
        return dict(self.runs)

    def alive(self, container: Container, uids: AbstractSet[int]) -> AbstractSet[int]:
        del container
        return uids & set(self.runs)

    def kill(self, container: Container, uid: int) -> int:
        del container
        self.killed.append(uid)
        return int(self.runs.pop(uid, None) is not None)

    def cut(self, container: Container, uids: AbstractSet[int], for_s: float) -> None:
        del container, for_s
        if self.cannot_cut:
            raise CommandFailed("nft: no such set")
        self.cuts += sorted(uids)


def read_control(files: Mapping[NodeFile, str]) -> dict[str, str]:
    """What PID 1 was told."""
    return dict(line.split("=", 1) for line in files.get(NodeFile.CONTROL, "").splitlines())


class Quarantined:
    """What of the keeper's world only quarantines have to do with."""

    files: dict[NodeFile, str]
    containers: list[str]

    def __init__(self) -> None:
        self.frozen = self.is_cut = self.cutting_fails = False
        self.told_when_frozen: list[str] = []
        """What PID 1 had been told, each time that it was frozen."""
        self.traced: list[TraceRecord] = []
        self.evidence = SimEvidence()
        """What lies on the host's disk."""

    def freeze(self, container: Container) -> bool:
        self.frozen = container.pid == PID
        self.told_when_frozen.append(read_control(self.files)["phase"])
        return self.frozen

    def cut(self) -> None:
        if self.cutting_fails:
            raise CommandFailed("nft is broken")
        self.is_cut = True

    def set_aside(self, ident: str, name: str) -> str:
        self.answer()
        return f"{ident} {name}"

    def remove(self, ident: str) -> None:
        self.answer()
        self.containers.remove(ident)

    def answer(self) -> None:
        """Raises DockerUnavailable if dockerd is away."""


class Recorded:
    """What the keeper wrote down, and what its container's startd told it."""

    def __init__(self) -> None:
        self.spool, self.memory, self.files = SimSpool("p220"), SimMemory(), SimJobFiles()

    def by(self, clock: Clock, log: Log) -> Recording:
        """What a keeper that starts now records with."""
        return Recording(
            spool=self.spool, files=self.files, memory=self.memory, flows=NoFlows(), clock=clock, log=log
        )
