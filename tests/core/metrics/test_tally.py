"""Counting what is recorded: each lend once, each time whole, over any number of restarts."""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.core.metrics.tally import Tally
from shepherd.core.records import switch_body, switch_from
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import HostName
from shepherd.model.metrics import METRICS, Kind, word
from shepherd.model.observation import Doubt, Reading, Source
from shepherd.model.orders import Reason, Stage, SwitchRecord
from shepherd.model.settings import TimerSettings
from tests import build

TIMERS = TimerSettings()
LAPSE_S = TIMERS.lease_s + TIMERS.graceful_s + TIMERS.fast_s + TIMERS.kill_s


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lend:
    """One lend's life in times since the grant; None: it did not get there."""

    host: str
    granted_s: float
    serves_after_s: float | None
    called_after_s: float | None
    reason: Reason
    home_after_s: float | None
    lapses: bool

    def entries(self) -> Iterator[Entry]:
        """As they are recorded, in order."""
        at_s = self.granted_s
        record = build.record(self.host, Stage.GRANTED, granted_at_s=at_s, stage_at_s=at_s)
        yield entry(record, at_s)
        if self.serves_after_s is not None:
            at_s += self.serves_after_s
            record = dataclasses.replace(record, stage=Stage.LENT, stage_at_s=at_s, lent_at_s=at_s)
            yield entry(record, at_s)
        if self.called_after_s is None:
            return
        at_s += self.called_after_s
        record = dataclasses.replace(
            record, stage=Stage.REVOKED, stage_at_s=at_s, left_at_s=at_s, reason=self.reason
        )
        yield entry(record, at_s)
        yield entry(dataclasses.replace(record, stage=Stage.OFF_ORDERED), at_s)
        if self.home_after_s is not None:
            at_s += self.home_after_s + (LAPSE_S + 1 if self.lapses else 0)
            yield Entry(at_s=at_s, kind=EntryKind.SWITCH, cause=record.lease, host=self.host, body={})


def entry(record: SwitchRecord, at_s: float) -> Entry:
    return Entry(at_s=at_s, kind=EntryKind.SWITCH, cause=record.lease, host=record.host, body=switch_body(record))


@st.composite
def lends(draw: st.DrawFn) -> list[Lend]:
    """One of each host."""
    times = st.integers(1, 500).map(float)
    return [
        Lend(
            host=f"p{200 + number}",
            granted_s=build.NOW + draw(times),
            serves_after_s=draw(st.none() | times),
            called_after_s=draw(st.none() | times),
            reason=draw(st.sampled_from(Reason)),
            home_after_s=draw(st.none() | times),
            lapses=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 5)))
    ]


def standing(entries: Sequence[Entry]) -> dict[HostName, SwitchRecord]:
    """The switches that a ledger with these entries gives to the next shepherd."""
    last = {HostName(one.host): one.body for one in entries}
    return {host: switch_from(body) for host, body in last.items() if body}


def counted(entries: Sequence[Entry], restarts: Sequence[int]) -> tuple[Counter[str], dict[str, float]]:
    """What all shepherds together counted, by name and reason, and the sums of their times."""
    counts: Counter[str] = Counter()
    sums: dict[str, float] = {}
    for begin, end in itertools.pairwise([0, *sorted(restarts), len(entries)]):
        tally = Tally(standing(entries[:begin]), TIMERS)
        tally.told(entries[begin:end], is_recorded=True)
        for (name, labels), count in tally.counts.items():
            counts["/".join((name, *labels))] += count
        for (name, _), times in tally.times.items():
            sums[name] = sums.get(name, 0.0) + times.sum_s
    return +counts, sums


@given(lends(), st.lists(st.integers(0, 25), max_size=3))
@settings(max_examples=200)
def test_each_lend_is_counted_once_and_in_whole_however_often_the_daemon_restarts(
    all_lends: list[Lend], restarts: list[int]
) -> None:
    """After a restart lends were counted again, and reclaims were as long as the daemon was old."""
    told = sorted((one for lend in all_lends for one in lend.entries()), key=lambda one: one.at_s)
    counts, sums = counted(told, [min(n, len(told)) for n in restarts])
    expected: Counter[str] = Counter(lends_ordered_total=len(all_lends))
    lend_s = reclaim_s = 0.0
    for lend in all_lends:
        reason, serves = word(lend.reason.value), lend.serves_after_s is not None
        expected["lends_done_total"] += serves
        lend_s += lend.serves_after_s or 0.0
        if lend.called_after_s is None:
            continue
        expected[f"{'reclaims_ordered' if serves else 'lends_failed'}_total/{reason}"] += 1
        if serves and lend.home_after_s is not None:
            expected[f"reclaims_{'failed' if lend.lapses else 'done'}_total/{reason}"] += 1
            reclaim_s += 0.0 if lend.lapses else lend.home_after_s
    assert counts == +expected
    assert sums["lend_latency_seconds"] == pytest.approx(lend_s)
    assert sums["reclaim_latency_seconds"] == pytest.approx(reclaim_s)


def test_every_series_is_there_from_the_start() -> None:
    """The first failure of the year was no increase: before it there had been no series."""
    tally = Tally({}, TIMERS)
    names = {name for name, _ in (*tally.counts, *tally.times)}
    assert names == {metric.name for metric in METRICS.values() if metric.kind is not Kind.GAUGE}
    assert set(tally.counts.values()) == {0}
    assert ("source_errors_total", ("queue", "incomplete")) in tally.counts


def test_what_is_not_recorded_is_not_lent_and_what_is_owed_is_not_lost() -> None:
    """On a full disk the count of lends grew with each try."""
    tally = Tally({}, TIMERS)
    granted = entry(build.record("p201", Stage.GRANTED), build.NOW)
    tally.told([granted], is_recorded=False)
    over = Entry(at_s=build.NOW, kind=EntryKind.SWITCH, cause="x", host="p202", body={})
    tally.told([over], is_recorded=False, is_owed=True)
    assert tally.counts["lends_ordered_total", ()] == 0
    assert tally.counts["ledger_lost_entries_total", ()] == 1


def test_outcomes_of_other_things_are_no_steps() -> None:
    """Icinga's answers were in the rate of orders that failed."""
    tally = Tally({}, TIMERS)
    for body in ({"kind": "silence", "result": "done"}, {"kind": "drain", "result": "not asked"}, {}):
        tally.told([Entry(at_s=1.0, kind=EntryKind.OUTCOME, cause="x", body=body)], is_recorded=True)
    assert not +tally.counts
    body = {"kind": "off fast", "result": "refused"}
    tally.told([Entry(at_s=1.0, kind=EntryKind.OUTCOME, cause="x", body=body)], is_recorded=True)
    assert +tally.counts == {("steps_total", ("off_fast", "refused")): 1}


def test_a_look_counts_what_it_did_not_believe_and_how_long_it_took() -> None:
    """A time at the very bound was in the next bucket, so nothing was ever within its goal."""
    tally = Tally({}, TIMERS)
    doubted = Reading(source=Source.HOME_STARTDS, at_s=0, problem="2 of 2 vanished", doubt=Doubt.VANISHED)
    tally.looked(0.25, [doubted, Reading(source=Source.QUEUE, at_s=1)], is_cycle=True)
    tally.looked(-3.0, [], is_cycle=False)
    assert +tally.counts == {("source_errors_total", ("home_startds", "vanished")): 1}
    bounds = METRICS["look_duration_seconds"].buckets
    assert tally.times["look_duration_seconds", ("cycle",)].counts.index(1) == bounds.index(0.25)
    assert tally.times["look_duration_seconds", ("look",)].sum_s == 0
