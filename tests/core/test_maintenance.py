"""Hours of maintenance: hosts are home when they begin, and stay until they end."""

import contextlib
import dataclasses
import datetime
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.maintenance import home_before_s, hours_near, hours_of, window_of
from shepherd.core.policy.decide import decide
from shepherd.core.settings.daemon import hours_problems
from shepherd.model.host import Herd
from shepherd.model.observation import Reading, Source
from shepherd.model.orders import Stage, Verdict
from shepherd.model.settings import HostSettings, PolicySettings, TimerSettings
from tests.build import NOW, facts, flock_startd, idle_host, record, settings, snapshot

VIENNA = "Europe/Vienna"
TIMERS = TimerSettings()
TUESDAY = "Tue 08:00-12:00 p2*"


def at(text: str, zone: str = VIENNA) -> float:
    """Epoch seconds of an hour on the wall there."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(zone)).timestamp()


def is_on(window: str, machine: str, now: float, zone: str = VIENNA) -> bool:
    """Whether people may work on the machine now."""
    hosts = HostSettings(maintenance=(window,), zone=zone)
    hours = hours_of(machine, hours_near(hosts, TIMERS, now))
    return hours is not None and hours.begin_s <= now < hours.end_s


@pytest.mark.parametrize(
    ("window", "now", "expected"),
    [
        (TUESDAY, "2026-11-24T07:59", False),
        (TUESDAY, "2026-11-24T08:00", True),
        (TUESDAY, "2026-11-24T11:59", True),
        (TUESDAY, "2026-11-24T12:00", False),
        (TUESDAY, "2026-11-25T09:00", False),
        ("Mon-Fri 22:00-06:00 *", "2026-11-28T03:00", True),
        ("Mon-Fri 22:00-06:00 *", "2026-11-28T23:00", False),
        ("Sat-Mon 10:00-11:00 *", "2026-11-29T10:30", True),
        ("2026-12-24T08:00/2026-12-27T18:00 p201,p9*", "2026-12-26T03:00", True),
        ("2026-12-24T08:00/2026-12-27T18:00 p202,p9*", "2026-12-26T03:00", False),
    ],
)
def test_hours_are_those_on_the_wall_of_the_site(window, now, expected):
    """An administrator stood before a host that served guests, an hour after its maintenance had begun."""
    assert is_on(window, "p201", at(now)) is expected


@pytest.mark.parametrize(
    ("window", "utc", "expected"),
    [
        ("Sun 02:30-04:00 *", "2026-03-29T01:05", True),
        ("Sun 02:30-03:15 *", "2026-03-29T01:05", True),
        ("Sun 02:30-04:00 *", "2026-03-29T02:05", False),
        ("Sun 01:00-02:30 *", "2026-10-25T01:15", True),
        ("Sun 02:00-02:30 *", "2026-10-25T00:15", True),
        ("Sun 02:00-02:30 *", "2026-10-25T01:45", False),
        ("2026-10-25T01:00/2026-10-25T02:30 *", "2026-10-25T01:15", True),
    ],
)
def test_hours_that_are_twice_or_never_are_kept_twice_and_early(window, utc, expected):
    """At night, when clocks were set, a host served guests while somebody changed its disk."""
    assert is_on(window, "p201", at(utc, "UTC")) is expected


def test_a_window_may_name_thousands_of_hosts():
    """Each of three thousand names was matched against each of three thousand hosts, at every look."""
    names = [f"p{number}" for number in range(3000)]
    window = window_of("Tue 08:00-12:00 " + ",".join([*names, "Q7.site", "x*"]))
    assert (len(window.names), len(window.patterns)) == (3001, 1)
    for machine, expected in (("P2999.site", True), ("q7.site", True), ("q7", False), ("xy", True), ("p3000", False)):
        assert is_on(window.text, machine, at("2026-11-24T09:00")) is expected


def test_a_window_without_hosts_is_refused():
    """A comma too many, and nobody's host came home."""
    with pytest.raises(ValueError, match="it names no host"):
        window_of("Tue 08:00-12:00 ,")


def test_hours_follow_summer_time_of_their_zone():
    """Twice a year the maintenance came an hour late."""
    summer, winter = at("2026-07-07T08:30"), at("2026-11-24T08:30")
    assert is_on(TUESDAY, "p201", summer)
    assert is_on(TUESDAY, "p201", winter)
    assert not is_on(TUESDAY, "p201", summer, "UTC")


def test_a_name_without_a_domain_stands_for_it_in_any_domain():
    """HTCondor says p201.home.lab where people say p201."""
    assert is_on("Tue 08:00-12:00 p201", "P201.home.lab", at("2026-11-24T09:00"))
    assert not is_on("Tue 08:00-12:00 p201", "p2011.home.lab", at("2026-11-24T09:00"))


HOURS = datetime.datetime.fromtimestamp(NOW + 3600, datetime.UTC)
SOON = f"{HOURS:%Y-%m-%dT%H:%M}/{HOURS + datetime.timedelta(hours=4):%Y-%m-%dT%H:%M} p20*"
BEGIN_S = HOURS.replace(second=0, microsecond=0).timestamp()


def verdict(now: float) -> Verdict:
    """Of two hosts, one of them lent, an hour before their maintenance."""
    site = settings(PolicySettings(reserve=0.0), hosts=HostSettings(maintenance=(SOON,)))
    site = dataclasses.replace(site, timers=dataclasses.replace(TIMERS, ad_period_s=9000))
    readings = {source: Reading(source=source, at_s=now) for source in Source}
    seen = snapshot(idle_host("p201"), facts("p202", flock=flock_startd()), readings=readings)
    lent = record("p202", Stage.LENT)
    return decide(seen, {lent.host: lent}, {}, None, site, now, is_cycle=True)


def test_a_host_is_not_lent_shortly_before_and_goes_home_in_time():
    """A lend for five minutes costs two switches, and a reclaim at the hour itself lets people wait."""
    early_s = BEGIN_S - home_before_s(TIMERS)
    near = verdict(early_s - 60)
    assert near.orders == ()
    assert any("maintenance" in refusal.why for refusal in near.refusals)
    (order,) = verdict(early_s).orders
    assert (order.host, order.herd) == ("p202", Herd.LOCAL)
    assert SOON in order.why
    assert "Besides, 1 go home" in verdict(early_s).sentence


@pytest.mark.parametrize(
    "text",
    ["", "Tue 08:00-12:00", "Die 08:00-12:00 *", "Tue 25:00-12:00 *", "tue 08:00-12:00 *",
     "2026-12-27T08:00/2026-12-24T18:00 *", "2026-13-01T08:00/2026-13-02T18:00 *", "Tue 8:00-12:00 *"],
)  # fmt: skip
def test_hours_that_make_no_sense_are_refused_with_a_form_that_does(text):
    """A window that was never on, because of a letter, was believed for a year."""
    (problem,) = hours_problems(HostSettings(maintenance=(text,)))
    assert problem.key == "hosts.maintenance"
    assert "Tue 08:00-12:00" in problem.remedy


def test_a_zone_that_is_none_is_refused():
    """UTC by mistake is two hours off."""
    (problem,) = hours_problems(HostSettings(zone="Vienna"))
    assert problem.key == "hosts.zone"


@given(st.text(max_size=40))
def test_any_text_is_a_window_or_a_clear_refusal(text):
    """A settings file must not end in a traceback."""
    with contextlib.suppress(ValueError):
        assert window_of(text).text == text
