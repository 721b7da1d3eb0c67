"""The table of moves of one host, row by row."""

import pytest

from shepherd.core.switch.move import Advance, Do, Over, Wait, after, next_move
from shepherd.model.host import HostName, LeaseId
from shepherd.model.observation import KeeperPhase, RegularMaster
from shepherd.model.orders import HOMEWARD, Outcome, Result, Stage, Step, StepKind
from shepherd.model.settings import TimerSettings
from tests.build import NOW, facts, flock_startd, keeper, record, regular

TIMERS = TimerSettings()
LEASE = "p201.1700000000.0000abcd"
ARMED = keeper(KeeperPhase.ARMED, lease=LEASE)
HOLDING = keeper(KeeperPhase.HOLDING, lease=LEASE)
FLOCKING = keeper(KeeperPhase.FLOCKING, lease=LEASE)
DRAINED = regular(drain=f"shepherd:{LEASE}", drained=True)
OFF = RegularMaster(startd_off=True, heard_at_s=NOW, off_since_s=NOW - 16)


def move(stage, *, now=NOW, more=None, **seen):
    return next_move(facts("p201", **seen), record("p201", stage, **(more or {})), now, TIMERS)


def outcome(kind: StepKind, result: Result) -> Outcome:
    step = Step(kind=kind, host=HostName("p201"), lease=LeaseId(LEASE), cause="c")
    return Outcome(step=step, result=result, detail="a slot is busy", took_s=0.1)


@pytest.mark.parametrize(
    ("stage", "seen", "kind", "then"),
    [
        (Stage.GRANTED, {"regular": regular(), "keeper": ARMED}, StepKind.DRAIN, Stage.DRAIN_ORDERED),
        (Stage.DRAIN_ORDERED, {"regular": DRAINED, "keeper": ARMED}, StepKind.GO, Stage.GO_GIVEN),
        (Stage.GO_GIVEN, {"regular": DRAINED, "keeper": ARMED}, StepKind.RESTART, Stage.RESTART_ORDERED),
        (Stage.REVOKED, {"keeper": FLOCKING, "flock": flock_startd()}, StepKind.OFF_GRACEFUL, Stage.OFF_ORDERED),
    ],
)
def test_each_stage_takes_its_step_when_the_facts_allow(stage, seen, kind, then):
    """The order of the steps is the safety: armed before drained, `go` before the startd leaves."""
    made = move(stage, **seen)
    assert isinstance(made, Do)
    assert (made.kind, made.record.stage) == (kind, then)


@pytest.mark.parametrize(
    ("stage", "seen", "kind"),
    [
        (Stage.GRANTED, {"regular": regular(), "keeper": ARMED}, None),
        (Stage.GRANTED, {"regular": regular(busy=1), "keeper": ARMED}, StepKind.REVOKE),
        (Stage.DRAIN_ORDERED, {"regular": DRAINED, "keeper": ARMED}, StepKind.GO),
        (Stage.GO_GIVEN, {"regular": DRAINED, "keeper": ARMED}, StepKind.RESTART),
        (Stage.REVOKED, {"keeper": FLOCKING, "flock": flock_startd()}, StepKind.OFF_GRACEFUL),
    ],
)
def test_what_holds_a_lend_holds_its_drain_and_nothing_else(stage, seen, kind):
    """A monitoring that was waited for kept a host drained, and another from going home."""
    made = next_move(facts("p201", **seen), record("p201", stage), NOW, TIMERS, "its check is not silent yet")
    assert (made.kind if isinstance(made, Do) else None) is kind
    assert isinstance(made, Do) or made == Wait(why="its check is not silent yet")


@pytest.mark.parametrize(
    ("stage", "seen", "why", "failed"),
    [
        (Stage.GRANTED, {"regular": regular(busy=1), "keeper": ARMED}, "a local job came first", False),
        (Stage.GRANTED, {"regular": regular(drain="disk swap"), "keeper": ARMED}, "somebody drains it", False),
        (Stage.LENT, {"keeper": FLOCKING, "master": OFF}, "somebody turned", False),
        (Stage.GRANTED, {"regular": regular(), "keeper": keeper(nonce="n2")}, "rebooted", True),
        (Stage.GRANTED, {"regular": regular(), "keeper": keeper(KeeperPhase.FAILED, problem="no net")}, "no net", True),
        (Stage.RESTART_ORDERED, {"keeper": keeper()}, "its container ended", True),
        (Stage.LENT, {"keeper": keeper(problem="the lease lapsed")}, "the lease lapsed", True),
    ],
)
def test_what_stands_in_the_way_turns_the_host_round(stage, seen, why, failed):
    """Every outward trouble ends in one act, going home; nothing is forced."""
    made = move(stage, **seen)
    assert isinstance(made, Do)
    assert made.kind is StepKind.REVOKE
    assert why in made.record.why
    assert made.record.failed is failed


@pytest.mark.parametrize(
    ("stage", "deadline_s"),
    [(Stage.GRANTED, 180.0), (Stage.DRAIN_ORDERED, 15.0), (Stage.RESTART_ORDERED, 25.0)],
)
def test_a_stage_waits_until_its_deadline_and_then_goes_home(stage, deadline_s):
    """A stuck keeper must not hold a host in the middle for ever."""
    began = {"stage_at_s": NOW, "granted_at_s": NOW}
    seen = {"regular": regular(), "keeper": keeper(KeeperPhase.PREPARING, lease=LEASE)}
    assert isinstance(move(stage, now=NOW + deadline_s - 1, more=began, **seen), Wait)
    late = move(stage, now=NOW + deadline_s + 1, more=began, **seen)
    assert isinstance(late, Do)
    assert late.kind is StepKind.REVOKE


def test_a_start_has_one_deadline_from_go_on():
    """Counted anew from the restart, a start that failed late left its host without a startd for over a minute."""
    late_s = TIMERS.start_deadline_s - 5
    restarted = move(Stage.GO_GIVEN, now=NOW + late_s, more={"stage_at_s": NOW}, regular=DRAINED, keeper=ARMED)
    assert isinstance(restarted, Do)
    assert restarted.kind is StepKind.RESTART
    record = restarted.record
    assert isinstance(next_move(facts("p201", keeper=HOLDING), record, NOW + late_s + 4, TIMERS), Wait)
    over = next_move(facts("p201", keeper=HOLDING), record, NOW + late_s + 6, TIMERS)
    assert isinstance(over, Do)
    assert over.kind is StepKind.REVOKE


@pytest.mark.parametrize(
    ("stage", "deadline_s"),
    [(Stage.DRAIN_ORDERED, TIMERS.drain_deadline_s), (Stage.GO_GIVEN, TIMERS.start_deadline_s)],
)
def test_a_drained_host_whose_deadline_is_over_goes_home(stage, deadline_s):
    """The drain's command hung; `go` came when the host had been without an accepting startd for long already."""
    made = move(stage, now=NOW + deadline_s + 1, more={"stage_at_s": NOW}, regular=DRAINED, keeper=ARMED)
    assert isinstance(made, Do)
    assert made.kind is StepKind.REVOKE


def test_a_restart_is_not_ordered_again_before_it_can_have_worked():
    """The guard that already waited was restarted over and over, and its master backed off each time."""
    ordered = record("p201", Stage.RESTART_ORDERED, stage_at_s=NOW - 8, retry_at_s=0.0)
    done = after(ordered, outcome(StepKind.RESTART, Result.DONE), NOW)
    assert not isinstance(done, Do)
    seen = facts("p201", regular=DRAINED, keeper=ARMED)
    assert isinstance(next_move(seen, done, NOW + 4.9, TIMERS), Wait)
    again = next_move(seen, done, NOW + 5, TIMERS)
    assert isinstance(again, Do)
    assert again.kind is StepKind.RESTART


def test_a_restart_under_way_does_not_hold_up_a_reclaim():
    """The order home came while the tool still ran; its outcome made the host wait for nothing."""
    revoked = record("p201", Stage.REVOKED, undrain=True)
    changed = after(revoked, outcome(StepKind.RESTART, Result.DONE), NOW)
    assert not isinstance(changed, Do)
    made = next_move(facts("p201", regular=DRAINED, keeper=ARMED), changed, NOW, TIMERS)
    assert isinstance(made, Do)
    assert made.kind is StepKind.UNDRAIN


def test_a_startd_that_waits_out_its_back_off_is_not_taken_for_off():
    """Seen on a real master: between two lives of the startd its ad says the same as after condor_off."""
    restarting = RegularMaster(startd_off=True, heard_at_s=NOW, off_since_s=NOW - 6)
    made = move(Stage.RESTART_ORDERED, keeper=ARMED, master=restarting)
    assert isinstance(made, Wait)


def test_a_startd_that_restarts_by_itself_right_after_our_drain_loses_no_lend():
    """Seen on a real site: its update was due in the second of the drain, and PID 1 waited for a go in vain."""
    made = move(Stage.DRAIN_ORDERED, more={"drain_taken": True}, keeper=HOLDING)
    assert isinstance(made, Do)
    assert made.kind is StepKind.GO
    reached = move(Stage.GO_GIVEN, keeper=HOLDING)
    assert isinstance(reached, Advance)
    assert reached.record.stage is Stage.RESTART_ORDERED


def test_a_startd_that_ended_before_it_took_our_drain_gives_the_host_to_nobody():
    """An administrator's condor_off just then must not hand the host to guests."""
    assert isinstance(move(Stage.DRAIN_ORDERED, keeper=HOLDING), Wait)


def test_a_startd_that_is_not_drained_for_this_lend_is_never_told_to_restart():
    """A shepherd that was away for a while could end a fresh startd with a local job on it."""
    assert isinstance(move(Stage.GO_GIVEN, regular=regular(busy=1), keeper=ARMED), Wait)


def test_a_drain_of_another_lend_is_not_taken_for_ours():
    """An old drain that lingers must not start a container over a working startd."""
    old = regular(drain="shepherd:p201.1600000000.00000000", drained=True)
    assert isinstance(move(Stage.DRAIN_ORDERED, regular=old, keeper=ARMED), Wait)


def test_lent_is_reached_only_when_startd_and_keeper_agree():
    """The ad of a killed startd lingers for fifteen minutes and proves nothing."""
    lingering = flock_startd(heard_at_s=NOW - 500)
    assert isinstance(move(Stage.RESTART_ORDERED, flock=lingering, keeper=FLOCKING), Wait)
    made = move(Stage.RESTART_ORDERED, flock=flock_startd(), keeper=FLOCKING)
    assert isinstance(made, Advance)
    assert made.record.stage is Stage.LENT


def test_a_drained_startd_that_stays_is_told_again():
    """The first command to a freshly restarted master can fail."""
    made = move(Stage.RESTART_ORDERED, regular=DRAINED, keeper=ARMED)
    assert isinstance(made, Do)
    assert made.kind is StepKind.RESTART


def test_a_refused_drain_goes_home_without_blame_and_cancels_it():
    """A local job matched between reading and draining wins; the host does not cool for it."""
    made = after(record("p201", Stage.DRAIN_ORDERED), outcome(StepKind.DRAIN, Result.REFUSED), NOW)
    assert isinstance(made, Do)
    assert (made.kind, made.record.failed, made.record.undrain) == (StepKind.REVOKE, False, True)


def test_a_drain_that_was_taken_is_remembered():
    """Whether the startd's end loses anything depends on it."""
    changed = after(record("p201", Stage.DRAIN_ORDERED), outcome(StepKind.DRAIN, Result.DONE), NOW)
    assert not isinstance(changed, Do)
    assert changed.drain_taken


def test_a_failed_off_is_tried_again_later_and_later():
    """A master that answers nothing must not be asked four times a second."""
    first = after(record("p201", Stage.OFF_ORDERED), outcome(StepKind.OFF_GRACEFUL, Result.FAILED), NOW)
    assert not isinstance(first, Do)
    second = after(first, outcome(StepKind.OFF_GRACEFUL, Result.FAILED), NOW)
    assert not isinstance(second, Do)
    assert 0 < first.retry_at_s - NOW < second.retry_at_s - NOW
    seen = facts("p201", keeper=FLOCKING, flock=flock_startd())
    again = next_move(seen, second, second.retry_at_s, TIMERS)
    assert isinstance(again, Do)
    assert again.kind is StepKind.OFF_GRACEFUL


def test_the_ladder_goes_from_graceful_to_fast_when_the_notice_is_over():
    """A guest has its notice, and not a second more."""
    seen = {"keeper": FLOCKING, "flock": flock_startd(busy=1)}
    began = {"stage_at_s": NOW}
    assert isinstance(move(Stage.OFF_ORDERED, now=NOW + 59, more=began, **seen), Wait)
    made = move(Stage.OFF_ORDERED, now=NOW + 60, more=began, **seen)
    assert isinstance(made, Do)
    assert made.kind is StepKind.OFF_FAST


@pytest.mark.parametrize("stage", sorted(HOMEWARD, key=str))
def test_a_host_is_home_when_its_startd_is_back_and_its_container_gone(stage):
    """Only both together are home: the lock is free and somebody took it."""
    assert isinstance(move(stage, regular=regular(), keeper=keeper()), Over)
    assert not isinstance(move(stage, regular=regular(), keeper=FLOCKING), Over)
    assert not isinstance(move(stage, keeper=keeper()), Over)


def test_our_drain_is_cancelled_before_a_host_counts_as_home():
    """Otherwise a refused lend leaves a host that accepts nothing until its next update."""
    made = move(Stage.REVOKED, more={"undrain": True}, regular=DRAINED, keeper=keeper())
    assert isinstance(made, Do)
    assert made.kind is StepKind.UNDRAIN


@pytest.mark.parametrize("stage", sorted(HOMEWARD, key=str))
def test_the_ad_of_a_startd_that_ended_drained_is_no_startd_that_is_back(stage):
    """A startd that was told to reconfigure leaves its last ad behind; a host without any counted as home."""
    assert not isinstance(move(stage, regular=DRAINED, keeper=keeper()), Over)


def test_a_vanished_host_is_forgotten_only_when_its_lease_has_lapsed():
    """Absence is not evidence; time is."""
    began = {"stage_at_s": NOW}
    assert isinstance(move(Stage.REVOKED, now=NOW + 900, more=began), Wait)
    assert isinstance(move(Stage.REVOKED, now=NOW + 1000, more=began), Over)
