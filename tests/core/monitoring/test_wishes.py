"""The table of herds and alerts, stage by stage; marks, permissions and the sign of life."""

import dataclasses
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.monitoring.heartbeat import heartbeat
from shepherd.core.monitoring.permissions import missing
from shepherd.core.monitoring.wishes import Sound, wishes_of
from shepherd.model.host import HostName, HostState
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.monitoring import Mark, Permissions, SilenceKind, mark_in
from shepherd.model.observation import HostFacts, Queue, Reading, Source
from shepherd.model.orders import Stage, SwitchRecord
from tests import build

ICINGA = IcingaSettings(url="https://icinga", flock=("{flock}!startd", "{host}!container"), heartbeat="cm!shepherd")
SETTINGS = dataclasses.replace(build.settings(), icinga=ICINGA)
SILENT, AS_IS, LOUD = Sound.SILENT, Sound.AS_IS, Sound.LOUD
NOT_BELIEVED: Mapping[Source, Reading] = {
    source: Reading(source=source, at_s=build.NOW, problem="silent") for source in Source
}


def sounds(
    facts: HostFacts | None, record: SwitchRecord | None, readings: Mapping[Source, Reading] | None = None
) -> tuple[Sound, Sound]:
    """Of the regular and of the flocking startd's check."""
    seen = build.snapshot(*([facts] if facts else []), readings=readings)
    switches = {record.host: record} if record else {}
    wishes = wishes_of(seen, switches, SETTINGS, "c0ffee", build.NOW)
    assert wishes["f201!startd"].sound is wishes["p201!container"].sound
    return wishes["p201!startd"].sound, wishes["f201!startd"].sound


OLD = build.NOW - 10_000
SEEN = build.facts("p201", regular=build.regular(), flock=build.flock_startd())
STALE = build.facts("p201", regular=build.regular(heard_at_s=OLD), flock=build.flock_startd(heard_at_s=OLD))
UNSEEN = build.facts("p201")
BEFORE = [Stage.GRANTED, Stage.DRAIN_ORDERED, Stage.GO_GIVEN, Stage.RESTART_ORDERED]
AFTER = [Stage.REVOKED, Stage.OFF_ORDERED, Stage.FAST_ORDERED]


@pytest.mark.parametrize("facts", [SEEN, STALE, UNSEEN, None])
@pytest.mark.parametrize("stage", [*BEFORE, *AFTER])
def test_in_a_switch_both_are_silent(stage: Stage, facts: HostFacts | None) -> None:
    """The regular startd was back for a second, and drained again: the pager went off in between."""
    assert sounds(facts, build.record("p201", stage)) == (SILENT, SILENT)


@pytest.mark.parametrize(
    ("facts", "stage", "readings", "expected"),
    [
        (SEEN, Stage.LENT, None, (SILENT, LOUD)),
        (STALE, Stage.LENT, None, (SILENT, AS_IS)),
        (UNSEEN, Stage.LENT, None, (SILENT, AS_IS)),
        (None, Stage.LENT, None, (SILENT, AS_IS)),
        (SEEN, Stage.LENT, NOT_BELIEVED, (SILENT, AS_IS)),
        (SEEN, None, None, (LOUD, SILENT)),
        (STALE, None, None, (AS_IS, SILENT)),
        (UNSEEN, None, None, (AS_IS, SILENT)),
        (SEEN, None, NOT_BELIEVED, (AS_IS, SILENT)),
        (build.facts("p201", regular=build.regular(drain="disk swap")), None, None, (LOUD, SILENT)),
    ],
)
def test_a_check_is_loud_only_when_its_startd_is_seen(
    facts: HostFacts | None, stage: Stage | None, readings: Mapping[Source, Reading] | None, expected: object
) -> None:
    """A host that did not come back alarmed for a lend that had ended, not for what was wrong."""
    assert sounds(facts, build.record("p201", stage) if stage else None, readings) == expected


def test_a_mark_says_whose_it_is_and_why() -> None:
    """An administrator found five hundred downtimes and no word of explanation."""
    switches = {HostName("p201"): build.record("p201", Stage.LENT, why="few idle\njobs")}
    wishes = wishes_of(build.snapshot(SEEN), switches, SETTINGS, "c0ffee", build.NOW)
    mark = wishes["p201!startd"].mark
    assert (mark.pool, mark.instance, mark.host) == ("home.lab", "c0ffee", "p201")
    assert mark.lease == switches[HostName("p201")].lease
    assert mark.text().startswith("p201 is lent: few idle jobs [shepherd pool=home.lab ")


@given(st.builds(Mark, pool=st.text(), instance=st.text(), host=st.text(), lease=st.text(), why=st.text()))
def test_any_mark_is_read_back(mark: Mark) -> None:
    """A pool's name with a space in it made its shepherd forget what it had silenced."""
    found = mark_in(mark.text())
    assert found is not None
    assert dataclasses.replace(found, why="") == dataclasses.replace(mark, why="")


@pytest.mark.parametrize("text", ["", "by hand", "[shepherd pool=a]", "[shepherd pool=a instance=b host=c lease=d] x"])
def test_no_mark_is_made_up(text: str) -> None:
    """A comment that quoted a mark was taken for one."""
    assert mark_in(text) is None


def permissions(*granted: str) -> Permissions:
    return Permissions(user="shepherd", granted=granted, version="r2.13.6-1")


DOWNTIMES = ("actions/schedule-downtime", "actions/remove-downtime", "objects/query/Downtime")
QUERIES = ("objects/query/Host", "objects/query/Service")
CHECKS = (*QUERIES, "objects/modify/Host", "objects/modify/Service")


@pytest.mark.parametrize(
    ("kind", "granted", "expected"),
    [
        (SilenceKind.DOWNTIME, ("*",), ()),
        (SilenceKind.DOWNTIME, ("actions/*", "objects/query/*"), ()),
        (SilenceKind.DOWNTIME, ("actions/*", "objects/query/downtime"), QUERIES),
        (SilenceKind.DOWNTIME, (*DOWNTIMES, *QUERIES, "actions/process-check-result"), ()),
        (SilenceKind.DOWNTIME, ("actions/schedule-*",), (*DOWNTIMES[1:], *QUERIES, "actions/process-check-result")),
        (SilenceKind.CHECKS_OFF, DOWNTIMES, (*CHECKS, "actions/process-check-result")),
    ],
)
def test_missing_permissions_are_named(kind: SilenceKind, granted: tuple[str, ...], expected: object) -> None:
    """"No objects found", said Icinga, and meant a permission."""
    flock = ("{flock}",)
    icinga = dataclasses.replace(ICINGA, silence=kind, flock=flock)
    assert missing(permissions(*granted), icinga) == expected


def test_the_sign_of_life_says_how_many_hosts_are_where() -> None:
    """Figures that came and went made holes in every graph."""
    states = [HostState.LOCAL, HostState.LOCAL, HostState.FLOCK]
    queue = Queue(idle_jobs=7, running_jobs=3, schedds=("cm",))
    beat = heartbeat(states, queue, 12.34, [], SETTINGS, {})
    assert beat.text == "OK - 2 local, 1 flock"
    assert beat.is_well
    assert beat.performance == {
        "local": 2, "arming": 0, "drained": 0, "flock": 1, "leaving": 0, "held": 0, "unknown": 0, "hosts": 3,
        "barred": 0, "cycle_age_s": 12.3, "idle_jobs": 7, "running_jobs": 3,
    }  # fmt: skip
    troubled = heartbeat(states, None, -5, ["the disk\nis full", "and more"], SETTINGS, {})
    assert troubled.text == "WARNING - the disk is full; 2 local, 1 flock"
    assert not troubled.is_well
    assert "idle_jobs" not in troubled.performance


def test_a_sign_of_life_warns_of_a_pool_that_nobody_can_lend_from() -> None:
    """OK, said Icinga for a week in which keepers ran nowhere, and in which a rack was gone."""
    states = [HostState.LOCAL] * 18 + [HostState.UNKNOWN] * 2
    well = heartbeat(states, None, 1, [], SETTINGS, {"person": 12, "keeper": 1, "cooling": 1})
    assert (well.is_well, well.performance["barred"]) == (True, 14)
    assert well.text == "OK - 18 local, 2 unknown; 14 could not be lent (12 person, 1 cooling, 1 keeper)"
    barred = heartbeat(states, None, 1, [], SETTINGS, {"keeper": 2, "cooling": 1})
    assert barred.text.startswith("WARNING - many hosts cannot be lent: keepers are not heard, or lends fail; 18 local")
    dark = heartbeat([*states, HostState.UNKNOWN], None, 1, [], SETTINGS, {})
    assert dark.text == "WARNING - of many hosts it is not known what they do; 18 local, 3 unknown"


def test_a_host_or_two_may_boot_without_a_word() -> None:
    """In a pool of five a reboot was a warning, so nobody read warnings any more."""
    states = [HostState.LOCAL] * 3 + [HostState.UNKNOWN] * 2
    assert heartbeat(states, None, 1, [], SETTINGS, {"keeper": 1, "cooling": 1}).is_well
    assert not heartbeat([*states, HostState.UNKNOWN], None, 1, [], SETTINGS, {}).is_well
