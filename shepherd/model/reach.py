"""What can be reached from where: the question of the leak check, and its answer."""

import dataclasses
import enum


class Whence(enum.Enum):
    """Who tries, from which network namespace."""

    HOST = "the host"
    """From the host's own network: shows that a target answers at all."""
    PILOT = "the pilot"
    """From the container's, as its root."""
    JOB = "a job"
    """From the container's, as the first slot's account."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Attempt:
    """A TCP connection that is tried, `ADDRESS:PORT`."""

    whence: Whence
    target: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check came to."""

    problem: str = ""
    """Why nothing may be lent here, in one clause; empty if nothing is wrong."""
    leaks: bool = False
    """A guest could reach what it must not."""


NOTHING_WRONG = Finding()
