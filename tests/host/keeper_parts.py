"""What the keeper's world is to those of its parts that know it by one question only."""

import dataclasses
from typing import TYPE_CHECKING

from shepherd.model.host import HostName

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
