"""A regular startd that does not come back after its container's end."""

import pytest

from shepherd.core.switch.homecoming import awaited, late
from shepherd.model.lease import drain_reason
from shepherd.model.observation import KeeperPhase, Reading, RegularMaster, Source
from shepherd.model.orders import Stage
from shepherd.model.settings import TimerSettings
from tests.build import NOW, facts, keeper, record, regular, snapshot

TIMERS = TimerSettings()
LEAVING = record("p201", Stage.OFF_ORDERED)
BEFORE = {LEAVING.host: NOW - 61}


def seen(host, *, leaving=LEAVING, readings=None):
    return awaited(snapshot(host, readings=readings), {leaving.host: leaving}, BEFORE, TIMERS)


def test_a_startd_that_does_not_come_back_is_a_problem_with_a_remedy():
    """A guard waited all night for a dying process; the host was `leaving`, and nobody was told to look there."""
    since = seen(facts("p201", keeper=keeper()))
    assert since == BEFORE
    said = late(since, NOW, TIMERS)
    assert "no regular startd is back within home_deadline_s = 60: p201 (61 s)" in said
    assert "journalctl -t startd-guard" in said
    assert late(since, NOW - 1, TIMERS) == ""
    assert late({}, NOW, TIMERS) == ""


def test_the_clock_of_a_homecoming_starts_when_it_is_first_seen():
    """A host was a problem in the second in which its container ended."""
    other = record("p202", Stage.REVOKED)
    found = awaited(snapshot(facts("p202", keeper=keeper())), {other.host: other}, BEFORE, TIMERS)
    assert found == {other.host: NOW}


def test_the_last_ad_of_the_startd_that_was_drained_is_not_its_return():
    """What the drained startd left in the collector hid that there was none."""
    left = regular(drain=drain_reason(LEAVING.lease), drained=True)
    assert seen(facts("p201", regular=left, keeper=keeper())) == BEFORE


@pytest.mark.parametrize(
    "host",
    [
        facts("p201", regular=regular(), keeper=keeper()),
        facts("p201", keeper=keeper(KeeperPhase.LEAVING, lease=LEAVING.lease)),
        facts("p201"),
        facts("p201", keeper=keeper(heard_at_s=LEAVING.granted_at_s - 5)),
        facts(
            "p201",
            keeper=keeper(),
            master=RegularMaster(startd_off=True, heard_at_s=NOW, off_since_s=NOW - 60),
        ),
    ],
    ids=["back", "container there", "keeper not heard", "keeper heard before", "turned off by a human"],
)
def test_what_is_as_it_should_be_or_not_known_is_no_late_homecoming(host):
    """A problem that is none teaches people to read past all of them."""
    assert seen(host) == {}


@pytest.mark.parametrize("source", [Source.HOME_STARTDS, Source.KEEPERS])
def test_a_silent_collector_makes_nobody_late(source):
    """Absence is not evidence: with the collector down, every host of a reclaim was called missing."""
    blind = {source: Reading(source=source, at_s=NOW, problem="no answer")}
    assert seen(facts("p201", keeper=keeper()), readings=blind) == {}


def test_a_host_on_its_way_out_is_not_awaited():
    """Only who was called home can be late."""
    assert seen(facts("p201", keeper=keeper()), leaving=record("p201", Stage.RESTART_ORDERED)) == {}
