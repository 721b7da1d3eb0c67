"""What every Monitoring must do: Icinga2 2.13, 2.16 and the fake one are held to the same."""

import dataclasses
import re
import time

import pytest

from shepherd.core.monitoring.permissions import missing
from shepherd.errors import MonitoringRefused, MonitoringUnavailable
from shepherd.lab.eventually import eventually
from shepherd.lab.icinga import SHIPPED
from shepherd.model.monitoring import Begin, Heartbeat, Mark, SilenceKind
from shepherd.ports import Monitoring
from shepherd.sim.icinga import PERMISSIONS
from tests.icinga.places import CHECK, HEART, HOST, OTHER, REQUEST_S, Place

MARK = Mark(pool="home lab", instance="c0ffee", host="p201", lease="p201.17.ab", why='p201 is lent: "few" jobs, ünd ]')
KINDS = tuple(SilenceKind)


def wanted(place: Place, kind: SilenceKind, check: str = CHECK) -> Begin:
    now_s = float(round(place.now_s()))
    return Begin(check=check, kind=kind, mark=MARK, from_s=now_s - 300, until_s=now_s + 7200)


def port(place: Place, kind: SilenceKind) -> Monitoring:
    """As the user for this kind."""
    return place.downtimes if kind is SilenceKind.DOWNTIME else place.switches


@pytest.mark.parametrize("kind", KINDS)
def test_a_check_is_silent_from_the_beginning_to_the_end(place: Place, kind: SilenceKind) -> None:
    """An answer of 200 was taken for a silence, and nothing was silent."""
    ours = port(place, kind)
    made = ours.begin(wanted(place, kind))
    assert place.is_silent(CHECK)
    assert not place.is_silent(OTHER)
    ours.end(made)
    assert not place.is_silent(CHECK)
    assert ours.silences(kind) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_made_is_found_by_its_mark(place: Place, kind: SilenceKind) -> None:
    """After a crash nobody knew whose the downtimes were."""
    ours = port(place, kind)
    made = ours.begin(wanted(place, kind))
    (found,) = ours.silences(kind)
    assert found.mark == MARK
    assert (found.name, found.check, found.kind, found.until_s) == (made.name, CHECK, kind, made.until_s)
    ours.end(found)
    assert not place.is_silent(CHECK)


@pytest.mark.parametrize("kind", KINDS)
def test_a_host_object_is_silenced_as_a_service_is(place: Place, kind: SilenceKind) -> None:
    """A site named host objects as checks: the shipped user could not list them, and so silenced nothing at all."""
    ours = port(place, kind)
    made = ours.begin(wanted(place, kind, HOST))
    assert place.is_silent(HOST)
    assert not place.is_silent(CHECK)
    assert [one.name for one in ours.silences(kind)] == [made.name]
    ours.end(made)
    assert not place.is_silent(HOST)


def test_who_goes_back_to_downtimes_sees_what_is_switched_off_and_may_not_touch_it(place: Place) -> None:
    """The first user did not see it and said nothing: the checks stayed off for good."""
    made = place.switches.begin(wanted(place, SilenceKind.CHECKS_OFF))
    (seen,) = place.downtimes.silences(SilenceKind.CHECKS_OFF)
    assert (seen.mark, seen.until_s) == (MARK, made.until_s)
    with pytest.raises(MonitoringRefused):
        place.downtimes.end(seen)
    assert place.is_silent(CHECK)
    beside = place.switches.begin(wanted(place, SilenceKind.DOWNTIME))
    place.switches.end(seen)
    place.switches.end(beside)
    assert not place.is_silent(CHECK)


def test_the_simulators_users_have_the_rights_of_the_shipped_ones() -> None:
    """What passed in the simulator was refused by the first real Icinga."""
    shipped = {}
    for file in SHIPPED.glob("*.conf"):
        text = file.read_text()
        for user in re.findall(r'object ApiUser "(.*)"', text):
            shipped[user] = sorted(re.findall(r'permission = "(.*)"', text))
    assert shipped == {user: sorted(granted) for user, granted in PERMISSIONS.items()}


def test_what_satellites_read_holds_no_user_and_no_secret() -> None:
    """Templates for a satellite's checks go into a global zone; the user lay beside them, and so on every satellite."""
    templates = (SHIPPED / "shepherd-templates.conf").read_text()
    assert re.findall(r"^(?:object|.*ShepherdPassword)", templates, re.MULTILINE) == []
    named = set(re.findall(r'^template \w+ "(.*)"', templates, re.MULTILINE))
    assert named == {"shepherd-regular-startd", "shepherd-flocking-startd", "shepherd-heartbeat"}
    users = [path.read_text() for path in SHIPPED.glob("*.conf") if path.name != "shepherd-templates.conf"]
    assert [re.findall(r"^(?:template|apply) .*", text, re.MULTILINE) for text in users] == [[], []]


@pytest.mark.parametrize("kind", KINDS)
def test_ending_twice_is_ending_once(place: Place, kind: SilenceKind) -> None:
    """The answer was lost, the end was not: the second try must not be an error for ever."""
    ours = port(place, kind)
    made = ours.begin(wanted(place, kind))
    ours.end(made)
    ours.end(made)
    assert not place.is_silent(CHECK)


def test_two_downtimes_are_ended_one_by_one(place: Place) -> None:
    """A renewal is a new one, then the end of the old: ending the old must leave the new."""
    first, second = (place.downtimes.begin(wanted(place, SilenceKind.DOWNTIME)) for _ in range(2))
    assert first.name != second.name
    place.downtimes.end(first)
    assert [one.name for one in place.downtimes.silences(SilenceKind.DOWNTIME)] == [second.name]
    assert place.is_silent(CHECK)


def test_switching_off_twice_is_once(place: Place) -> None:
    """A restarted shepherd took its own mark for somebody else's."""
    for _ in range(2):
        made = place.switches.begin(wanted(place, SilenceKind.CHECKS_OFF))
    place.switches.end(made)
    assert not place.is_silent(CHECK)


def test_an_administrators_downtime_is_neither_seen_nor_ended(place: Place) -> None:
    """A night's maintenance alarmed at two: a shepherd had ended every downtime of the check."""
    theirs = place.administrators(CHECK)
    ours = place.downtimes.begin(wanted(place, SilenceKind.DOWNTIME))
    assert [one.name for one in place.downtimes.silences(SilenceKind.DOWNTIME)] == [ours.name]
    place.downtimes.end(ours)
    assert place.exists(theirs)
    assert place.is_silent(CHECK)


def test_what_an_administrator_switched_off_is_not_ours(place: Place) -> None:
    """A check that was off for a reason was switched on by the first reclaim."""
    place.switch_off(CHECK)
    with pytest.raises(MonitoringRefused, match="somebody else"):
        place.switches.begin(wanted(place, SilenceKind.CHECKS_OFF))
    assert place.switches.silences(SilenceKind.CHECKS_OFF) == ()
    assert place.is_silent(CHECK)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("check", ["p299!startd", "p201!nothing"])
def test_a_check_that_does_not_exist_is_a_refusal(place: Place, kind: SilenceKind, check: str) -> None:
    """2.13 says 404 to it as to a missing permission; neither is a silence."""
    with pytest.raises(MonitoringRefused):
        port(place, kind).begin(wanted(place, kind, check))


def test_a_sign_of_life_arrives_with_its_figures_and_goes_stale_by_itself(place: Place) -> None:
    """The daemon was dead for a week; its last result had been OK."""
    figures = {"hosts": 2.0, "lent": 1.0, "cycle_age_s": 1.5}
    beat = Heartbeat(check=HEART, is_well=True, text="OK - 1 local, 1 lent", performance=figures, ttl_s=3)
    place.downtimes.report(beat)
    assert place.last_beat() == (beat.text, ["hosts=2", "lent=1", "cycle_age=1.5s"])
    assert not place.is_critical()
    place.wait(3)
    eventually(lambda: place.wait(0.5) or place.is_critical(), 20, what="the monitoring alarms by itself")
    place.downtimes.report(dataclasses.replace(beat, ttl_s=60))
    assert not place.is_critical()


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_user_may_do_what_is_needed(place: Place, kind: SilenceKind) -> None:
    """A file for the administrators of Icinga that lacked a permission."""
    assert missing(port(place, kind).permissions(), place.settings(kind)) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_monitoring_that_hangs_is_told_within_the_deadline(place: Place, kind: SilenceKind) -> None:
    """A request without a deadline held its thread until the process ended."""
    with place.not_answering():
        began_s = time.monotonic()
        with pytest.raises(MonitoringUnavailable, match="not answer"):
            port(place, kind).silences(kind)
        assert time.monotonic() - began_s < REQUEST_S + 3
    assert port(place, kind).silences(kind) == ()
