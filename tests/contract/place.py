"""What the contract's behaviours are asked of: one host and both pools, fake or real."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from shepherd.model.host import HostName, HostPair, LeaseId
from shepherd.model.lease import Ladder, Lease, LeasePhase, SignedPage
from shepherd.model.observation import FlockStartd, KeeperReport, RegularStartd
from shepherd.model.orders import Outcome, Result, Step, StepKind

LADDER = Ladder(graceful_s=6.0, fast_s=3.0, kill_s=3.0)


class PoolPort(Protocol):
    """The part of the Pool port that the contract asks."""

    def regular_startds(self, hosts: Sequence[HostName] | None) -> Mapping[str, RegularStartd]: ...
    def flock_startds(self, names: Sequence[str] | None) -> Mapping[str, FlockStartd]: ...
    def keepers(self, hosts: Sequence[HostName] | None) -> Mapping[str, KeeperReport]: ...
    def collector_age_s(self) -> tuple[float, float]: ...
    def publish(self, pages: Sequence[SignedPage]) -> None: ...
    def published(self) -> Sequence[SignedPage]: ...


class CommandsPort(Protocol):
    """The Commands port."""

    def carry_out(self, step: Step, pair: HostPair) -> Outcome: ...


class PagesPort(Protocol):
    """Signing and publishing."""

    def publish(self, leases: Sequence[Lease], *, flockoff: bool) -> int: ...


class Place(Protocol):
    """One host with its keeper, no shepherd: the test is the shepherd."""

    pair: HostPair
    image: str

    @property
    def pool(self) -> PoolPort: ...

    @property
    def commands(self) -> CommandsPort: ...

    @property
    def pages(self) -> PagesPort: ...


    def wait(self, question: Callable[[], bool], within_s: float) -> bool: ...
    def submit_local(self, seconds: float) -> None: ...
    def submit_guest(self, seconds: float) -> None: ...
    def guests_alive(self) -> bool: ...
    def kill(self, part: str) -> None: ...


class Lend:
    """One lend, ordered step by step by the test."""

    def __init__(self, place: Place, number: int, lease_s: float = 60.0) -> None:
        self.place = place
        self.lease = LeaseId(f"contract-{number}")
        self.lease_s = lease_s

    def page(self, phase: LeasePhase) -> None:
        """Publish the lease in this phase."""
        place = self.place
        lease = Lease(
            host=place.pair.host,
            nonce=keeper(place).nonce,
            lease=self.lease,
            phase=phase,
            image=place.image,
            lease_s=self.lease_s,
            ladder=LADDER,
            why="the contract",
        )
        place.pages.publish([lease], flockoff=False)

    def order(self, kind: StepKind) -> Outcome:
        """Carry out one step."""
        step = Step(kind=kind, host=self.place.pair.host, lease=self.lease, cause="the contract")
        return self.place.commands.carry_out(step, self.place.pair)


def drain(place: Place, lend: Lend) -> None:
    """Drain, and wait until it is seen. A periodic update in that very moment lets the startd restart by itself:
    then it is gone, or younger than before."""
    before = regular(place)
    assert before is not None
    outcome = lend.order(StepKind.DRAIN)
    assert outcome.result is Result.DONE, outcome.detail

    def is_drained_or_left() -> bool:
        ad = regular(place)
        return ad is None or ad.drained or ad.started_at_s > before.started_at_s

    assert place.wait(is_drained_or_left, 15)


def keeper(place: Place) -> KeeperReport:
    """What the host's keeper says."""
    assert place.wait(lambda: place.pair.host in place.pool.keepers(None), 30)
    return place.pool.keepers(None)[place.pair.host]


def regular(place: Place) -> RegularStartd | None:
    """What the home collector shows of the regular startd."""
    return place.pool.regular_startds(None).get(place.pair.host)


def flocking(place: Place) -> FlockStartd | None:
    """What the flock collector shows of the flocking startd."""
    return place.pool.flock_startds(None).get(place.pair.flock_name)
