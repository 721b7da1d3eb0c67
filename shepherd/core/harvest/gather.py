"""Folding records, day by day, into what the pool gave and what it cost.

What a record says is so until the next one says otherwise. Between two records that are further apart than `LONGEST_S`
nothing is known.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from shepherd.core.harvest.hosts import Is
from shepherd.core.harvest.incidents import FOLDED, Incidents, of_lends, once
from shepherd.core.harvest.lends import Lends, judged
from shepherd.core.harvest.pool import Pool
from shepherd.core.harvest.shares import RunEvent, Shares
from shepherd.core.harvest.sums import HOUR_S, Of, Series, cores_of, hosts_of, rates, used_of
from shepherd.core.harvest.took import took
from shepherd.core.harvest.waiting import UNKNOWN, waits
from shepherd.core.recorded.members import seconds
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.harvest import Blank, Harvest, Incident, IncidentKind, Lend, Period, Waited
from shepherd.model.settings import TimerSettings
from shepherd.model.standing import Standing

NEEDED = frozenset({EntryKind.SNAPSHOT, EntryKind.SWITCH, EntryKind.SETTINGS, EntryKind.LIFE, *FOLDED})
"""Kinds of records that it is made of."""
LONGEST_S = 900.0
"""Without a record for longer, nothing is known of the time between; or than two cycles, if these are longer."""
STOOD = (EntryKind.SETTINGS, EntryKind.FLOCKOFF, EntryKind.BANS, EntryKind.QUARANTINES)
BEFORE = "nothing was on record yet"
SILENT = "nothing was recorded"
STOPPED = "the shepherd was stopped"


class Gathering:
    """The sums so far. Methods raise ValueError on a record that they cannot read."""

    def __init__(self, asked: Period, bucket_s: float, runs: Iterable[RunEvent] = ()) -> None:
        """`runs`: begins and ends of guests' jobs in the order of time."""
        self._asked = asked
        self._pool, self._lends, self._incidents = Pool(), Lends(), Incidents()
        self._series = Series(asked, bucket_s)
        self._shares = Shares(asked, self._series.add_guest)
        self._runs = _Ahead(runs)
        self._at_s: float | None = None
        """All is summed up until then; None: there was no record."""
        self._why = BEFORE
        self._blanks: list[Blank] = []
        self._waits = UNKNOWN
        self._rates = rates(self._pool, UNKNOWN)
        self._blocked_s = self._longest_s = 0.0
        self._timers: list[tuple[float, TimerSettings]] = [(float("-inf"), TimerSettings())]

    def begin(self, standing: Standing) -> None:
        """A day begins, and this stood before it."""
        switches = [entry for (kind, host), entry in standing.newest.items() if kind == EntryKind.SWITCH.value and host]
        self._lends.begin(switches)
        for host in {*self._pool.outs()} - {entry.host for entry in switches}:
            self._pool.switched(Entry(at_s=0.0, kind=EntryKind.SWITCH, cause="", host=host))
        for entry in switches:
            self._pool.switched(entry)
        for kind in STOOD:
            if (stood := standing.newest.get((kind.value, ""))) is not None:
                self._stood(stood)
        self._reckon()

    def add(self, entry: Entry) -> None:
        """Take in the next record."""
        self._advance(entry)
        match entry.kind:
            case EntryKind.SNAPSHOT:
                for host in self._pool.look(entry.body):
                    self._shares.claimed(host, self._pool.claimed(host), entry.at_s)
                self._incidents.look(self._pool.rest, entry.at_s)
                self._reckon()
            case EntryKind.SWITCH:
                self._lends.add(entry)
                self._pool.switched(entry)
                self._shares.claimed(entry.host, self._pool.claimed(entry.host), entry.at_s)
                self._reckon()
            case EntryKind.LIFE:
                self._why = STOPPED if entry.body.get("event") == "stopped" else SILENT
            case _:
                self._stood(entry)
        if self._pool.is_known and entry.kind is not EntryKind.LIFE:
            self._why = SILENT

    def lost(self, why: str) -> None:
        """The next records cannot be read, up to the beginning of another day."""
        if self._at_s is not None:
            self._skip(self._at_s, self._at_s, why)
        self._why = why
        self._forget()

    def finish(self) -> None:
        """There are no more records: sum up until the end of the span. Idempotent."""
        self._until(self._asked.to_s, self._why)
        self._shares.settle(self._asked.to_s)

    def harvest(self, jobs_unknown: Iterable[str] = ()) -> Harvest:
        """What it comes to. The newest record counts until the end of the span, if that is near."""
        self.finish()
        total, asked = self._series.total(), self._asked
        lends = self._judged()
        began = [one for one in lends if asked.from_s <= one.granted_at_s and one.lend_s is not None]
        called = [one for one in lends if _is_in(asked, one.called_at_s) and one.reclaim_s is not None]
        known_s = total[Of.KNOWN]
        return Harvest(
            asked=asked,
            known_s=known_s,
            blanks=tuple(self._blanks),
            hosts=sum(hosts_of(total, of) for of in Is) / known_s if known_s else 0.0,
            local_core_h=cores_of(total, Is.LOCAL),
            local_used_core_h=used_of(total, Is.LOCAL),
            lent_core_h=cores_of(total, Is.LENT),
            lent_used_core_h=used_of(total, Is.LENT),
            moving_core_h=cores_of(total, Is.MOVING),
            guests=self._shares.shares(),
            jobs_unknown=tuple(jobs_unknown),
            lends=lends,
            lend_times=took(one.lend_s for one in began if one.lend_s is not None),
            reclaim_times=took(one.reclaim_s for one in called if one.reclaim_s is not None),
            waited=self._waited(total),
            incidents=tuple(sorted(once(self._all_incidents()), key=_order)),
            series=self._series.buckets(),
        )

    def counted(self, guest: str, jobs: int, job_s: float) -> None:
        """So many jobs of a guest began within the span, and lasted so long in it."""
        self._shares.counted(guest, jobs, job_s)

    def _stood(self, entry: Entry) -> None:
        if entry.kind is EntryKind.SETTINGS:
            self._timers.append((entry.at_s, _timers(entry.body.get("timers"))))
        self._incidents.add(entry)

    def _advance(self, entry: Entry) -> None:
        """Sum up until a record. What could not be recorded before it is not known."""
        if entry.kind is EntryKind.GAP:
            self._until(seconds(entry.body, "from_s", entry.at_s), self._why)
            self._skip(self._at_s or entry.at_s, entry.at_s, f"records could not be kept: {entry.body.get('problem')}")
        else:
            self._until(entry.at_s, self._why)

    def _until(self, at_s: float, why: str) -> None:
        before_s = self._at_s
        if before_s is None:
            self._skip(self._asked.from_s, at_s, why)
        elif not self._pool.is_known or at_s - before_s > self._longest_silence_s():
            self._skip(before_s, at_s, why)
        elif at_s > before_s:
            self._sum(before_s, at_s)

    def _longest_silence_s(self) -> float:
        return max(LONGEST_S, 2 * self._timers[-1][1].cycle_s)

    def _sum(self, from_s: float, at_s: float) -> None:
        for event in self._runs.until(at_s):
            self._shares.run(event)
        self._at_s = at_s
        from_s, to_s = max(from_s, self._asked.from_s), min(at_s, self._asked.to_s)
        if from_s >= to_s:
            return
        self._series.add(self._rates, from_s, to_s)
        self._blocked_s = self._blocked_s + to_s - from_s if self._waits.blocked_jobs else 0.0
        self._longest_s = max(self._longest_s, self._blocked_s)

    def _skip(self, from_s: float, to_s: float, why: str) -> None:
        """Nothing is known from then to then."""
        self._shares.settle(from_s)
        self._shares.skip(to_s)
        for event in self._runs.until(to_s):
            self._shares.run(event)
        self._at_s, self._blocked_s = max(to_s, from_s), 0.0
        from_s, to_s = max(from_s, self._asked.from_s), min(to_s, self._asked.to_s)
        if from_s < to_s:
            self._blanks.append(Blank(from_s=from_s, to_s=to_s, why=why))

    def _forget(self) -> None:
        outs = self._pool.outs()
        self._pool = Pool()
        for host in outs:
            self._shares.claimed(host, 0, self._at_s or 0.0)
        self._reckon()

    def _reckon(self) -> None:
        """What is so from now on."""
        pool = self._pool
        self._waits = waits(pool.rest, pool.local_rooms, pool.out_rooms) if pool.is_known else UNKNOWN
        self._rates = rates(pool, self._waits)

    def _waited(self, total: Iterable[float]) -> Waited:
        hours = [seconds / HOUR_S for seconds in total]
        return Waited(
            idle_job_h=hours[Of.IDLE],
            waited_job_h=hours[Of.WAITED_JOBS],
            waited_core_h=hours[Of.WAITED_CORES],
            blocked_job_h=hours[Of.BLOCKED_JOBS],
            blocked_core_h=hours[Of.BLOCKED_CORES],
            blocked_longest_s=self._longest_s,
            unknown_h=hours[Of.KNOWN] - hours[Of.QUEUE],
        )

    def _all_incidents(self) -> Iterator[Incident]:
        yield from self._incidents.within(self._asked)
        yield from of_lends(self._judged(), self._asked, self._timers_at)
        for blank in self._blanks:
            if blank.why != BEFORE and not blank.why.startswith("records could not be kept"):
                yield Incident(kind=IncidentKind.GAP, from_s=blank.from_s, to_s=blank.to_s, words=blank.why)

    def _judged(self) -> tuple[Lend, ...]:
        return tuple(judged(one, self._timers_at(one.called_at_s or 0.0)) for one in self._lends.within(self._asked))

    def _timers_at(self, at_s: float) -> TimerSettings:
        return next(timers for since_s, timers in reversed(self._timers) if since_s <= at_s)


class _Ahead:
    """Events, taken as far as they are due."""

    def __init__(self, events: Iterable[RunEvent]) -> None:
        self._events = iter(events)
        self._next = next(self._events, None)

    def until(self, at_s: float) -> Iterator[RunEvent]:
        """Those that are due by then."""
        while self._next is not None and self._next.at_s <= at_s:
            yield self._next
            self._next = next(self._events, None)


def _order(one: Incident) -> tuple[float, str, str]:
    return one.from_s, one.kind.value, one.host


def _is_in(span: Period, at_s: float | None) -> bool:
    return at_s is not None and span.from_s <= at_s < span.to_s


def _timers(table: object) -> TimerSettings:
    """Those on record that this version knows; the others as they come."""
    if not isinstance(table, Mapping):
        return TimerSettings()
    names = {field.name for field in dataclasses.fields(TimerSettings)}
    return TimerSettings(**{key: float(value) for key, value in table.items() if key in names})
