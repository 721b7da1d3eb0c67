"""What was gathered for one question, and what it says of single moments: where an address was, who had an account."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

from shepherd.core.trace.clocks import Between, Clocks, Stamp
from shepherd.core.trace.lives import FLOWS, JOBS, SCHEDDS, STAYS, Gaps, Life, cut_short, life_of, lives, may_live
from shepherd.core.trace.pairing import inside_ends, series
from shepherd.core.trace.sender import sender_of
from shepherd.model.flow import TCP
from shepherd.model.trace import ClockSeen, Gap, ScheddSeen
from shepherd.model.trace_rows import Flow, Job, Stay
from shepherd.model.tracing import Sender, Times

GATEWAY, SHEPHERD = "gateway", "shepherd"
"""Sources that are no host."""
HERE = frozenset({GATEWAY, SHEPHERD})
"""Both are on one machine: the gateway's spool is read next door. If its clock was compared all the same, it counts."""
LENT = "flock"
LATE_S = 30.0
"""A source spools what it saw at the latest so long after other things of that time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Material:
    """Rows of the store that bear on a question."""

    flows: tuple[Flow, ...] = ()
    """At the gateway, those asked for."""
    stays: tuple[Stay, ...] = ()
    jobs: tuple[Job, ...] = ()
    """All of those stays' containers at those times, or those asked for."""
    host_flows: tuple[Flow, ...] = ()
    """The same connections, as their hosts saw them."""
    siblings: tuple[Flow, ...] = ()
    """At the gateway, all with the same inside ends about then."""
    schedds: tuple[ScheddSeen, ...] = ()
    gaps: tuple[Gap, ...] = ()
    clocks: tuple[ClockSeen, ...] = ()
    unasked: tuple[str, ...] = ()
    """What could not be asked, a sentence each."""
    is_cut: bool = False
    """There is more than was gathered."""
    heard_s: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """By source, a time of its clock of which there is a record. Sources spool in the order of time: all before it is
    here, too."""
    lost: tuple[str, ...] = ()
    """Why some may not be here, a sentence each."""


class Evidence:
    """Material, joined."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.clocks = Clocks(material.clocks, HERE)
        self.gaps = Gaps(material.gaps, self.clocks)
        self._jobs: dict[tuple[str, str], list[Job]] = {}
        for job in material.jobs:
            self._jobs.setdefault((job.begun.host, job.begun.container), []).append(job)
        self._host_flows: dict[tuple[object, ...], list[Flow]] = {}
        for flow in material.host_flows:
            self._host_flows.setdefault((flow.begun.source, *inside_ends(flow)), []).append(flow)
        self._siblings: dict[tuple[object, ...], list[Flow]] = {}
        for flow in dict.fromkeys((*material.flows, *material.siblings)):
            self._siblings.setdefault(inside_ends(flow), []).append(flow)

    def flow_life(self, flow: Flow) -> Life:
        """From when to when a connection was."""
        return life_of(flow, FLOWS, self.gaps)

    def stay_life(self, stay: Stay) -> Life:
        """From when to when a host was in that herd."""
        return life_of(stay, STAYS, self.gaps)

    def job_life(self, job: Job) -> Life:
        """From when to when a job ran: at the latest until its slot's next job, or the end of its container."""
        begun = job.begun
        beside = self._jobs[begun.host, begun.container]
        own = life_of(job, JOBS, self.gaps)
        next_in_slot = [
            life_of(other, JOBS, self.gaps).begun
            for other in beside if other.begun.slot == begun.slot and other.begun.at_s > begun.at_s
        ]  # fmt: skip
        stays = [stay for stay in self.material.stays if stay.begun.container == begun.container]
        return cut_short(own, [*next_in_slot, *(self.stay_life(stay).ended for stay in stays if stay.ended)])

    def is_heard(self, sources: Iterable[str], time: Stamp) -> bool:
        """Whether all that one of those sources recorded of `time` is here."""
        true = self.clocks.true(time)
        needed = ((source, self.clocks.told(source, true).hi + LATE_S) for source in sources)
        return any(self.material.heard_s.get(source, -math.inf) >= needed_s for source, needed_s in needed)

    def stays_at(self, address: str, time: Stamp) -> list[Stay]:
        """The stays that can have had an address then."""
        lent = (stay for stay in self.material.stays if stay.begun.herd == LENT and stay.begun.address == address)
        return [stay for stay in lent if may_live(self.stay_life(stay), time, self.clocks)]

    def same_at_host(self, flow: Flow, stay: Stay, time: Stamp) -> list[Flow]:
        """The host's own records of a connection that began at the gateway at `time`. The packet that began it passed
        the host first, so that the host's connection was there."""
        found = [self._host_flows.get((source, *inside_ends(flow)), []) for source in sources_of([stay])]
        inside = [one for some in found for one in some]
        near = [one for one in inside if may_live(self.flow_life(one), time, self.clocks)]
        same = self._by_order(flow, stay, inside) if len(near) > 1 and flow.begun.protocol == TCP else None
        return near if same is None else [same]

    def _by_order(self, flow: Flow, stay: Stay, inside: Sequence[Flow]) -> Flow | None:
        """The one of them that it is, if both that host and the gateway surely saw all of them."""
        outside = self._siblings.get(inside_ends(flow), [])
        found = series(flow, outside, inside, self._can_be)
        sources = sources_of([stay])
        times = [self.flow_life(one).begun for one in (*found.outside, *found.inside)]
        is_whole = all(self.is_heard(sources, time) for time in times) and not any(
            self.gaps.over([GATEWAY, *sources], FLOWS, time) for time in times
        )
        return found.same(flow) if is_whole else None

    def _can_be(self, there: Flow, here: Flow) -> bool:
        return may_live(self.flow_life(here), self.flow_life(there).begun, self.clocks)

    def taken_up(self, flow: Flow, stay: Stay, but: Sequence[Flow], asked: Stamp) -> list[Flow]:
        """Others than `but` who can have begun to use the same ends within a time and while the gateway's connection
        lasted, as its host saw them."""
        life = self.flow_life(flow)
        found = [self._host_flows.get((source, *inside_ends(flow)), []) for source in sources_of([stay])]
        begun = [(one, self.flow_life(one).begun) for some in found for one in some if one not in but]
        within = Life(begun=asked, ended=asked)
        return [one for one, at in begun if may_live(within, at, self.clocks) and may_live(life, at, self.clocks)]

    def jobs_in(self, stay: Stay, time: Stamp) -> list[Job]:
        """The jobs that can have run in a stay's container at `time`."""
        found = self._jobs.get((stay.begun.host, stay.begun.container), [])
        return [job for job in found if may_live(self.job_life(job), time, self.clocks)]

    def surely_ran(self, job: Job, time: Stamp) -> bool:
        """Whether a job ran all through `time`."""
        return lives(self.job_life(job), time, self.clocks)

    def sender(self, job: Job) -> Sender:
        """Whom a job came from."""
        gaps = self.gaps.over([SHEPHERD], SCHEDDS, self.job_life(job).begun)
        return sender_of(job.begun, self.material.schedds, gaps, self.clocks)

    def times(self, life: Life) -> Times:
        """A life by the shepherd's clock."""
        begun, ended = self.clocks.true(life.begun), self.clocks.true(life.ended)
        is_over = ended.hi < float("inf")
        return Times(
            from_s=_middle(begun),
            from_within_s=_half(begun),
            until_s=_middle(ended) if is_over else None,
            until_within_s=_half(ended) if is_over else 0.0,
        )


def asked_time(earliest_s: float, latest_s: float) -> Stamp:
    """The time that is asked for, by the shepherd's clock."""
    return Stamp(source=SHEPHERD, at=Between(lo=earliest_s, hi=latest_s))


def sources_of(stays: Iterable[Stay]) -> list[str]:
    """Whose records tell of those stays and what ran in them."""
    return sorted({stay.begun.source for stay in stays} | {stay.begun.host for stay in stays})


def hull(spans: Sequence[Between]) -> Between:
    """From the earliest to the latest."""
    return Between(lo=min(span.lo for span in spans), hi=max(span.hi for span in spans))


def _middle(between: Between) -> float:
    return (between.lo + between.hi) / 2


def _half(between: Between) -> float:
    return (between.hi - between.lo) / 2
