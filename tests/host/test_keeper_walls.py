"""The keeper's loop when a wall around guests is missing, or falls while they are in."""

import pytest

from shepherd.model.lease import LeasePhase
from shepherd.model.observation import KeeperPhase
from shepherd.model.reach import Attempt, Whence
from shepherd.ports_node import NodeFile
from tests.host.keeper_parts import NO_GUARD, PID
from tests.host.keeper_world import SETTINGS, STORAGE, World, armed, flocking, phase_is

HOLE = Attempt(whence=Whence.JOB, target=STORAGE)
ROUND_S = SETTINGS.leak_check_s + 5.0


def test_a_container_without_its_rules_never_gets_the_host() -> None:
    """nft was missing on one host; its jobs could advertise startds of their own to the flock pool."""
    world = World()
    world.shield_fails = True
    keeper = world.keeper()
    world.publish(LeasePhase.ARM)
    keeper.run_until(phase_is(KeeperPhase.FAILED))
    assert "nft failed" in (world.report.problem or "")
    assert NodeFile.CONTROL not in world.files
    keeper.run_until(lambda world: not world.containers)


def test_a_container_has_its_rules_before_it_may_do_anything() -> None:
    """A job that started in the first second had no rules for its first second."""
    world = World()
    armed(world)
    assert world.shielded == [PID]


def test_a_network_that_has_drifted_is_told_and_nothing_starts() -> None:
    """Somebody had removed the host guard; the host was lent all the same."""
    world = World()
    world.network_problem = NO_GUARD
    keeper = world.keeper()
    world.publish(LeasePhase.ARM)
    keeper.run(20.0)
    assert world.started == 0
    assert "host guard" in (world.report.problem or "")


def test_a_network_that_was_lost_is_made_again_while_nothing_is_lent() -> None:
    """After the power cut no host was lent until somebody had logged in to each and said `node up`."""
    world = World()
    world.network_problem, world.network_can_be_mended = "the docker network is missing", True
    world.keeper().run(20.0)
    assert not world.report.problem
    assert world.network_problem == ""


def refused(world: World) -> str:
    """Try to lend the host; the reason why it is not."""
    keeper = world.keeper()
    world.publish(LeasePhase.ARM)
    keeper.run_until(phase_is(KeeperPhase.FAILED))
    assert NodeFile.CONTROL not in world.files, "PID 1 was allowed something"
    keeper.run_until(lambda world: not world.containers)
    return world.report.problem or ""


def test_a_container_that_reaches_the_storage_never_gets_the_host() -> None:
    """The firewall had a hole for an afternoon; every job of it could mount the home directories."""
    world = World()
    world.reached.add(HOLE)
    assert refused(world).startswith("leak: a job reached 10.1.0.9:2049")
    assert world.report.leak_at_s == pytest.approx(world.wall_s(), abs=60.0)


def test_a_gateway_that_is_down_lends_nothing_and_is_no_leak() -> None:
    """Twenty hosts were lent behind a dead gateway, and sat there."""
    world = World()
    world.reached = set()
    assert "is the gateway up?" in refused(world)
    assert world.report.leak_at_s == 0.0


def test_a_container_with_less_walls_than_meant_never_gets_the_host() -> None:
    """A dockerd without seccomp took the profile and did nothing with it."""
    world = World()
    world.dockerd_is_lax = True
    assert refused(world).startswith("the container is not as specified: set-id programs work")


def test_a_host_where_no_job_could_have_walls_is_not_lent() -> None:
    """An AppArmor profile was not loaded on one host: it was lent all night, and held each job that it was given."""
    world = World()
    world.job_trouble = "a job's walls cannot be built here: bwrap: setting up uid map: Permission denied"
    assert "uid map" in refused(world)


def test_a_wall_that_falls_while_guests_are_in_ends_the_lend() -> None:
    """The administrator reloaded his firewall at noon, ours was gone, and guests stayed for two days."""
    world = World()
    keeper = flocking(world)
    keeper.run(ROUND_S)
    assert world.report.phase is KeeperPhase.FLOCKING
    world.reached.add(HOLE)
    keeper.run_until(lambda world: world.control()["phase"] == "leave", ROUND_S)
    assert world.report.leak_at_s == pytest.approx(world.wall_s(), abs=ROUND_S)


def test_a_leak_is_remembered_by_the_next_keeper() -> None:
    """The keeper was upgraded within the minute, and the shepherd never heard of the leak; or, as it was rounded, heard
    of it as of a new one, and latched flocking off again behind the administrator's back."""
    world = World()
    world.reached.add(HOLE)
    refused(world)
    found_at_s = world.report.leak_at_s
    world.publish(None)
    world.keeper().run(30.0)
    assert world.report.leak_at_s == found_at_s


def test_a_dockerd_that_is_slow_on_the_round_ends_no_lend() -> None:
    """A busy dockerd answered late, and forty hosts threw their guests out at once."""
    world = World()
    keeper = flocking(world)
    world.dockerd_up = False
    keeper.run(3 * ROUND_S)
    assert world.report.phase is KeeperPhase.FLOCKING
    assert any("patrol" in line for line in world.log)


def test_a_silent_dockerd_hides_no_leak() -> None:
    """dockerd hung on a host behind an open firewall: each round ended with the question that it did not answer."""
    world = World()
    keeper = flocking(world)
    world.dockerd_up = False
    world.reached.add(HOLE)
    keeper.run_until(lambda world: world.control()["phase"] == "leave", 2 * ROUND_S)
    assert world.report.leak_at_s == pytest.approx(world.wall_s(), abs=2 * ROUND_S)


def test_a_leak_that_was_seen_as_the_container_ended_is_told() -> None:
    """The lend was called off in the second in which the hole was found, and nobody heard of the hole."""
    world = World()
    keeper = flocking(world)
    world.reached.add(HOLE)
    world.dockerd_stopped = True
    keeper.run_until(lambda world: bool(world.pending), ROUND_S)
    world.end_container()
    for work in world.pending:
        work()
    keeper.run(1.0)
    assert world.report.leak_at_s > 0


def test_a_flock_pool_that_is_restarted_ends_no_lend() -> None:
    """The flock pool was upgraded, and for one minute every round of every keeper found nothing to answer it."""
    world = World()
    keeper = flocking(world)
    world.reached = set()
    keeper.run(2 * ROUND_S)
    assert world.report.phase is KeeperPhase.FLOCKING


def test_rounds_that_show_nothing_for_long_end_the_lend() -> None:
    """A guest took all ports, so that no attempt of the leak check left the container, and none ever failed."""
    world = World()
    keeper = flocking(world)
    world.reached = set()
    keeper.run_until(lambda world: world.control()["phase"] == "leave", 4 * ROUND_S)
    assert world.report.phase is KeeperPhase.LEAVING


def test_rules_in_the_container_that_changed_end_the_lend() -> None:
    """Nobody but the host's root can change them, and nobody looked."""
    world = World()
    keeper = flocking(world)
    world.shield_problem = "the rules within the container's network are not as they were loaded"
    keeper.run_until(lambda world: world.control()["phase"] == "leave", 2 * ROUND_S)
    assert world.report.phase is KeeperPhase.LEAVING


@pytest.mark.parametrize("dockerd_up", [True, False])
def test_a_guard_that_a_reload_took_away_is_made_again_and_the_guests_stay(dockerd_up: bool) -> None:
    """The configuration tool reloaded the firewall on all hosts at noon, and all guests of the site went home; another
    time dockerd was being upgraded, and no guard came back."""
    world = World()
    keeper = flocking(world)
    world.dockerd_up = dockerd_up
    world.network_problem, world.network_can_be_mended = NO_GUARD, True
    keeper.run(2 * ROUND_S)
    assert (world.network_problem, world.report.phase) == ("", KeeperPhase.FLOCKING)


def test_the_containers_token_is_renewed_before_it_lapses() -> None:
    """A lend of two days lost its pool after an hour."""
    world = World()
    keeper = flocking(world)
    assert world.minted == 1
    for _ in range(12):
        world.publish(LeasePhase.GO)
        keeper.run(100.0)
    assert world.report.phase is KeeperPhase.FLOCKING
    assert world.minted >= 5
    assert world.files[NodeFile.TOKEN] == f"token {world.minted}"
