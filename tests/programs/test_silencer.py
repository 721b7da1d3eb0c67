"""The silencer beside the loop: it never waits, records before and after, and says what is wrong."""

import dataclasses
import itertools
from collections.abc import Callable, Sequence

import pytest

from shepherd.errors import MonitoringRefused
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import HostName
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.monitoring import Begin, Heartbeat, Silence
from shepherd.model.orders import Stage, SwitchRecord
from shepherd.programs.diary import Diary
from shepherd.programs.silencer import LIST_S, MOST_CALLS, REFUSED_S, RETRY_S, Silencer
from shepherd.sim.clock import SimClock
from shepherd.sim.icinga import SimIcinga, SimMonitoring, Trouble
from shepherd.sim.meter import Meter
from shepherd.sim.ports import SimLedger
from shepherd.sim.site import SiteSpec
from tests import build

ICINGA = IcingaSettings(url="https://icinga", flock=("{flock}!startd",), heartbeat="cm!shepherd")
SETTINGS = dataclasses.replace(build.settings(), icinga=ICINGA)
BEAT = Heartbeat(check="cm!shepherd", is_well=True, text="OK", performance={}, ttl_s=180)
HOST = HostName("p201")


class Desk:
    """A silencer whose threads run when the test says so, and a monitoring to ask."""

    def __init__(self, hosts: int = 2) -> None:
        self.now_s, self.works = 0.0, list[Callable[[], None]]()
        self.names = [f"p{201 + n}" for n in range(hosts)]
        checks = [f"{herd}{name[1:]}!startd" for name in self.names for herd in "pf"]
        self.icinga = SimIcinga([*checks, "cm!shepherd"], lambda: build.NOW + self.now_s)
        self.ledger = SimLedger(Meter(SiteSpec().limits(), lambda: self.now_s))
        clock = SimClock(lambda: build.NOW + self.now_s, lambda: self.now_s)
        self.log: list[str] = []
        self.silencer = Silencer(
            settings=SETTINGS,
            monitoring=SimMonitoring(icinga=self.icinga),
            background=self.works.append,
            diary=Diary(self.ledger, clock, lambda *_, **__: None),
            clock=clock,
            log=lambda event, **_: self.log.append(event),
            instance="i",
        )
        self.switches: dict[HostName, SwitchRecord] = {}
        self.is_alone = True

    def follow(self) -> None:
        """One tick of the loop."""
        facts = [build.facts(name, regular=build.regular(heard_at_s=build.NOW + self.now_s)) for name in self.names]
        self.silencer.follow(build.snapshot(*facts), self.switches, is_alone=self.is_alone)

    def run(self, seconds: float = 10.0) -> None:
        """Ticks, with threads that need no time."""
        for _ in range(round(seconds * 2)):
            self.follow()
            while self.works:
                self.works.pop(0)()
            self.now_s += 0.5

    def grant(self) -> SwitchRecord:
        """A lend begins."""
        made = self.switches[HOST] = build.record(HOST, Stage.GRANTED)
        return made

    def silent(self) -> set[str]:
        return {check for check in self.icinga.checks if self.icinga.is_silent(check)}

    def bodies(self, kind: EntryKind) -> list[tuple[str, object]]:
        """Recorded: the cause, and what."""
        return [(entry.cause, entry.body["kind"]) for entry in self.ledger.entries if entry.kind is kind]


@pytest.fixture(name="desk")
def a_desk() -> Desk:
    return Desk()


def test_a_lend_waits_until_its_check_is_silent_and_not_longer(desk: Desk) -> None:
    """The drain was ordered in the same second as the downtime, and came first."""
    record = desk.grant()
    assert "p201!startd is not silent yet" in desk.silencer.waits_for(record)
    desk.run(2)
    assert desk.silencer.waits_for(record) == ""
    assert "p201!startd" in desk.silent()


def test_a_lend_goes_on_when_the_monitoring_hangs(desk: Desk) -> None:
    """A thread that never came back held every lend of the site."""
    record = desk.grant()
    waits = []
    for _ in range(30):
        desk.follow()
        waits.append(bool(desk.silencer.waits_for(record)))
        desk.now_s += 1
    assert waits == [True] * round(ICINGA.lend_waits_s) + [False] * (30 - round(ICINGA.lend_waits_s))
    assert len(desk.works) == 1
    assert desk.log.count("lent without silence") == 1
    assert desk.silencer.problem == "Icinga: no answer for 30 s"


def test_a_check_that_is_just_being_made_loud_is_not_silent(desk: Desk) -> None:
    """The end of the last lend's downtime was under way when the next lend began: it relied on it."""
    desk.grant()
    desk.run(2)
    desk.switches.clear()
    desk.now_s += 11
    desk.follow()
    assert len(desk.works) == 1
    assert "p201!startd" in desk.silent()
    record = desk.grant()
    assert desk.silencer.waits_for(record) != ""


def test_nothing_is_silenced_before_it_is_known_that_we_are_alone(desk: Desk) -> None:
    """A second shepherd, which was about to be refused, had ended the first one's downtimes."""
    desk.is_alone = False
    desk.silencer.beat(BEAT)
    desk.run()
    assert desk.silent() == set()
    assert not desk.icinga.is_stale("cm!shepherd")
    desk.is_alone = True
    desk.run()
    assert desk.silent() == {"f201!startd", "f202!startd"}


def test_every_request_is_recorded_before_and_after(desk: Desk) -> None:
    """Nobody could say who had silenced the check of the host that burned, nor why."""
    record = desk.grant()
    desk.run(3)
    assert desk.bodies(EntryKind.STEP) == [
        (record.lease, "silence"), (record.lease, "silence"), ("monitoring", "monitoring"),
    ]  # fmt: skip
    assert desk.bodies(EntryKind.OUTCOME) == desk.bodies(EntryKind.STEP)
    kinds = [entry.kind for entry in desk.ledger.entries]
    assert kinds.index(EntryKind.STEP) < kinds.index(EntryKind.OUTCOME)
    assert {outcome["result"] for entry in desk.ledger.entries for outcome in results(entry)} == {"done"}


def results(entry: Entry) -> Sequence[dict[str, str]]:
    """The outcomes in a record."""
    if entry.kind is not EntryKind.OUTCOME:
        return ()
    return entry.body.get("calls") or [entry.body]  # type: ignore[return-value]


def test_a_full_disk_silences_nobodys_alerts_and_keeps_none_silent(desk: Desk) -> None:
    """The records' disk was full, and a host that had come home stayed silent for two hours."""
    desk.grant()
    desk.run()
    desk.ledger.full = True
    desk.switches.clear()
    desk.run(20)
    assert desk.silent() == {"f201!startd", "f202!startd"}


@pytest.mark.parametrize("trouble", [Trouble.SILENT, Trouble.RELOADING])
def test_a_silent_monitoring_is_asked_less_and_less_often(desk: Desk, trouble: Trouble) -> None:
    """A daemon that asked four times a second kept Icinga from ever finishing its reload."""
    desk.icinga.befall(trouble)
    asked = []
    for second in range(300):
        before = len(desk.works)
        desk.follow()
        asked += [second] * (len(desk.works) - before)
        while desk.works:
            desk.works.pop(0)()
        desk.now_s += 1
    gaps = [late - early for early, late in itertools.pairwise(asked)]
    assert gaps[0] <= RETRY_S + 1
    assert gaps == sorted(gaps)
    assert 5 < len(asked) < 12
    assert desk.silencer.problem.startswith("Icinga: ")
    assert desk.log.count("the monitoring does not do as asked") == 1
    desk.icinga.befall(Trouble.NONE)
    desk.run(70)
    assert desk.silencer.problem == ""
    assert "the monitoring does as asked again" in desk.log


def test_one_check_that_is_refused_holds_no_other(desk: Desk) -> None:
    """One host without objects in Icinga, and no check of the whole site was silenced."""
    del desk.icinga.checks["f201!startd"]
    desk.run()
    assert desk.silent() == {"f202!startd"}
    assert "f201!startd: 404 No objects found" in desk.silencer.problem
    desk.icinga.checks["f201!startd"] = desk.icinga.checks["f202!startd"]
    desk.run(REFUSED_S + 1)
    assert desk.silencer.problem == ""


def test_after_an_answer_that_was_lost_what_is_there_is_asked_first(desk: Desk) -> None:
    """A request that timed out was made again, and again: forty downtimes of one check."""
    desk.run(0.5)
    desk.icinga.befall(Trouble.MUTE)
    desk.run(0.5)
    assert len(desk.icinga.downtimes) == 1
    desk.icinga.befall(Trouble.NONE)
    desk.run(10)
    assert len(desk.icinga.downtimes) == 2
    assert desk.icinga.ended == []


def test_a_refusal_that_does_not_matter_any_more_is_not_told(desk: Desk) -> None:
    """A problem that had gone with its lend stood in the status for weeks."""
    del desk.icinga.checks["p201!startd"]
    desk.grant()
    desk.run(3)
    assert "p201!startd" in desk.silencer.problem
    desk.switches.clear()
    desk.run(12)
    assert desk.silencer.problem == ""


class Unlucky(SimMonitoring):
    """The password is not accepted any more."""

    begun = 0

    def begin(self, wanted: Begin) -> Silence:
        self.begun += 1
        raise MonitoringRefused(f"{wanted.check}: wrong password", is_user=True)


def test_a_password_that_is_not_accepted_ends_the_turn(desk: Desk) -> None:
    """Three thousand wrong logins a minute locked the user, then the address."""
    monitoring = Unlucky(icinga=desk.icinga)
    desk.silencer.adopt(SETTINGS, monitoring)
    desk.run(2)
    assert monitoring.begun == 1
    assert "wrong password" in desk.silencer.problem


def test_a_turn_is_short_so_that_what_is_urgent_comes_soon() -> None:
    """A lend waited behind the first silences of three thousand hosts."""
    desk = Desk(hosts=3 * MOST_CALLS)
    desk.run(1)
    assert len(desk.silent()) == MOST_CALLS
    desk.grant()
    desk.run(0.5)
    assert "p201!startd" in desk.silent()
    desk.run(3)
    assert len(desk.silent()) == 3 * MOST_CALLS + 1


class Slow(SimMonitoring):
    """Each request takes its time, and no more than it may."""

    desk: Desk
    takes_s = 0.8 * ICINGA.request_s

    def begin(self, wanted: Begin) -> Silence:
        self.desk.now_s += self.takes_s
        return super().begin(wanted)

    def end(self, silence: Silence) -> None:
        self.desk.now_s += self.takes_s
        super().end(silence)


def test_a_slow_monitoring_makes_turns_shorter() -> None:
    """Fifty requests of four seconds each, and the fifty-first was the one that mattered."""
    desk = Desk(hosts=20)
    slow = Slow(icinga=desk.icinga)
    slow.desk = desk
    desk.silencer.adopt(SETTINGS, slow)
    desk.run(0.5)
    desk.follow()
    began_s = desk.now_s
    desk.works.pop()()
    assert desk.now_s - began_s < 2 * ICINGA.request_s
    assert 0 < len(desk.silent()) < 5


def test_a_slow_monitoring_makes_hosts_loud_turn_by_turn() -> None:
    """Sixty hosts came home; what a turn did not come to was forgotten until the next listing, and again: four
    minutes without their alerts."""
    desk = Desk(hosts=20)
    for name in desk.names:
        desk.switches[HostName(name)] = build.record(name, Stage.LENT)
    desk.run(5)
    regular = {f"{name}!startd" for name in desk.names}
    assert regular <= desk.silent()
    slow = Slow(icinga=desk.icinga)
    slow.desk, slow.takes_s = desk, 0.5
    desk.silencer.adopt(SETTINGS, slow)
    desk.switches.clear()
    began_s = desk.now_s
    while regular & desk.silent():
        desk.run(0.5)
        assert desk.now_s - began_s < 60
    assert desk.now_s - began_s < 40
    desk.run(30)
    assert len(asked(desk, EntryKind.STEP)) == len(asked(desk, EntryKind.OUTCOME))


def asked(desk: Desk, kind: EntryKind) -> list[object]:
    """Every request in the records."""
    told = [entry.body for entry in desk.ledger.entries if entry.kind is kind]
    return [call for body in told for call in body.get("calls") or [body]]  # type: ignore[attr-defined]


def test_other_settings_are_followed_and_a_turn_under_way_is_forgotten(desk: Desk) -> None:
    """After a reload the answers of the old Icinga were taken for the new one's."""
    desk.follow()
    desk.works.pop()()
    other = Desk()
    desk.silencer.adopt(SETTINGS, SimMonitoring(icinga=other.icinga))
    desk.run()
    assert other.silent() == {"f201!startd", "f202!startd"}
    assert desk.silent() == set()
    desk.silencer.adopt(dataclasses.replace(SETTINGS, icinga=IcingaSettings()), None)
    record = desk.grant()
    desk.run()
    assert desk.silencer.waits_for(record) == ""
    assert desk.silencer.problem == ""
    assert "p201!startd" not in other.silent()


def test_what_somebody_ended_by_hand_is_made_again(desk: Desk) -> None:
    """An administrator tidied up, and every container that was not there alarmed."""
    desk.run()
    desk.icinga.downtimes.clear()
    desk.run(LIST_S + 2)
    assert desk.silent() == {"f201!startd", "f202!startd"}


def test_a_sign_of_life_that_is_refused_is_told_and_tried_again(desk: Desk) -> None:
    """The heartbeat's check had another name in Icinga; nobody was told, and nobody was alarmed."""
    check = desk.icinga.checks.pop("cm!shepherd")
    assert desk.silencer.wants_beat()
    desk.silencer.beat(BEAT)
    desk.run(2)
    assert "sign of life: 404" in desk.silencer.problem
    assert not desk.silencer.wants_beat()
    desk.icinga.checks["cm!shepherd"] = check
    desk.now_s += BEAT.ttl_s / 3
    assert desk.silencer.wants_beat()
    desk.silencer.beat(BEAT)
    desk.run(2)
    assert desk.silencer.problem == ""
    assert not desk.icinga.is_stale("cm!shepherd")
