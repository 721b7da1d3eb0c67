"""What goes on record of looks, how often, and how much."""

import dataclasses

import pytest

from shepherd.core.recorded.snapshots import folded, known, snapshot_from
from shepherd.errors import LedgerUnavailable
from shepherd.model.chain import canonical
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import HostName
from shepherd.model.observation import HostFacts, Reading, Snapshot, Source
from shepherd.model.past import NOTHING_PAST
from shepherd.model.settings import PolicySettings
from shepherd.programs.diary import Diary
from shepherd.programs.snapshots import EVERY_S, Snapshots
from tests.build import facts, flock_startd, keeper, regular, settings, snapshot

MIDNIGHT = 1_772_323_200.0


class Ledger:
    """Keeps what it is given, unless it is full."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.full = False
        self.mute = False
        self.asked = 0

    def append(self, entries):
        if self.full:
            raise LedgerUnavailable("no space left on device")
        self.entries += entries

    def last(self, kind):
        self.asked += 1
        if self.mute:
            raise LedgerUnavailable("disk I/O error")
        return next((one for one in reversed(self.entries) if one.kind.value == kind), None)

    def bodies(self, kind: EntryKind = EntryKind.SNAPSHOT):
        return [one.body for one in self.entries if one.kind is kind]


class Clock:
    def wall_s(self):
        return MIDNIGHT

    def steady_s(self):
        return 0.0


@pytest.fixture(name="ledger")
def the_ledger() -> Ledger:
    return Ledger()


def recorder(ledger: Ledger, **policy: object) -> Snapshots:
    diary = Diary(ledger, Clock(), lambda *_, **__: None)  # type: ignore[arg-type]
    return Snapshots(settings(PolicySettings(**policy)), ledger, diary)  # type: ignore[arg-type]


def look(idle_jobs: int, at_s: float, *, hosts: int = 2) -> Snapshot:
    names = (f"p{number}" for number in range(201, 201 + hosts))
    readings = {source: Reading(source=source, at_s=at_s) for source in Source}
    seen = snapshot(*(host(name, at_s) for name in names), idle_jobs=idle_jobs, readings=readings)
    return dataclasses.replace(seen, at_s=at_s)


def host(name: str, at_s: float, *, busy: int = 0) -> HostFacts:
    idle_since_s = None if busy else MIDNIGHT - int(name[1:])
    startd = regular(busy=busy, heard_at_s=at_s, idle_since_s=idle_since_s)
    return facts(name, regular=startd, keeper=keeper(heard_at_s=at_s))


def seen(record: Snapshots, idle_jobs: int, at_s: float) -> None:
    record.seen(look(idle_jobs, at_s), NOTHING_PAST, at_s)


def decided(record: Snapshots, idle_jobs: int, at_s: float) -> bool:
    verdict = Entry(at_s=at_s, kind=EntryKind.VERDICT, cause="cycle", body={"sentence": "nobody moves"})
    return record.decided(look(idle_jobs, at_s), NOTHING_PAST, at_s, [verdict])


def test_looks_that_decide_nothing_are_on_record_once_a_minute_and_only_if_something_changed(ledger):
    """A look every ten seconds is eight thousand records a day, of a pool that sleeps."""
    record = recorder(ledger)
    for number in range(20):
        seen(record, idle_jobs=number // 14, at_s=MIDNIGHT + 10 * number)
    assert [one.at_s - MIDNIGHT for one in ledger.entries if one.kind is EntryKind.SNAPSHOT] == [0, 180]
    assert EVERY_S == 60
    assert ledger.bodies()[1] == {"whole": False, "queue": {"idle_jobs": 1}}


def test_what_a_decision_was_made_from_stands_right_before_it(ledger):
    """An order was on record, and the burst that it was for was not: a minute had not passed."""
    record = recorder(ledger)
    seen(record, 0, MIDNIGHT)
    assert decided(record, 700, MIDNIGHT + 10)
    assert decided(record, 700, MIDNIGHT + 20)
    kinds = [one.kind for one in ledger.entries]
    assert kinds == [EntryKind.SETTINGS, EntryKind.SNAPSHOT, *[EntryKind.SNAPSHOT, EntryKind.VERDICT] * 2]
    assert ledger.bodies()[1:] == [{"whole": False, "queue": {"idle_jobs": 700}}, {"whole": False}]


def test_every_day_and_every_daemon_begins_with_the_whole(ledger):
    """Yesterday's file was put elsewhere, and today's could not be understood."""
    record = recorder(ledger)
    for at_s in (MIDNIGHT - 70, MIDNIGHT - 5, MIDNIGHT + 60):
        seen(record, int(at_s), at_s)
    seen(recorder(ledger), 3, MIDNIGHT + 130)
    assert [body["whole"] for body in ledger.bodies()] == [True, False, True, True]


def test_after_a_gap_the_whole_is_recorded(ledger):
    """Nobody knows whether the record that failed is there: changes to it would be changes to something else."""
    record = recorder(ledger)
    assert decided(record, 0, MIDNIGHT)
    ledger.full = True
    assert not decided(record, 5, MIDNIGHT + 300)
    ledger.full = False
    record._diary.probe()
    assert decided(record, 5, MIDNIGHT + 600)
    assert [body["whole"] for body in ledger.bodies()] == [True, True]
    assert folded({}, ledger.bodies()[1]) == known(look(5, MIDNIGHT + 600), NOTHING_PAST, settings().timers, str)


def test_settings_are_on_record_once_and_when_they_change(ledger):
    """The day was replayed with the settings of today, and called the same."""
    for policy in ({}, {}, {"reserve": 0.5}, {"reserve": 0.5}):
        record = recorder(ledger, **policy)
        decided(record, 0, MIDNIGHT)
        decided(record, 0, MIDNIGHT + 300)
    reserves = [body["policy"]["reserve"] for body in ledger.bodies(EntryKind.SETTINGS)]
    assert reserves == [0.25, 0.5]


def test_the_ledger_is_asked_for_its_settings_once_and_again_after_a_gap(ledger):
    """Each record had asked it before: a read of the disk a minute, for something that never changes."""
    record = recorder(ledger)
    for number in range(5):
        decided(record, number, MIDNIGHT + 300 * number)
    assert ledger.asked == 1
    ledger.full = True
    decided(record, 5, MIDNIGHT + 1500)
    ledger.full = False
    record._diary.probe()
    decided(record, 6, MIDNIGHT + 1800)
    assert ledger.asked == 2
    assert len(ledger.bodies(EntryKind.SETTINGS)) == 1


def test_settings_that_could_not_be_compared_are_compared_at_the_next_record(ledger):
    """A read error at the first record had left the day without settings."""
    record = recorder(ledger)
    ledger.mute = True
    decided(record, 0, MIDNIGHT)
    assert ledger.bodies(EntryKind.SETTINGS) == []
    ledger.mute = False
    decided(record, 0, MIDNIGHT + 300)
    assert len(ledger.bodies(EntryKind.SETTINGS)) == 1


def test_no_user_is_named_and_hosts_of_one_user_are_known_as_such(ledger):
    """The trace store forgets its users in time; the ledger is kept for ever, and whoever may read it had them all."""
    record = recorder(ledger)
    now = look(0, MIDNIGHT, hosts=3)
    users = {"p201": ("alice@campus", "bob@campus"), "p202": ("bob@campus",), "p203": ("carol@else",)}
    hosts = {
        HostName(name): facts(name, flock=dataclasses.replace(flock_startd(busy=1, heard_at_s=MIDNIGHT), guests=guests))
        for name, guests in users.items()
    }
    record.seen(dataclasses.replace(now, hosts=hosts), NOTHING_PAST, MIDNIGHT)
    text = canonical([one.body for one in ledger.entries])
    assert not any(name in text for guests in users.values() for name in guests)
    known_hosts = snapshot_from(folded({}, ledger.bodies()[0]), MIDNIGHT, {}).hosts
    startds = [known_hosts[host].flock for host in sorted(known_hosts)]
    first, second, third = (startd.guests for startd in startds if startd is not None)
    assert (len(first), set(second) < set(first), set(third) & set(first)) == (2, True, set())


def test_the_record_of_thousands_of_hosts_stays_small(ledger):
    """The refusals alone, each with its reason, were eighty megabytes a day."""
    record = recorder(ledger)
    record.seen(look(0, MIDNIGHT, hosts=3000), NOTHING_PAST, MIDNIGHT)
    later = look(0, MIDNIGHT + 60, hosts=3000)
    busy = {HostName(f"p{number}"): host(f"p{number}", MIDNIGHT + 60, busy=1) for number in range(201, 301)}
    record.seen(dataclasses.replace(later, hosts={**later.hosts, **busy}), NOTHING_PAST, MIDNIGHT + 60)
    whole, change = (len(canonical(body)) for body in ledger.bodies())
    assert whole < 3000 * 150
    assert change < 100 * 20
