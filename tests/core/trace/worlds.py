"""Generated worlds: what truly happened, by a clock that nobody has, and what the sources would have recorded of it."""

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from shepherd.model.trace import (
    ClockSeen,
    EndSeen,
    FlowBegun,
    FlowEnded,
    Gap,
    JobBegun,
    JobEnded,
    ScheddSeen,
    StayBegun,
    StayEnded,
    TraceRecord,
)

START = 1_770_000_000.0
DAY_S = 3600.0
"""How long a world lasts."""
NAT = "198.51.100.7"
FAR = ("192.0.2.7", "192.0.2.8")
ALIVE = (START - 1000.0, START + DAY_S + 1000.0)
"""When each source told of something else, before and after all that is asked for."""
HOSTS = ("p201", "p202")
ADDRESSES = {"p201": "10.27.2.1", "p202": "10.27.2.2"}
PILOT = 0
"""The account of HTCondor in the container."""


@dataclasses.dataclass(frozen=True)
class Job:
    """A job that truly ran."""

    name: str
    host: str
    container: str
    slot: str
    uid: int
    user: str
    from_s: float
    to_s: float


@dataclasses.dataclass(frozen=True)
class Flow:
    """A connection that truly was, by `job` or by the container itself."""

    number: int
    host: str
    container: str
    job: Job | None
    port: int
    nat_port: int
    far: str
    from_s: float
    to_s: float


@dataclasses.dataclass(frozen=True)
class Stay:
    """A lend that truly was."""

    host: str
    container: str
    from_s: float
    to_s: float
    lasts: bool = False
    """Whether it is not over yet, and what was last in it neither."""


@dataclasses.dataclass(frozen=True)
class Away:
    """A source was away."""

    source: str
    what: str
    from_s: float
    to_s: float


@dataclasses.dataclass(frozen=True)
class World:
    """All of it, and how it was recorded."""

    stays: tuple[Stay, ...]
    jobs: tuple[Job, ...]
    flows: tuple[Flow, ...]
    away: tuple[Away, ...]
    ahead_s: dict[str, float]
    """How far each source's clock truly was ahead."""
    within_s: float
    error_s: dict[str, float]
    """By how much each comparison of clocks was wrong; less than `within_s`."""
    whole_seconds: bool
    """Whether jobs' times are cut."""
    tells_accounts: bool
    fetched_until_s: dict[str, float] = dataclasses.field(default_factory=dict)
    """What a source recorded later lies on its disk still."""

    def ahead(self, source: str) -> float:
        return self.ahead_s[source]

    def records(self) -> list[TraceRecord]:
        """What the store has."""
        told = [
            *itertools.chain.from_iterable(self._alive(source, at_s) for source in self.ahead_s for at_s in ALIVE),
            *itertools.chain.from_iterable(map(self._stay, self.stays)),
            *itertools.chain.from_iterable(map(self._job, self.jobs)),
            *itertools.chain.from_iterable(self._flow(f, source) for f in self.flows for source in ("gateway", f.host)),
            *(self._gap(away) for away in self.away),
        ]  # fmt: skip
        return [*self._clocks(), *self._schedds(), *filter(self._is_fetched, told)]

    def _is_fetched(self, record: TraceRecord) -> bool:
        spooled_s = record.to_s if isinstance(record, Gap) else record.at_s
        until_s = self.fetched_until_s.get(record.source, math.inf)
        return spooled_s - self.ahead(record.source) <= until_s

    def _alive(self, source: str, at_s: float):
        """A connection of the container's own, to its collector, as there are always some."""
        number = int(at_s)
        begun = FlowBegun(
            source=source, flow=number, at_s=at_s + self.ahead(source), protocol=6, port=9,
            address=ADDRESSES.get(source, "10.27.2.9"),
            nat_address="198.51.100.9" if source == "gateway" else "", nat_port=9, far_address="198.51.100.1",
            far_port=9618, uid=-1 if source == "gateway" else PILOT,
        )  # fmt: skip
        return [
            begun, FlowEnded(source=source, flow=number, begun_s=begun.at_s, at_s=begun.at_s + 1.0)
        ]  # fmt: skip

    def _clocks(self):
        for source, ahead in self.ahead_s.items():
            for at_s in (START - 60, START + DAY_S / 2, START + DAY_S + 60):
                seen = ahead + self.error_s[source]
                yield ClockSeen(source=source, at_s=at_s, ahead_s=seen, within_s=self.within_s)

    def _schedds(self):
        yield ScheddSeen(
            source="shepherd", at_s=START - 100, schedd="submit.campus", address="203.0.113.5:9618",
            identity="guest.campus.1@flock", guest="campus",
        )  # fmt: skip

    def _stay(self, stay: Stay):
        ahead = self.ahead(stay.host)
        begun = StayBegun(
            source=stay.host, host=stay.host, at_s=stay.from_s + ahead, herd="flock", lease=f"lease-{stay.container}",
            container=stay.container, image="sha256:1", address=ADDRESSES[stay.host], mac="02:00:00:00:00:01",
        )  # fmt: skip
        ended = StayEnded(source=stay.host, host=stay.host, at_s=stay.to_s + ahead, lease=begun.lease)
        return [begun] if stay.lasts else [begun, ended]

    def _job(self, job: Job):
        key: dict[str, Any] = {"source": job.host, "host": job.host, "container": job.container}
        key |= {"slot": job.slot, "begun": job.name}
        about: dict[str, Any] = {"uid": job.uid, "job": f"submit.campus#{job.name}", "user": job.user}
        who: dict[str, Any] = {"schedd": "submit.campus", "peer": "203.0.113.5:40000", "cpus": job.uid % 3}
        cut = math.floor if self.whole_seconds else float
        for at_s, end_s, how in self._seen(job.host, "jobs", job):
            yield JobBegun(**key, **about, **who, at_s=float(cut(at_s)))
            if not self.lasts(job):
                yield JobEnded(**key, at_s=max(float(cut(end_s)), float(cut(at_s))), how=how)

    def lasts(self, job: Job) -> bool:
        """Whether it still runs."""
        return still_runs(job, self.stays, self.jobs)

    def is_open(self, flow: Flow) -> bool:
        """Whether a connection is not over yet."""
        return bool(flow.job and self.lasts(flow.job) and flow.number % 2)

    def _flow(self, flow: Flow, source: str):
        uid = (flow.job.uid if flow.job else PILOT) if self.tells_accounts else -1
        nat = (NAT, flow.nat_port) if source == "gateway" else ("", 0)
        for at_s, end_s, how in self._seen(source, "flows", flow):
            yield FlowBegun(
                source=source, flow=flow.number, at_s=at_s, protocol=6, address=ADDRESSES[flow.host], port=flow.port,
                nat_address=nat[0], nat_port=nat[1], far_address=flow.far, far_port=443,
                uid=-1 if source == "gateway" else uid,
            )  # fmt: skip
            if not self.is_open(flow):
                yield FlowEnded(source=source, flow=flow.number, begun_s=at_s, at_s=end_s, how=how)

    def _seen(self, source: str, what: str, thing: Job | Flow):
        """When a source says that it began and ended, by its own clock; nothing if it was away all the while."""
        ahead = self.ahead(source)
        begun, ended, how = thing.from_s, thing.to_s, EndSeen.SEEN
        for away in (a for a in self.away if (a.source, a.what) == (source, what)):
            if away.from_s <= thing.from_s <= away.to_s:
                begun = away.to_s
            if away.from_s <= thing.to_s <= away.to_s:
                ended, how = away.to_s, EndSeen.BY_LOOK
            if away.from_s <= thing.from_s and thing.to_s <= away.to_s:
                return
        yield begun + ahead, ended + ahead, how

    def _gap(self, away: Away) -> Gap:
        ahead = self.ahead(away.source)
        return Gap(
            source=away.source, what=away.what, from_s=away.from_s + ahead, to_s=away.to_s + ahead, count=None,
            why="it was restarted",
        )  # fmt: skip


def still_runs(job: Job, stays: Sequence[Stay], jobs: Sequence[Job]) -> bool:
    """Whether it is the last of its slot in a stay that lasts."""
    later = [other for other in jobs if (other.container, other.slot) == (job.container, job.slot)]
    lasts = next(stay for stay in stays if stay.container == job.container).lasts
    return lasts and not any(other.from_s > job.from_s for other in later)


@st.composite
def times(draw, from_s: float, to_s: float, most: int) -> list[tuple[float, float]]:
    """Spans that follow each other, in sixteenths of a second: sums of those are exact."""
    ticks = st.integers(0, max(int((to_s - from_s) * 16), 0))
    points = sorted(draw(st.lists(ticks, min_size=0, max_size=2 * most, unique=True)))
    return [(from_s + a / 16, from_s + b / 16) for a, b in zip(points[::2], points[1::2], strict=False)]


@st.composite
def lends(draw) -> tuple[list[Stay], list[Job]]:
    """Each host's lends, and what ran in them, one job at a time in a slot."""
    stays, jobs = [], []
    for host in HOSTS:
        spans = draw(times(START, START + DAY_S, 2))
        for number, (begun, ended) in enumerate(spans):
            if ended - begun < 30:
                continue
            is_last = ended == spans[-1][1]
            stay = Stay(host, f"{host}-{number}".ljust(64, "0"), begun, ended, is_last and draw(st.booleans()))
            stays.append(stay)
            for slot in (1, 2):
                for n, (job_begun, job_ended) in enumerate(draw(times(begun + 1, ended - 1, 3))):
                    user = draw(st.sampled_from(["alice@campus", "bob@campus"]))
                    name = f"{stay.container[:6]}.{slot}.{n}"
                    jobs.append(
                        Job(name, host, stay.container, f"slot1_{slot}", 2000 + slot, user, job_begun, job_ended)
                    )
    return stays, jobs


@st.composite
def connections(draw, stays: list[Stay], jobs: list[Job]) -> list[Flow]:
    """Connections by jobs and by containers. No two have the same ends at one time, as no kernel lets them."""
    flows: list[Flow] = []
    for number in range(draw(st.integers(1, 6))):
        maker = draw(st.sampled_from(jobs)) if jobs and draw(st.integers(0, 4)) else None
        stay = next(s for s in stays if s.container == maker.container) if maker else draw(st.sampled_from(stays))
        within = maker or stay
        share = draw(st.floats(0.0, 1.0))
        begun = within.from_s + int(share * 16 * (within.to_s - within.from_s)) / 16
        ended = min(begun + draw(st.sampled_from([0.5, 5.0, 60.0])), stay.to_s)
        if maker and number % 2 and still_runs(maker, stays, jobs):
            ended = stay.to_s
        ports = draw(st.sampled_from([40001, 40002])), draw(st.sampled_from([41822, 41823]))
        flow = Flow(
            number, stay.host, stay.container, maker, *ports, draw(st.sampled_from(FAR)), begun, ended
        )
        if not any(clash(flow, other) for other in flows):
            flows.append(flow)
    return flows


def clash(flow: Flow, other: Flow) -> bool:
    """Whether both have the same ends, inside or at the NAT, at one time; or one directly after the other."""
    same = (flow.host, flow.port, flow.far) == (other.host, other.port, other.far)
    same = same or (flow.nat_port, flow.far) == (other.nat_port, other.far)
    return same and flow.from_s <= other.to_s + 0.01 and other.from_s <= flow.to_s + 0.01


@st.composite
def worlds(draw, *, gaps: bool = True) -> World:
    """A world with at least one connection in it."""
    stays, jobs = draw(lends().filter(lambda made: bool(made[0])))
    within_s = draw(st.sampled_from([0.0, 0.01, 0.5, 3.0]))
    sources = ("gateway", *HOSTS)
    offsets = st.integers(-480, 480).map(lambda ticks: ticks / 16 + 1 / 64)
    errors = st.floats(-0.99, 0.99).map(lambda share: share * within_s)
    fetched = {}
    kinds = st.sampled_from([("gateway", "flows"), *itertools.product(HOSTS, ["flows", "jobs"])])
    away = []
    if gaps:
        for kind in draw(st.lists(kinds, max_size=3, unique=True)):
            away += [Away(kind[0], kind[1], begun, ended) for begun, ended in draw(times(START, START + DAY_S, 2))]
        for source in draw(st.lists(st.sampled_from(sources), max_size=1)):
            fetched[source] = START + draw(st.integers(0, int(DAY_S)))
    return World(
        stays=tuple(stays),
        jobs=tuple(jobs),
        flows=tuple(draw(connections(stays, jobs))),
        away=tuple(away),
        ahead_s={source: draw(offsets) for source in sources},
        within_s=within_s,
        error_s={source: draw(errors) for source in sources},
        whole_seconds=draw(st.booleans()),
        tells_accounts=draw(st.integers(0, 3)) > 0,
        fetched_until_s=fetched,
    )
