"""What is killed and when, drawn from a seed: pure, so that a run can be drawn again."""

import dataclasses
import enum
import random
from collections.abc import Sequence


class What(enum.Enum):
    """What is done to the site while the jobs run."""

    CONTAINER = "container killed"
    KEEPER = "keeper killed"
    SHEPHERD = "shepherd killed"
    HOME_COLLECTOR = "home collector killed"
    FLOCK_COLLECTOR = "flock collector killed"
    LOGGER = "flow logger killed, with all of the gateway's service"
    RECORDER = "flow logger's process killed"
    DOCKERD = "dockerd killed"
    RECLAIM = "local work takes hosts back"


ALL = (
    What.LOGGER, What.CONTAINER, What.KEEPER, What.SHEPHERD, What.FLOCK_COLLECTOR, What.RECLAIM, What.LOGGER,
    What.KEEPER, What.HOME_COLLECTOR, What.CONTAINER, What.SHEPHERD, What.DOCKERD, What.RECORDER,
)  # fmt: skip
FEW = (What.CONTAINER, What.LOGGER, What.KEEPER, What.SHEPHERD)
"""For a run of minutes."""
DOWN_S = {What.LOGGER: (3.0, 9.0), What.KEEPER: (1.0, 6.0), What.SHEPHERD: (1.0, 8.0)}
"""For how long these stay dead. The others are started anew by whoever watches over them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Strike:
    """One thing that happens to the site."""

    at_s: float
    """Counted from the drill's begin."""
    what: What
    host: str = ""
    """Whose container or keeper or dockerd it is."""
    down_s: float = 0.0

    def __str__(self) -> str:
        where = f" on {self.host}" if self.host else ""
        down = f", down for {self.down_s:.1f} s" if self.down_s else ""
        return f"{self.at_s:5.1f} s: {self.what.value}{where}{down}"


OF_A_HOST = (What.CONTAINER, What.KEEPER, What.DOCKERD)


def schedule(strikes: Sequence[What], lasts_s: float, hosts: Sequence[str], seed: str) -> list[Strike]:
    """All of them, spread over the time in an order of its own, each at a moment of its own."""
    draw = random.Random(seed)
    each_s = lasts_s / max(1, len(strikes))
    ordered = draw.sample(strikes, len(strikes))
    return [
        Strike(
            at_s=round(number * each_s + draw.uniform(0.0, each_s / 2), 1), what=what,
            host=draw.choice(hosts) if what in OF_A_HOST else "",
            down_s=round(draw.uniform(*DOWN_S[what]), 1) if what in DOWN_S else 0.0,
        )
        for number, what in enumerate(ordered)
    ]  # fmt: skip
