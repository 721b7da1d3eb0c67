"""What the keeper's world is to those of its parts that know it by one question only."""

import dataclasses
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from shepherd.errors import CommandFailed
from shepherd.model.container import Container
from shepherd.model.host import HostName
from shepherd.model.stop import JobSeen

if TYPE_CHECKING:
    from tests.host.keeper_world import World

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
