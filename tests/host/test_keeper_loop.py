"""The keeper's loop through the bad days of a host."""

import pytest

from shepherd.core.keeper.lend import from_json
from shepherd.model.lease import LeasePhase, SignedPage
from shepherd.model.observation import KeeperPhase, LockHolder
from shepherd.ports_node import NodeFile
from tests.host.keeper_parts import PID
from tests.host.keeper_world import IMAGE, REGULAR_PID, SETTINGS, Killed, World, armed, flocking, phase_is


def test_a_lend_and_its_end() -> None:
    """The whole way: everything after this file is an exception to it."""
    world = World()
    keeper = flocking(world)
    assert world.report.lease == "L1"
    world.publish(LeasePhase.REVOKED)
    keeper.run_until(lambda world: world.control()["phase"] == "leave")
    assert world.report.phase is KeeperPhase.LEAVING
    world.end_container()
    keeper.run_until(phase_is(KeeperPhase.IDLE))
    assert not world.report.lease
    assert (world.containers, world.killed) == ([], 0)
    assert NodeFile.FENCE not in world.files
    assert NodeFile.CONTROL not in world.files


def test_the_guard_is_told_before_pid_1() -> None:
    """PID 1 took the lock before the fence stood: the guard could not have seen what it left behind."""
    world = World()
    armed(world)
    assert world.written.index(NodeFile.FENCE) < world.written.index(NodeFile.CONTROL)


@pytest.mark.parametrize("file", [NodeFile.FENCE, NodeFile.LEND])
def test_a_keeper_killed_between_fence_and_record_leaves_no_container_unfenced(file: NodeFile) -> None:
    """Its successor found the container on record and told it `go`; the guard had never heard of it."""
    world = World()
    world.dies_writing = file
    world.publish(LeasePhase.ARM)
    with pytest.raises(Killed):
        world.keeper().run(30.0)
    assert world.started == 1
    world.dies_writing = None
    world.keeper().run(30.0)
    assert NodeFile.CONTROL not in world.written
    assert world.containers == []


@pytest.mark.parametrize("left", ["", "pid=1\nstart=1\ncgroup=/cgroup/of/another\n"])
def test_a_fence_that_is_lost_or_anothers_is_written_anew_before_go(left: str) -> None:
    """A keeper that took a lend over never looked whether the guard knew of its container."""
    world = World()
    armed(world)
    fence = world.files.pop(NodeFile.FENCE)
    if left:
        world.files[NodeFile.FENCE] = left
    world.written.clear()
    world.publish(LeasePhase.GO)
    world.keeper().run(2.0)
    assert world.files[NodeFile.FENCE] == fence
    assert world.written.index(NodeFile.FENCE) < world.written.index(NodeFile.CONTROL)
    assert world.control()["phase"] == "go"


def test_a_container_that_cannot_be_fenced_is_told_nothing() -> None:
    """/run was full for a moment: the container was let go without its fence when there was room again."""
    world = World()
    world.unwritable = {NodeFile.FENCE}
    keeper = world.keeper()
    world.publish(LeasePhase.ARM)
    keeper.run_until(lambda world: world.started == 1)
    keeper.run(1.0)
    world.unwritable = set()
    keeper.run_until(phase_is(KeeperPhase.FAILED))
    assert NodeFile.CONTROL not in world.written
    assert "no space left" in str(world.report.problem)
    assert world.containers == []


def test_a_lost_fence_that_cannot_be_written_ends_the_lend_before_go() -> None:
    """Guests would have been let in while the guard knew of nobody whose end it had to wait for."""
    world = World()
    keeper = armed(world)
    del world.files[NodeFile.FENCE]
    world.unwritable = {NodeFile.FENCE}
    world.publish(LeasePhase.GO)
    keeper.run_until(lambda world: world.control()["phase"] != "wait")
    assert world.control()["phase"] == "leave"
    keeper.run_until(phase_is(KeeperPhase.FAILED))
    assert "no space left" in str(world.report.problem)
    assert world.containers == []


def test_go_is_seen_at_once_when_pid_1_has_the_lock() -> None:
    """A host waited a whole poll without a startd for a go that was long there."""
    world = World()
    keeper = armed(world)
    world.publish(LeasePhase.GO)
    world.lock = (LockHolder.FLOCK, PID)
    assert keeper.run_until(lambda world: world.control()["phase"] == "go") < 0.5


def test_a_stopped_dockerd_holds_up_neither_renewal_nor_reclaim() -> None:
    """dockerd was SIGSTOPped: guests stayed beyond every deadline, because removal was a request to it."""
    world = World()
    keeper = flocking(world)
    world.dockerd_stopped = True
    world.publish(LeasePhase.REVOKED)
    took_s = keeper.run_until(lambda world: world.killed > 0)
    assert 15.0 <= took_s <= 15.0 + 1.0 + 5.0 + 1.0, "graceful, fast, margin, one poll"
    keeper.run(30.0)
    assert world.report.phase in {KeeperPhase.LEAVING, KeeperPhase.FAILED}


def test_a_dead_dockerd_makes_a_host_that_is_not_lent() -> None:
    """Hosts whose dockerd was down were tried again and again."""
    world = World()
    world.dockerd_up = False
    keeper = world.keeper()
    keeper.run_until(phase_is(KeeperPhase.FAILED))
    assert "dockerd" in str(world.report.problem)
    world.dockerd_up = True
    keeper.run_until(phase_is(KeeperPhase.IDLE))


def test_a_restarted_keeper_goes_on_with_its_lend() -> None:
    """An upgrade of the keeper ended every guest's job."""
    world = World()
    flocking(world)
    world.keeper().run(20.0)
    assert world.report.phase is KeeperPhase.FLOCKING
    assert (world.started, world.killed, world.control()["phase"]) == (1, 0, "go")


def test_a_restart_does_not_start_the_ladder_anew() -> None:
    """A keeper that crashed in a loop gave its guests their notice again each time."""
    world = World()
    keeper = flocking(world)
    world.publish(LeasePhase.REVOKED)
    keeper.run_until(lambda world: world.control()["phase"] == "leave")
    until_s = world.now_s + 17.0
    while not world.killed and world.now_s < until_s:
        world.keeper().run(1.0)
    assert world.killed


def test_a_keeper_that_died_while_dockerd_worked_starts_no_second_container() -> None:
    """Two containers fought for one address, and one of them was nobody's."""
    world = World()
    world.dockerd_stops_later = True
    keeper = world.keeper()
    world.publish(LeasePhase.ARM)
    keeper.run_until(phase_is(KeeperPhase.PREPARING))
    world.dockerd_stops_later = False
    for work in world.pending:
        work()
    assert len(world.containers) == 1
    successor = world.keeper()
    successor.run(30.0)
    assert (world.containers, world.started) == ([], 1)


def test_revoked_while_dockerd_works_is_removed_when_it_answers() -> None:
    """The container came up after the host had been called home, and stayed."""
    world = World()
    world.dockerd_stops_later = True
    keeper = world.keeper()
    world.publish(LeasePhase.ARM)
    keeper.run_until(phase_is(KeeperPhase.PREPARING))
    world.publish(LeasePhase.REVOKED)
    keeper.run_until(phase_is(KeeperPhase.LEAVING))
    world.dockerd_stops_later = False
    for work in world.pending:
        work()
    keeper.run_until(phase_is(KeeperPhase.IDLE))
    assert (world.containers, world.alive) == ([], False)


def test_a_lease_lapses_when_nobody_renews_it() -> None:
    """Collector gone: the lease is the dead-man, on the host's own clock."""
    world = World()
    keeper = flocking(world)
    world.collector_up = False
    keeper.run(250.0)
    assert world.control()["phase"] == "go"
    took_s = keeper.run_until(lambda world: world.control()["phase"] == "leave", 100.0)
    assert took_s <= 51.0


@pytest.mark.parametrize("after_s", [3.0, 13.3, 25.6, 55.9])
def test_a_start_that_is_given_up_is_heard_at_once(after_s: float) -> None:
    """No flocking startd came; the host waited for the keeper's next look as a lent one does, without any startd."""
    world = World()
    keeper = flocking(world)
    keeper.run(after_s)
    world.publish(LeasePhase.REVOKED)
    assert keeper.run_until(lambda world: world.control()["phase"] == "leave") < 1.6


def test_a_lent_host_looks_seldom_once_its_start_is_over() -> None:
    """A thousand lent hosts asked the collector every second for what changes once in hours."""
    world = World()
    keeper = flocking(world)
    keeper.run(65.0)
    world.pages_asked_s.clear()
    keeper.run(60.0)
    assert len(world.pages_asked_s) <= 60.0 / SETTINGS.poll_flock_s + 1
    successor = world.keeper()
    world.pages_asked_s.clear()
    successor.run(60.0)
    assert len(world.pages_asked_s) <= 60.0 / SETTINGS.poll_flock_s + 2


def test_a_short_silence_changes_nothing() -> None:
    """A restarted collector is empty for a while: absence is not evidence."""
    world = World()
    keeper = flocking(world)
    world.pages = []
    keeper.run(120.0)
    assert world.report.phase is KeeperPhase.FLOCKING
    world.publish(LeasePhase.GO)
    keeper.run(250.0)
    assert world.control()["phase"] == "go"


def test_guests_leave_when_htcondor_was_stopped_but_not_when_it_is_restarted() -> None:
    """An administrator stopped the whole of HTCondor for a repair; its absence alone told the shepherd nothing."""
    world = World()
    keeper = flocking(world)
    world.condor_on = False
    keeper.run(50.0)
    world.condor_on = True
    keeper.run(50.0)
    assert world.report.phase is KeeperPhase.FLOCKING
    world.condor_on = False
    took_s = keeper.run_until(lambda world: world.control()["phase"] == "leave", 70.0)
    assert took_s >= 50.0
    assert "HTCondor is off" in str(world.report.problem)
    world.publish(None)
    world.end_container()
    keeper.run_until(phase_is(KeeperPhase.FAILED))
    assert "HTCondor is off" in str(world.report.problem)
    world.condor_on, world.lock = True, (LockHolder.REGULAR, REGULAR_PID)
    keeper.run_until(phase_is(KeeperPhase.IDLE))


def test_an_old_page_replayed_extends_nothing() -> None:
    """Whoever can write to the collector kept guests on the hosts with a page of last week."""
    world = World()
    keeper = flocking(world)
    old = list(world.pages)
    world.publish(LeasePhase.REVOKED)
    keeper.run_until(lambda world: world.control()["phase"] == "leave")
    world.pages = old
    keeper.run(60.0)
    assert world.killed
    assert world.started == 1


def test_a_forged_page_is_refused_and_told() -> None:
    """It must neither start anything nor go unnoticed."""
    world = World()
    world.publish(LeasePhase.ARM)
    world.pages = [SignedPage(payload=page.payload, key_id="k", signature=b"bad") for page in world.pages]
    world.keeper().run(20.0)
    assert world.started == 0
    assert "forged" in str(world.report.problem)


@pytest.mark.parametrize(("nonce", "image"), [("n0", IMAGE), ("n1", "sha256:" + "cd" * 32)])
def test_a_lease_for_another_boot_or_image_starts_nothing(nonce: str, image: str) -> None:
    """A page from before the reboot, and one for an image that this site never allowed."""
    world = World()
    world.publish(LeasePhase.ARM, nonce=nonce, image=image)
    world.keeper().run(30.0)
    assert world.started == 0


def test_a_lease_has_one_container_only() -> None:
    """The container died and was started again under the same lease: a lend that could not end."""
    world = World()
    keeper = flocking(world)
    world.end_container()
    keeper.run(60.0)
    assert world.started == 1
    assert world.containers == []
    world.publish(LeasePhase.REVOKED)
    keeper.run(20.0)
    world.publish(LeasePhase.ARM, lease="L2")
    keeper.run_until(phase_is(KeeperPhase.ARMED))
    assert world.started == 2


def test_a_failed_lend_is_told_until_its_lease_is_gone_and_no_longer() -> None:
    """A host whose PID 1 had waited for go in vain was never lent again: its ad told of that lend for ever."""
    world = World()
    keeper = armed(world)
    world.end_container()
    keeper.run_until(phase_is(KeeperPhase.FAILED))
    assert "ended by itself" in (world.report.problem or "")
    world.publish(LeasePhase.REVOKED)
    keeper.run_until(phase_is(KeeperPhase.IDLE))
    assert not world.report.problem


def test_a_full_run_directory_does_not_keep_guests() -> None:
    """The record of leaving could not be written, so nobody left."""
    world = World()
    keeper = flocking(world)
    world.full = True
    world.publish(LeasePhase.REVOKED)
    keeper.run_until(lambda world: world.killed > 0)
    assert world.killed


def test_a_drained_and_forgotten_startd_is_ended_after_giving_up() -> None:
    """The shepherd died between drain and go: no startd accepted work until HTCondor's next update."""
    world = World()
    keeper = armed(world)
    world.drain_reason = "shepherd:p220.1700000000.0000abcd"
    took_s = keeper.run_until(lambda world: bool(world.ended_startds), 60.0)
    assert took_s < 35.0
    assert world.ended_startds[0] == REGULAR_PID
    assert from_json(world.files[NodeFile.LEND]).lend is None or world.control().get("phase") == "leave"


@pytest.mark.parametrize("reason", ["kernel upgrade", "shepherd: do not lend, bad disk"])
def test_somebody_elses_drain_is_left_alone(reason: str) -> None:
    """An administrator's drain was undone behind his back."""
    world = World()
    keeper = armed(world)
    world.drain_reason = reason
    keeper.run(200.0)
    assert world.ended_startds == []


def test_a_stopped_pid_1_does_not_keep_an_armed_host() -> None:
    """It had no guests, and yet its host waited through a guest's whole notice."""
    world = World()
    keeper = armed(world)
    world.publish(LeasePhase.REVOKED)
    assert keeper.run_until(lambda world: world.killed > 0) < 5.0


def test_a_host_at_rest_asks_its_startd_nothing() -> None:
    """A thousand idle hosts each kept a process of HTCondor's bindings for a question that nobody had."""
    world = World()
    keeper = world.keeper()
    keeper.run(310.0)
    assert world.drain_closed == 1
    keeper.run(600.0)
    assert world.drain_closed == 1
