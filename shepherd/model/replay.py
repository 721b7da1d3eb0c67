"""What a replay comes to."""

import dataclasses

from shepherd.model.host import Herd, HostName


@dataclasses.dataclass(frozen=True, kw_only=True)
class SwitchTimes:
    """How long switches take."""

    lend_s: float = 33.0
    """From the order to the flocking startd: half a keeper's poll, and 3 s as measured on a real site."""
    home_s: float = 3.0
    """From the order to the regular startd, with jobs that leave when they are told: measured on a real site."""
    lends: int = 0
    """Lends of the recorded days that this was taken from; 0: the above."""
    homecomings: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Move:
    """A host that was, or would have been, ordered to the other herd."""

    at_s: float
    host: HostName
    herd: Herd
    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """The sums over all days. Times without records are in none of them."""

    name: str
    hours: float
    """That are on record."""
    hosts: float
    """Hosts there were, on average."""
    lends: int
    reclaims: int
    guest_core_h: float
    """Cores of hosts that served guests, times how long; whether guests had work for them is not asked."""
    lent_share: float
    """Of all cores that could work, the share that served guests."""
    waited_job_h: float
    """Idle local jobs that fitted on no free local host, times how long."""
    waited_core_h: float
    blocked_job_h: float
    """Of these, jobs that a lent host, or one on its way, would have taken at once."""
    blocked_core_h: float
    blocked_longest_s: float
    """The longest time without a break in which there was such a job."""
    below_reserve_s: float
    """For how long the local herd was below `policy.reserve`, whatever brought it there."""
    moves: tuple[Move, ...]

    @property
    def moves_per_host_day(self) -> float:
        """Lends and reclaims."""
        days = self.hosts * self.hours / 24
        return (self.lends + self.reclaims) / days if days else 0.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Again:
    """Recorded decisions that were made again from what is on record of them."""

    decisions: int
    same: int
    first_other: tuple[int, ...] = ()
    """Records of the first that came out otherwise: by another version's policy, say."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Replayed:
    """Recorded days, as they were and as they would have been."""

    first_s: float
    last_s: float
    looks: int
    unrecorded_h: float
    times: SwitchTimes
    again: Again
    outcomes: tuple[Outcome, ...]
    """As recorded; replayed with the settings of then; replayed with others, if there are others."""
