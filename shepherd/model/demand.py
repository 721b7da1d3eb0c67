"""What local jobs wait for, by what they ask of a slot, and what a host gives."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Resources:
    """What a job asks for, or a slot or host gives. 0 MiB or KiB of a host: not told, and it is not judged by that."""

    cpus: int = 0
    memory_mib: int = 0
    disk_kib: int = 0
    gpus: int = 0


NOTHING = Resources()


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DemandGroup:
    """Idle local jobs that ask for the same."""

    asks: Resources
    jobs: int
    first_job: str = ""
    """The lowest of their ids, `cluster.proc`, with its schedd: `cm#12.0`. As long as it is the same the oldest waits.
    Empty: not known."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What the idle jobs of all counted schedds ask for."""

    groups: tuple[DemandGroup, ...] = ()
    """Each shape once, the largest first."""
    at_s: float = 0.0
    """When the schedds were asked, epoch seconds."""
    withheld: int = 0
    """Jobs that will become idle as others end: not materialised by their cluster's limit, or of nodes that a DAG
    counts and has not submitted."""
    unasked: tuple[str, ...] = ()
    """Schedds whose jobs are not in here, because they did not answer: their idle jobs are demand of unknown shape."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Gives:
    """What one host gives to local jobs."""

    whole: Resources = NOTHING
    """All of its slots together."""
    largest: Resources = NOTHING
    """Its largest slot: no job can have more."""
    free: Resources = NOTHING
    """What is unclaimed now, all slots together; of a host that is out, what would be."""


GIVES_NOTHING = Gives()
