"""One host under load: what is free on it, who claims it, and how far a switch has come."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

from shepherd.model.demand import Resources
from shepherd.model.host import HostName, HostPair, LeaseId, Nonce
from shepherd.model.observation import KeeperPhase


class Claim:
    """A dynamic slot. Jobs that ask for the same follow each other in it."""

    __slots__ = ("guest", "limit_s", "machine", "over", "shape", "since_s", "started_s")

    def __init__(self, machine: Machine, shape: Resources, since_s: float) -> None:
        self.machine = machine
        self.shape = shape
        self.since_s = since_s
        self.started_s = since_s
        """Of its present job; `limit_s`: by when, after that, it ends as it was submitted with, if it was."""
        self.limit_s: float | None = None
        self.guest = ""
        """Whose jobs these are, of a lent host."""
        self.over = False
        """Its host is gone from it: the job's end, still on the agenda, is none."""


@dataclasses.dataclass(eq=False, slots=True)
class Machine:
    """A host. The same one serves both herds, one at a time."""

    index: int
    pair: HostPair
    has: Resources
    dice: random.Random
    changed: Callable[[Machine], None]
    """Called after anything that its ads would tell has changed."""
    now_s: Callable[[], float]
    cpus: int = 0
    memory_mib: int = 0
    disk_kib: int = 0
    gpus: int = 0
    claims: dict[Claim, None] = dataclasses.field(default_factory=dict)
    idle_since_s: float = 0.0
    changed_at_s: float = 0.0
    alive: bool = True
    regular: bool = True
    """Its regular startd runs."""
    regular_since_s: float = 0.0
    draining: LeaseId | None = None
    drained: bool = False
    phase: KeeperPhase = KeeperPhase.IDLE
    lease: LeaseId | None = None
    granted: LeaseId | None = None
    """The lease that its page tells of, not revoked."""
    problem: str = ""
    boots: int = 1
    flock_since_s: float | None = None
    """Since when its flocking startd serves."""

    def __post_init__(self) -> None:
        self.free_all()

    @property
    def host(self) -> HostName:
        """Its name in the home pool."""
        return self.pair.host

    @property
    def nonce(self) -> Nonce:
        """Of this boot."""
        return Nonce(f"{self.pair.host}-{self.boots}")

    @property
    def accepts_local(self) -> bool:
        """Whether the home negotiator may match it."""
        return self.alive and self.regular and self.draining is None

    def free_all(self) -> None:
        """Nothing is claimed."""
        self.claims.clear()
        self.cpus, self.memory_mib = self.has.cpus, self.has.memory_mib
        self.disk_kib, self.gpus = self.has.disk_kib, self.has.gpus

    def fits(self, shape: Resources) -> bool:
        """Whether what is free is enough."""
        return (
            shape.cpus <= self.cpus
            and shape.memory_mib <= self.memory_mib
            and shape.disk_kib <= self.disk_kib
            and shape.gpus <= self.gpus
        )

    def take(self, claim: Claim) -> None:
        """A slot is carved."""
        shape = claim.shape
        self.cpus -= shape.cpus
        self.memory_mib -= shape.memory_mib
        self.disk_kib -= shape.disk_kib
        self.gpus -= shape.gpus
        self.claims[claim] = None
        self.changed(self)

    def give_back(self, claim: Claim) -> None:
        """A slot's resources are the host's again."""
        shape = claim.shape
        self.cpus += shape.cpus
        self.memory_mib += shape.memory_mib
        self.disk_kib += shape.disk_kib
        self.gpus += shape.gpus
        del self.claims[claim]
        if not self.claims:
            self.idle_since_s = self.now_s()
        self.changed(self)
