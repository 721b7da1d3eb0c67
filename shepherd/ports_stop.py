"""What stopping somebody needs of the world. Edges and the fake world implement these."""

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from shepherd.model.container import Container
from shepherd.model.guest import Claim
from shepherd.model.lease import SignedPage
from shepherd.model.stop import FlockAd, JobSeen


class FlockLook(Protocol):
    """Questions to the flock pool's collector. Each has a deadline and raises PoolUnavailable."""

    def claims(self) -> Sequence[Claim]:
        """Every slot that somebody has claimed."""

    def flock_ads(self) -> Sequence[FlockAd]:
        """Guests' schedds and their submitters, with who had signed in to say so."""


class Vacates(Protocol):
    """Ends guests' claims."""

    def vacate(self, slots: Sequence[str]) -> str:
        """Have the jobs of these slots killed and the claims ended, without notice. Says in one clause what went wrong;
        empty: nothing. Each call of a tool ends within its deadline. Idempotent."""


GuestDomains = Callable[[], Mapping[str, str]]
"""Domain of each guest's users, by the guest's name; empty if the guests' files cannot be read. Raises nothing."""


class AnyPages(Protocol):
    """Reads one lease page; bans and quarantines are on every one."""

    def first(self) -> Sequence[SignedPage]:
        """Page 0 of each shepherd instance that publishes, unverified. Ends within its deadline. Raises
        PoolUnavailable."""


class Flows(Protocol):
    """The kernel's table of connections."""

    def cut(self, addresses: Collection[str]) -> int:
        """Forget every connection that has one of these IPv4 addresses at any end; how many there were. What the packet
        filter refuses cannot begin again. Ends within its deadline. Raises CommandFailed, Unavailable."""


class GuestJobs(Protocol):
    """Jobs in a host's flock container, by the account they run as. Accounts are numbers inside the container. Each
    raises CommandFailed if the container has ended."""

    def seen(self, container: Container) -> Mapping[int, JobSeen]:
        """Whose job each slot's account ran last, as the container's startd wrote. What cannot be read is not there."""

    def alive(self, container: Container, uids: AbstractSet[int]) -> AbstractSet[int]:
        """Those of the accounts that a process in the container's cgroup belongs to."""

    def kill(self, container: Container, uid: int) -> int:
        """SIGKILL to every process of that account in the container's cgroup, and to no other; how many. Idempotent."""

    def cut(self, container: Container, uids: AbstractSet[int], for_s: float) -> None:
        """Nothing these accounts send leaves a socket of theirs, from now on for so long. Idempotent. Raises
        CommandFailed, Unavailable."""
