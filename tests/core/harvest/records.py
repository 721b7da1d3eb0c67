"""Records of a small pool, written as the daemon writes them."""

import dataclasses
from collections.abc import Iterable

from shepherd.core.harvest.gather import NEEDED, Gathering
from shepherd.core.harvest.shares import RunEvent
from shepherd.core.recorded.members import Json
from shepherd.core.recorded.snapshots import body_of, known
from shepherd.core.records import switch_body
from shepherd.model.demand import Demand, DemandGroup, Gives, Resources
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.harvest import Harvest, Period
from shepherd.model.host import HostName, LeaseId
from shepherd.model.observation import FlockStartd, HostFacts, Queue, Reading, Snapshot, Source
from shepherd.model.orders import Stage, SwitchRecord
from shepherd.model.past import NOTHING_PAST
from shepherd.model.settings import TimerSettings
from shepherd.model.standing import Standing
from tests.build import NOW, facts, keeper, record, regular

WHOLE = Resources(4, 8192, 0, 0)
HOUR_S, DAY_S = 3600.0, 86400.0


class Records:
    """A record that grows."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._known: Json | None = None
        self._day = 0.0
        self._hosts: dict[HostName, HostFacts] = {}
        self._queue: Queue | None = Queue(idle_jobs=0, running_jobs=0, schedds=("cm",))

    def look(self, at_s: float, *hosts: HostFacts, waits: dict[Resources, int] | None = None, blind: str = "") -> None:
        """A snapshot in which these hosts are as they are now, and the others as they were."""
        self._hosts |= {one.pair.host: one for one in hosts}
        if waits is not None:
            groups = tuple(DemandGroup(asks=asks, jobs=jobs) for asks, jobs in waits.items())
            demand = Demand(groups=groups, at_s=at_s)
            self._queue = Queue(idle_jobs=sum(waits.values()), running_jobs=0, schedds=("cm",), demand=demand)
        queue_reading = Reading(source=Source.QUEUE, at_s=at_s, problem=blind or None)
        readings = {source: Reading(source=source, at_s=at_s) for source in Source} | {Source.QUEUE: queue_reading}
        snapshot = Snapshot(at_s=at_s, hosts=dict(self._hosts), queue=self._queue, readings=readings)
        fresh = {host: _heard(one, at_s) for host, one in snapshot.hosts.items()}
        now = known(dataclasses.replace(snapshot, hosts=fresh), NOTHING_PAST, TimerSettings(), str)
        before = self._known if at_s // DAY_S == self._day else None
        self.add(at_s, EntryKind.SNAPSHOT, dict(body_of(before, now)))
        self._known, self._day = now, at_s // DAY_S

    def switch(self, at_s: float, host: str, stage: Stage | None, **more: object) -> None:
        """A switch that reaches a stage; None: it is over."""
        made = switched(host, stage, at_s, **more) if stage is not None else None
        self.add(at_s, EntryKind.SWITCH, dict(switch_body(made)) if made else {}, host, f"{host}-1")

    def add(self, at_s: float, kind: EntryKind, body: dict[str, object], host: str = "", cause: str = "cycle") -> None:
        """Any record."""
        self.entries.append(Entry(at_s=at_s, kind=kind, cause=cause, host=host, body=body))

    def harvest(self, from_s: float, to_s: float, bucket_s: float = HOUR_S, runs: Iterable[RunEvent] = ()) -> Harvest:
        """Of a span."""
        return gathered(self.entries, Period(from_s=from_s, to_s=to_s), bucket_s, runs)


def gathered(
    entries: Iterable[Entry], span: Period, bucket_s: float = HOUR_S, runs: Iterable[RunEvent] = ()
) -> Harvest:
    """The harvest of these records."""
    gathering = Gathering(span, bucket_s, runs)
    gathering.begin(Standing())
    for entry in entries:
        if entry.kind in NEEDED:
            gathering.add(entry)
    return gathering.harvest()


def switched(host: str, stage: Stage, at_s: float, **more: object) -> SwitchRecord:
    """A switch of a host of four cpus."""
    fields = {"lease": LeaseId(f"{host}-1"), "stage_at_s": at_s, "gives": Gives(WHOLE, WHOLE, WHOLE), **more}
    return record(host, stage, **fields)


def local(host: str, *, free: int = 4) -> HostFacts:
    """Its regular startd has so many of four cpus free."""
    one = Resources(free, 8192, 0, 0)
    return facts(host, regular=regular(busy=4 - free, free=one, disk_kib=0), keeper=keeper())


def lent(host: str, *, claimed: int = 0) -> HostFacts:
    """Guests have claimed so many of its cpus."""
    startd = FlockStartd(claimed_slots=claimed, started_at_s=NOW, heard_at_s=NOW, claimed_cpus=claimed)
    return facts(host, flock=startd, keeper=keeper())


def _heard(one: HostFacts, at_s: float) -> HostFacts:
    ads = {name: getattr(one, name) for name in ("regular", "flock", "keeper", "master")}
    fresh = {name: dataclasses.replace(ad, heard_at_s=at_s) for name, ad in ads.items() if ad is not None}
    return dataclasses.replace(one, **fresh)
