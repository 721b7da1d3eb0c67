"""One small scenario, told once, to be run on the real site and in the simulator; and what came of it in either."""

import dataclasses
import enum

from shepherd.lab.settings import Table


class Moved(enum.Enum):
    """A switch, seen in the pools' collectors."""

    LENT = "lent"
    """A flocking startd accepts jobs."""
    HOME = "home"
    """A regular startd accepts jobs again."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Batch:
    """Alike jobs, submitted at once."""

    at_s: float
    """After the first host was lent; what guests submit waits before the shepherd begins."""
    jobs: int
    cpus: int
    run_s: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """A pool of alike hosts, its policy, and everybody's jobs."""

    hosts: int
    cpus: int
    memory_mib: int
    policy: Table
    local: tuple[Batch, ...]
    guests: tuple[Batch, ...]
    length_s: float
    """After the first host was lent."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Course:
    """What came of it. Times are seconds after the first host was lent."""

    moves: tuple[tuple[float, Moved], ...]
    """In their order. Which host it was is free between alike ones."""
    waits_s: tuple[tuple[float, ...], ...]
    """Of each local batch, from submission to start, ascending."""
    evicted: int
    """Guests' jobs, as often as they were thrown off."""
    completed: int
    """Guests' jobs that came to their end."""

    @property
    def order(self) -> tuple[Moved, ...]:
        """What was moved, one after the other."""
        return tuple(move for _, move in self.moves)


JOB_MIB = 64
TWO_BURSTS = Scenario(
    hosts=4,
    cpus=2,
    memory_mib=512,
    policy={
        "kind": "demand", "reserve": 0.25, "lend_share": 1.0, "quiet_s": 3.0, "stuck_s": 60.0, "wait_target_s": 0.0,
        "arming_at_once": 1,
    },
    local=(Batch(at_s=34.0, jobs=4, cpus=1, run_s=14), Batch(at_s=76.0, jobs=3, cpus=2, run_s=8)),
    guests=(Batch(at_s=0.0, jobs=4, cpus=1, run_s=8), Batch(at_s=0.0, jobs=8, cpus=1, run_s=600)),
    length_s=106.0,
)  # fmt: skip
"""One host is lent, and once it serves two more: the last quarter stays. Four jobs find room for two, so that one
host comes home. It is quiet; one host is lent again. Three jobs each want a whole host: two come home. The window's
budget is spent by then, so that nobody is lent any more. Of guests' jobs four are short and eight outlast everything.
"""
