"""What is counted since the start: a fold over what the loop records, and over its looks.

A lend and a reclaim are told by the records of their switch alone, which outlive the daemon: of a host that was called
home by the shepherd before this one the whole time counts.
"""

import bisect
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from shepherd.core.records import switch_from
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.figures import Series, Times
from shepherd.model.host import HostName
from shepherd.model.metrics import METRICS, Kind, word
from shepherd.model.observation import Reading
from shepherd.model.orders import HOMEWARD, Result, StepKind, SwitchRecord
from shepherd.model.settings import TimerSettings

STEPS = {kind.value for kind in StepKind}
RESULTS = {result.value for result in Result}


class Tally:
    """Every series is there from the start, at 0: what was never seen to grow by Prometheus has no rate."""

    def __init__(self, switches: Mapping[HostName, SwitchRecord], timers: TimerSettings) -> None:
        """`switches`: as they are on record at the start."""
        self.counts: Counter[Series] = Counter(dict.fromkeys(_every(Kind.COUNTER), 0))
        self.times: dict[Series, Times] = {
            one: Times(counts=(0,) * (len(METRICS[one[0]].buckets) + 1)) for one in _every(Kind.HISTOGRAM)
        }
        self.timers = timers
        self._switches = dict(switches)
        self._gaps = 0

    def looked(self, took_s: float, readings: Iterable[Reading], *, is_cycle: bool) -> None:
        """A look is over."""
        self._took("look_duration_seconds", took_s, "cycle" if is_cycle else "look")
        for reading in readings:
            if reading.doubt is not None:
                self._count("source_errors_total", word(reading.source.value), word(reading.doubt.value))

    def traced(self, gaps: int) -> None:
        """So many gaps are in the records that were stored so far; a reload begins anew at none."""
        self.counts["trace_gaps_total", ()] += gaps - self._gaps if gaps >= self._gaps else gaps
        self._gaps = gaps

    def told(self, entries: Iterable[Entry], *, is_recorded: bool, is_owed: bool = False) -> None:
        """What the loop wrote down, or would have. Homeward it goes on in any case. What is owed is not lost."""
        for entry in entries:
            if entry.kind is EntryKind.SWITCH:
                self._switched(HostName(entry.host), entry, is_recorded=is_recorded)
            elif entry.kind is EntryKind.OUTCOME:
                self._came_of(entry.body)
            if not (is_recorded or is_owed):
                self._count("ledger_lost_entries_total")

    def _came_of(self, body: Mapping[str, object]) -> None:
        """Outcomes of other things than steps on hosts are beside this table."""
        kind, result = str(body.get("kind")), str(body.get("result"))
        if kind in STEPS and result in RESULTS:
            self._count("steps_total", word(kind), word(result))

    def _switched(self, host: HostName, entry: Entry, *, is_recorded: bool) -> None:
        before = self._switches.get(host)
        if not entry.body:
            if before is not None:
                self._over(before, entry.at_s)
            self._switches.pop(host, None)
            return
        now = switch_from(entry.body)
        if not is_recorded and now.stage not in HOMEWARD:
            return
        self._switches[host] = now
        if before is None:
            self._count("lends_ordered_total")
        if now.lent_at_s and not (before and before.lent_at_s):
            self._count("lends_done_total")
            self._took("lend_latency_seconds", now.lent_at_s - now.granted_at_s)
        if now.left_at_s and not (before and before.left_at_s):
            self._count("reclaims_ordered_total" if now.lent_at_s else "lends_failed_total", word(now.reason.value))

    def _over(self, record: SwitchRecord, at_s: float) -> None:
        """Home, or nothing proves it and the lease is over: `switch.move` tells these by the same time."""
        if not record.lent_at_s or not record.left_at_s:
            return
        timers, ladder = self.timers, self.timers.ladder()
        if at_s - record.stage_at_s > timers.lease_s + ladder.graceful_s + ladder.fast_s + ladder.kill_s:
            self._count("reclaims_failed_total", word(record.reason.value))
            return
        self._count("reclaims_done_total", word(record.reason.value))
        self._took("reclaim_latency_seconds", at_s - record.left_at_s)

    def _count(self, name: str, *labels: str) -> None:
        self.counts[name, labels] += 1

    def _took(self, name: str, seconds: float, *labels: str) -> None:
        """A clock that was set back in between makes it no time at all, not less."""
        times = self.times[name, labels]
        self.times[name, labels] = _with_one(times, max(seconds, 0.0), METRICS[name].buckets)


def _with_one(times: Times, seconds: float, bounds: Sequence[float]) -> Times:
    place = bisect.bisect_left(bounds, seconds)
    counts = tuple(count + (n == place) for n, count in enumerate(times.counts))
    return Times(counts=counts, sum_s=times.sum_s + seconds)


def _every(kind: Kind) -> list[Series]:
    return [
        (metric.name, labels)
        for metric in METRICS.values()
        if metric.kind is kind
        for labels in itertools.product(*(label.values for label in metric.labels))
    ]
