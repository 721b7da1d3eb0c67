"""The keeper and a quarantined container, on a fake host: every part of it may fail."""

import dataclasses
import json

import pytest

from shepherd.core.stop.quarantine import ident_of
from shepherd.errors import CommandFailed
from shepherd.model.evidence import Taking
from shepherd.model.lease import LeasePhase
from shepherd.model.observation import KeeperPhase, LockHolder
from shepherd.model.stop import Quarantine
from shepherd.model.trace import EvidenceKept
from shepherd.ports_node import NodeFile
from tests.host.keeper_world import HOST, Driven, World, flocking, phase_is

IDENT = ident_of(HOST, 1_700_000_000.0)
ORDER = Quarantine(
    ident=IDENT, host=HOST, address="10.27.2.20", at_s=1_700_000_000.0, who="ann", why="a letter came", keep_host=False
)
KEPT = dataclasses.replace(ORDER, keep_host=True)


def ordered(world: World, order: Quarantine = ORDER) -> Driven:
    """A lent host whose next page quarantines it."""
    keeper = flocking(world)
    world.publish(LeasePhase.REVOKED, quarantines=(order,))
    return keeper


def is_local(world: World) -> bool:
    return not world.alive and world.lock[0] is LockHolder.REGULAR


def test_the_container_is_cut_off_and_frozen_then_gone_and_the_evidence_told() -> None:
    """A container was killed at once, and nobody could say any more what had run in it."""
    world = World()
    keeper = ordered(world)
    keeper.run_until(is_local, 18)
    assert world.told_when_frozen
    keeper.run_until(lambda world: world.report.quarantine == IDENT, 10)
    [told] = world.traced
    assert isinstance(told, EvidenceKept)
    assert (told.quarantine, told.lost, len(told.manifest)) == (IDENT, "", 64)
    assert set(world.evidence.files[IDENT]) == {"case.json", "take1/index.jsonl", "dockerd.json", "manifest.json"}
    assert not world.is_cut
    assert len(world.containers) == 1, "its writable layer is evidence"


def test_pid_1_is_told_nothing_before_it_is_frozen() -> None:
    """The page's revocation came first, and the container cleaned up after itself."""
    world = World()
    keeper = ordered(world)
    keeper.run_until(lambda world: world.control()["phase"] == "leave", 8)
    assert world.told_when_frozen[0] == "go"


def test_nothing_is_lent_here_until_the_release() -> None:
    """A lease that was under way gave the host to the next guest."""
    world = World()
    keeper = ordered(world)
    keeper.run_until(lambda world: world.report.quarantine == IDENT, 30)
    world.publish(LeasePhase.ARM, lease="L2", quarantines=(ORDER,))
    keeper.run(30)
    assert world.started == 1
    assert world.report.phase is KeeperPhase.FAILED
    assert IDENT in (world.report.problem or "")
    world.publish(LeasePhase.ARM, lease="L2", quarantines=(dataclasses.replace(ORDER, released_at_s=1_700_000_900.0),))
    keeper.run_until(phase_is(KeeperPhase.ARMED))


def test_a_kept_container_stays_frozen_over_the_lapse_of_its_lease_and_keepers() -> None:
    """The lease lapsed, and the keeper killed what somebody wanted to look at."""
    world = World()
    keeper = ordered(world, KEPT)
    keeper.run_until(lambda world: world.report.quarantine == IDENT, 90)
    keeper.run(700)
    again = world.keeper()
    again.run(700)
    assert world.frozen
    assert world.alive
    assert world.is_cut
    assert world.report.phase is KeeperPhase.LEAVING
    world.publish(None, quarantines=(dataclasses.replace(KEPT, released_at_s=1_700_000_900.0),))
    again.run_until(is_local, 20)
    again.run_until(lambda world: "released" in world.evidence.lines[-1], 5)


def test_a_page_that_does_not_speak_of_it_releases_nothing() -> None:
    """A shepherd that had lost its state gave a frozen host back to work."""
    world = World()
    keeper = ordered(world, KEPT)
    keeper.run_until(lambda world: world.report.quarantine == IDENT, 90)
    world.publish(None)
    keeper.run(400)
    assert world.alive
    assert world.frozen


def test_a_stopped_dockerd_holds_up_nothing() -> None:
    """A container was frozen until somebody restarted dockerd."""
    world = World()
    keeper = ordered(world)
    world.dockerd_stopped = True
    assert keeper.run_until(is_local, 20) < 20


def test_a_full_disk_holds_up_nothing_and_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The evidence's file system was full, and so the attack went on."""
    world = World()

    def full(ident: str, taking: Taking) -> None:
        raise CommandFailed("no space left on device")

    monkeypatch.setattr(world.evidence, "take", full)
    keeper = ordered(world)
    keeper.run_until(is_local, 20)
    keeper.run_until(lambda world: world.report.quarantine == IDENT, 10)
    lost = json.loads(world.evidence.files[IDENT]["manifest.json"])["lost"]
    assert any("no space left" in one for one in lost)


def test_rules_that_cannot_be_loaded_are_tried_again_and_said() -> None:
    """nft failed once, and the frozen container's last packets were believed to have been cut off."""
    world = World()
    world.cutting_fails = True
    keeper = ordered(world, KEPT)
    keeper.run_until(lambda world: world.frozen, 8)
    keeper.run(3)
    world.cutting_fails = False
    keeper.run_until(lambda world: world.is_cut, 3)
    keeper.run_until(lambda world: world.report.quarantine == IDENT, 90)
    assert "nft is broken" in world.evidence.files[IDENT]["manifest.json"]


def test_a_keeper_that_dies_leaves_no_frozen_container_behind() -> None:
    """A frozen PID 1 cannot end by itself: with its keeper gone the host served nobody."""
    world = World()
    keeper = ordered(world)
    world.dockerd_stopped = True
    keeper.run_until(lambda world: world.frozen, 8)
    again = world.keeper()
    assert again.run_until(is_local, 15) < 15


def test_a_note_that_was_damaged_ends_in_the_usual_way_home() -> None:
    """Half a line in /run kept a host frozen for ever."""
    world = World()
    keeper = ordered(world, KEPT)
    keeper.run_until(lambda world: world.frozen, 8)
    world.files[NodeFile.QUARANTINE] = '{"ident": "q-'
    world.publish(None)
    again = world.keeper()
    assert again.run_until(is_local, 40) < 40


def test_a_host_without_a_container_says_so_at_once() -> None:
    """The order waited for a container that had gone, and nobody was told."""
    world = World()
    keeper = world.keeper()
    world.publish(None, quarantines=(ORDER,))
    keeper.run_until(lambda world: bool(world.reports) and world.report.quarantine == IDENT, 15)
    assert world.evidence.files == {}
    assert not world.traced


def test_a_name_that_leads_out_of_the_directory_is_not_used() -> None:
    """A quarantine `q-/../../etc` made directories in /etc."""
    world = World()
    keeper = ordered(world, dataclasses.replace(ORDER, ident="q-/../../etc"))
    keeper.run(60)
    assert world.evidence.files == {}
