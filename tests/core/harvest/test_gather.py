"""What the pool gave and what it cost: against a day of the fake site, and against sums made by hand."""

import pytest

from shepherd.core.harvest.gather import LONGEST_S
from shepherd.core.harvest.shares import Of, RunEvent
from shepherd.core.replay.replay import replay
from shepherd.model.demand import Resources
from shepherd.model.entry import EntryKind
from shepherd.model.harvest import Blank, IncidentKind, Period
from shepherd.model.orders import Reason, Stage
from shepherd.model.replay import SwitchTimes
from shepherd.model.settings import PolicyKind
from shepherd.sim.site import Site
from tests.build import NOW
from tests.build import settings as usual
from tests.core.harvest.records import HOUR_S, Records, gathered, lent, local
from tests.sim.recorded_day import eventful_day, read_back, recorded, site_of

ALICES, BOBS = Of("campus", is_proven=True), Of("physics", is_proven=False)


@pytest.fixture(name="day", scope="module")
def the_fake_site_after_an_eventful_day() -> Site:
    site = site_of(PolicyKind.DEMAND)
    eventful_day(site)
    return site


def steady(*, until_s: float, claimed: int = 4) -> Records:
    """Of two hosts one serves guests; a look every five minutes says so."""
    records = Records()
    records.look(NOW, local("p201"), local("p202", free=1))
    records.switch(NOW, "p201", Stage.LENT)
    at_s = NOW
    while at_s <= NOW + until_s:
        records.look(at_s, lent("p201", claimed=claimed))
        at_s += 300
    return records


def test_an_eventful_day_adds_up_to_what_its_replay_says(day):
    """Two pages of one program told the director two different sums."""
    entries = [stored.entry for stored in read_back(day)]
    found = gathered(entries, Period(from_s=entries[0].at_s, to_s=entries[-1].at_s), 600.0)
    replayed = replay(recorded(day), lambda _: usual(), {}, SwitchTimes())
    assert replayed is not None
    was = replayed.outcomes[0]
    orders = [entry.body["herd"] for entry in entries if entry.kind is EntryKind.ORDER]
    assert (found.lent_count, found.blanks) == (orders.count("flock"), ())
    assert found.lent_core_h == pytest.approx(was.guest_core_h, rel=0.05)
    hours = sum(bucket.known_s * _hosts(bucket) for bucket in found.series) / HOUR_S
    assert hours == pytest.approx(5 * found.known_s / HOUR_S, rel=0.01)
    assert [one.kind for one in found.incidents] == [
        IncidentKind.FAILED_LEND, IncidentKind.BAN, IncidentKind.FLOCKOFF
    ]  # fmt: skip
    assert found.reclaim_times.longest_s == pytest.approx(2.3, abs=0.01)


def _hosts(bucket):
    return bucket.local_hosts + bucket.lent_hosts + bucket.moving_hosts + bucket.other_hosts


def test_cores_are_counted_to_the_second_of_the_switch():
    """Lends between two looks were rounded to whole minutes, and short ones were not there at all."""
    records = Records()
    records.look(NOW, local("p201"), local("p202"))
    records.switch(NOW + 10, "p201", Stage.GRANTED, granted_at_s=NOW + 10)
    records.switch(NOW + 14, "p201", Stage.LENT, granted_at_s=NOW + 10)
    records.switch(NOW + 94, "p201", Stage.REVOKED, granted_at_s=NOW + 10)
    records.switch(NOW + 97, "p201", None)
    found = records.harvest(NOW, NOW + 100)
    seconds = [core_h * HOUR_S / 4 for core_h in (found.local_core_h, found.moving_core_h, found.lent_core_h)]
    assert seconds == pytest.approx([100 + 10 + 3, 4 + 3, 80])
    assert (found.lend_times.p50_s, found.reclaim_times.p50_s) == (4.0, 3.0)


def test_claimed_cores_are_the_guests_whose_jobs_ran_there():
    """A guest was told that it had the hours of all guests."""
    runs = [RunEvent(NOW, 1, "p201", ALICES), RunEvent(NOW + HOUR_S / 2, 1, "p201", BOBS)]
    found = steady(until_s=HOUR_S).harvest(NOW, NOW + HOUR_S, runs=runs)
    shares = {one.guest: one for one in found.guests}
    assert (shares["campus"].core_h, shares["physics"].core_h) == pytest.approx((3.0, 1.0))
    assert (shares["campus"].shared_core_h, shares["campus"].claimed_core_h) == pytest.approx((1.0, 0.0))
    assert shares["physics"].claimed_core_h == pytest.approx(1.0)
    assert found.lent_used_core_h == pytest.approx(4.0)
    assert found.local_used_core_h == pytest.approx(3.0)


def test_cores_of_jobs_that_nobody_knows_of_are_nobodys():
    """Hours without a job on record were given to the guest that came next."""
    runs = [RunEvent(NOW + HOUR_S / 2, 1, "p201", ALICES)]
    found = steady(until_s=HOUR_S).harvest(NOW, NOW + HOUR_S, runs=runs)
    assert {one.guest: one.core_h for one in found.guests} == pytest.approx({"": 2.0, "campus": 2.0})
    assert dict(found.series[0].guest_core_h) == pytest.approx({"": 2.0, "campus": 2.0})


def test_a_silence_is_a_blank_and_in_no_sum():
    """The shepherd was dead over a weekend, and the report had its guests work all the while."""
    records = steady(until_s=600)
    records.look(NOW + 600 + 2 * LONGEST_S, lent("p201", claimed=4))
    runs = [RunEvent(NOW, 1, "p201", ALICES), RunEvent(NOW + 1200, -1, "p201", ALICES)]
    runs.append(RunEvent(NOW + 1300, 1, "p201", ALICES))
    found = records.harvest(NOW, NOW + 600 + 2 * LONGEST_S + 300, runs=runs)
    assert found.blanks == (Blank(from_s=NOW + 600, to_s=NOW + 600 + 2 * LONGEST_S, why="nothing was recorded"),)
    assert found.known_s == 900.0
    assert found.guests[0].core_h == pytest.approx(4 * 900 / HOUR_S)
    assert [one.kind for one in found.incidents] == [IncidentKind.GAP]


def test_what_could_not_be_recorded_is_a_blank():
    """The disk was full, and what stood before went on being counted."""
    records = steady(until_s=600)
    body: dict[str, object] = {"from_s": NOW + 610, "to_s": NOW + 700, "lost_entries": 3, "problem": "disk full"}
    records.add(NOW + 700, EntryKind.GAP, body)
    found = records.harvest(NOW, NOW + 800)
    assert [(blank.from_s, blank.to_s) for blank in found.blanks] == [(NOW + 610, NOW + 700)]
    assert "disk full" in found.blanks[0].why
    assert [one.kind for one in found.incidents] == [IncidentKind.GAP]


def test_before_the_first_record_nothing_is_known():
    """The month in which the shepherd was installed had a harvest from its first day on."""
    found = steady(until_s=300).harvest(NOW - 1000, NOW + 300)
    assert [(blank.from_s, blank.to_s, blank.why) for blank in found.blanks] == [
        (NOW - 1000, NOW, "nothing was on record yet")
    ]
    assert (found.known_s, found.incidents) == (300.0, ())


def test_jobs_are_blocked_only_as_long_as_a_host_is_out_that_would_take_them():
    """One look with a waiting job made a minute of blocked work, though the host was home in three seconds."""
    records = steady(until_s=300)
    records.look(NOW + 310, waits={Resources(cpus=4): 1, Resources(cpus=64): 1})
    records.switch(NOW + 310, "p201", Stage.REVOKED)
    records.switch(NOW + 313, "p201", None)
    records.look(NOW + 370, local("p201", free=0), waits={Resources(cpus=64): 1})
    waited = records.harvest(NOW, NOW + 400).waited
    assert waited.blocked_longest_s == 3.0
    assert waited.blocked_core_h * HOUR_S == pytest.approx(4 * 3)
    assert waited.waited_job_h * HOUR_S == pytest.approx(2 * 3 + 57 + 30)
    assert waited.idle_job_h * HOUR_S == pytest.approx(2 * 60 + 30)


def test_a_blind_source_is_told_from_when_to_when():
    """Nobody knew why nothing was lent on one afternoon."""
    records = steady(until_s=300)
    records.look(NOW + 360, blind="no answer within 20 s")
    records.look(NOW + 480)
    [incident] = records.harvest(NOW, NOW + 600).incidents
    assert (incident.kind, incident.from_s, incident.to_s) == (IncidentKind.BLIND, NOW + 360, NOW + 480)
    assert incident.words == "queue: no answer within 20 s"


def test_a_host_that_comes_home_late_and_one_whose_lease_lapsed_are_told():
    """A host was away for a quarter of an hour after its recall, and no page said so."""
    records = steady(until_s=300)
    for host, home_s in (("p201", 200.0), ("p202", 1100.0)):
        records.switch(NOW + 300, host, Stage.REVOKED)
        records.switch(NOW + 300 + home_s, host, None)
    records.entries.sort(key=lambda entry: entry.at_s)
    records.look(NOW + 1401)
    found = records.harvest(NOW, NOW + 1500)
    told = [(one.kind, one.host) for one in found.incidents if one.kind is not IncidentKind.GAP]
    assert told == [(IncidentKind.LAPSED_LEASE, "p202"), (IncidentKind.LATE_HOME, "p201")]
    homes = {one.host: (one.home_at_s, one.lapsed_at_s) for one in found.lends}
    assert homes == {"p201": (NOW + 500, None), "p202": (None, NOW + 1400)}
    assert (found.reclaim_times.count, found.reclaim_times.longest_s) == (1, 200.0)


def test_a_report_names_no_person():
    """A report that went to a board had the user in it who was banned, and who had banned her."""
    records = steady(until_s=300)
    ban = {"kind": "user", "value": "alice@campus.example", "at_s": NOW + 10, "until_s": None, "who": "carol"}
    ban |= {"why": "alice again", "domain": "", "addresses": []}
    hers = {**ban, "kind": "schedd", "value": "alice-laptop.campus.example"}
    records.add(NOW + 310, EntryKind.BANS, {"bans": [ban, hers]})
    off = {"since_s": NOW + 320, "who": "carol", "why": "storage; flockoff by carol: power", "until_s": NOW + 9e3}
    records.add(NOW + 320, EntryKind.FLOCKOFF, {**off, "from_file": True})
    why = "flocking is off: storage (carol)"
    records.switch(NOW + 321, "p201", Stage.REVOKED, why=why, reason=Reason.FLOCKOFF)
    found = records.harvest(NOW, NOW + 400)
    words = " ".join([*(one.words for one in found.incidents), *(one.why_home for one in found.lends)])
    assert [one.kind for one in found.incidents] == [IncidentKind.BAN, IncidentKind.BAN, IncidentKind.FLOCKOFF]
    assert "a schedd" in words
    assert "storage; flockoff: power" in words
    assert "flocking was stopped" in words
    assert "alice" not in words
    assert "carol" not in words


@pytest.mark.parametrize("cut_s", [1.0, 333.0, 600.0, 1111.5, 2379.0])
def test_two_spans_have_together_what_the_whole_has(day, cut_s):
    """The sum of twelve months was not the year."""
    entries = [stored.entry for stored in read_back(day)]
    first_s, last_s = entries[0].at_s, entries[-1].at_s
    cut = first_s + cut_s
    whole, *parts = (
        gathered(entries, Period(from_s=from_s, to_s=to_s), 250.0)
        for from_s, to_s in ((first_s, last_s), (first_s, cut), (cut, last_s))
    )
    for name in ("known_s", "local_core_h", "local_used_core_h", "lent_core_h", "moving_core_h", "lent_count"):
        assert sum(getattr(part, name) for part in parts) == pytest.approx(getattr(whole, name))
    assert sum(part.waited.idle_job_h for part in parts) == pytest.approx(whole.waited.idle_job_h)
    assert sum(bucket.lent_core_h for bucket in whole.series) == pytest.approx(whole.lent_core_h)


@pytest.mark.parametrize(("stop", "told"), [(None, ["leak"]), (60.0, ["leak"]), (600.0, ["leak", "leak"])])
def test_a_leak_is_told_once_whether_it_stopped_all_flocking_or_one_host(stop, told):
    """With `leak_stops = "host"` the board was never told of a leak; else of two."""
    records = steady(until_s=300)
    why = "its keeper cannot: leak: a job reached 10.1.0.9:2049"
    records.switch(NOW + 310, "p201", Stage.REVOKED, why=why, failed=True)
    records.switch(NOW + 312, "p201", None)
    if stop is not None:
        off = {"since_s": NOW + 310 + stop, "who": "keeper of p201", "why": "leak: 10.1.0.9:2049", "until_s": None}
        records.add(NOW + 310 + stop, EntryKind.FLOCKOFF, {**off, "from_file": False})
    found = records.harvest(NOW, NOW + 1000)
    assert [one.kind.value for one in found.incidents] == told
