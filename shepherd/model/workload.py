"""What a simulated pool is given to do: its hosts, its local jobs, and what guests would run there."""

import dataclasses

from shepherd.model.demand import Resources

DISK_KIB = 1 << 20
"""What a job asks for that says nothing: JOB_DEFAULT_REQUESTDISK of HTCondor 25.12, 1 GiB."""

YOUNG_S = 900.0
"""Shorter jobs go anywhere."""
LIMITS_S = (900.0, 3600.0, 6 * 3600.0)
"""How long guests say that a job runs at most (AllowedExecuteDuration)."""


@dataclasses.dataclass(frozen=True, slots=True)
class LocalJob:
    """One local job. Positional: there are millions."""

    submit_s: float
    """Since the workload's beginning."""
    run_s: float
    shape: Resources
    owner: str


@dataclasses.dataclass(frozen=True, slots=True)
class GuestJob:
    """One job of a guest's. Positional: there are millions."""

    submit_s: float
    """Since the workload's beginning."""
    run_s: float
    shape: Resources
    limit_s: float | None = None
    """By when it ends, as it was submitted with (AllowedExecuteDuration): since its start; None: it does not say."""
    heeds: bool = False
    """Whether it goes on after SIGTERM for as long as it may; else it ends at once."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GuestLoad:
    """Jobs that one guest would run. There is always one more: what is not used of a lent host is not for lack of
    jobs; unless `jobs` says which there are."""

    name: str = "guest"
    jobs: tuple[GuestJob, ...] | None = None
    """All its jobs in the order of their submission; then the other fields say nothing."""
    shapes: tuple[tuple[Resources, float], ...] = ((Resources(cpus=1, memory_mib=2048, disk_kib=DISK_KIB), 1.0),)
    """What they ask for, and how often: weights."""
    median_s: float = 1800.0
    """Of their run times, which are lognormal."""
    sigma: float = 0.8
    longest_s: float = 6 * 3600.0
    """Run times are cut here, as guests' own limits do."""
    by_age: bool = False
    """Whether jobs that run longer than `YOUNG_S` ask for hosts that have been lent for as long as they run, as their
    requirements may."""
    declares: bool = False
    """Whether each job is submitted with the shortest of `LIMITS_S` that it keeps."""
    heeding: float = 0.2
    """Share of the jobs that go on after SIGTERM for as long as they may; others end at once."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Workload:
    """A pool and what it is given to do."""

    name: str
    about: str
    """One sentence for the table's reader."""
    hosts: tuple[Resources, ...]
    jobs: tuple[LocalJob, ...]
    """In the order of their submission."""
    length_s: float
    """What guests are given is counted until then; local jobs are followed until they have started."""
    guests: tuple[GuestLoad, ...] = (GuestLoad(),)
    """They share what is lent: the negotiator serves whoever has least."""
