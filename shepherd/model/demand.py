"""What local jobs wait for, by what they ask of a slot, and what a host gives.

Tuples, because a look at ten thousand hosts compares and counts tens of thousands of them.
"""

import dataclasses
from typing import NamedTuple


class Resources(NamedTuple):
    """What a job asks for, or a slot or host gives. 0 MiB or KiB of a host: not told, and it is not judged by that."""

    cpus: int = 0
    memory_mib: int = 0
    disk_kib: int = 0
    gpus: int = 0


NOTHING = Resources()


class Gives(NamedTuple):
    """What one host gives to local jobs."""

    whole: Resources = NOTHING
    """All of its slots together."""
    largest: Resources = NOTHING
    """Its largest slot: no job can have more."""
    free: Resources = NOTHING
    """What is unclaimed now, all slots together; of a host that is out, what would be."""


GIVES_NOTHING = Gives()


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DemandGroup:
    """Idle local jobs that ask for the same."""

    asks: Resources
    jobs: int
    soon: int = 0
    """Jobs of theirs that become idle as others start: their cluster has them in store."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What the idle jobs of all counted schedds ask for."""

    groups: tuple[DemandGroup, ...] = ()
    """Each shape once, the largest first."""
    at_s: float = 0.0
    """When the schedds were asked, epoch seconds."""
    soon: int = 0
    """Jobs of unknown shape that DAGs hold back: their nodes are ready and not submitted."""
    unasked: tuple[str, ...] = ()
    """Schedds whose jobs are not in here, because they did not answer: their idle jobs are demand of unknown shape."""
    problem: str = ""
    """Why they did not."""
