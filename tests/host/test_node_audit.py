"""`shepherd check --audit` on a host made of plain values."""

import json
from types import SimpleNamespace

import pytest

from shepherd.cli.main import main
from shepherd.core.container.record import NOTHING
from shepherd.core.keeper.lend import from_json
from shepherd.model.reach import Attempt, Whence
from shepherd.ports_node import NodeFile
from shepherd.programs import node_wiring
from shepherd.programs.keeper.checks import Checks
from shepherd.programs.node_audit import NOT_LENT, NodeAudit
from tests.cli.documents import fits
from tests.host.keeper_parts import Network
from tests.host.keeper_world import SETTINGS, STORAGE, World, flocking


def audit(world: World) -> dict[str, str]:
    """What is wrong, by what was looked at."""
    return {one.what: one.problem for one in audit_of(world).run()}


def audit_of(world: World) -> NodeAudit:
    checks = Checks(SETTINGS, world, world, Network(world), world)
    lend = from_json(world.files[NodeFile.LEND]).lend if NodeFile.LEND in world.files else None
    return NodeAudit(settings=SETTINGS, engine=world, checks=checks, tokens=world, lend=lend, made=NOTHING)


def test_an_audit_for_machines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A dashboard of walls read the words "ok" and "FAILS"."""
    world = World()
    flocking(world)
    monkeypatch.setattr(node_wiring, "Node", lambda _: SimpleNamespace(audit=audit_of(world)))
    assert main(["check", "--audit", "--json"]) == 0
    fits("check-audit", json.loads(capsys.readouterr().out))
    world.reached.add(Attempt(whence=Whence.JOB, target=STORAGE))
    assert main(["check", "--audit", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    fits("check-audit", told)
    assert any(one["problem"].startswith("leak") for one in told["audit"])


def test_a_host_at_home_is_looked_at_as_far_as_can_be() -> None:
    """The audit of a host that was not lent said "ok" of walls that nobody had looked at."""
    found = audit(World())
    assert set(found.values()) == {""}
    assert NOT_LENT in found


def test_a_lent_host_has_its_walls_tried_now() -> None:
    """The security officer asks today, and the keeper's next round is in five minutes."""
    world = World()
    flocking(world)
    assert set(audit(world).values()) == {""}
    world.reached.add(Attempt(whence=Whence.JOB, target=STORAGE))
    assert any(problem.startswith("leak") for problem in audit(world).values())


def test_everything_is_looked_at_even_if_the_first_thing_is_wrong() -> None:
    """One fault a run makes five runs."""
    world = World()
    flocking(world)
    world.network_problem = "the host guard is not in force"
    world.dockerd_is_lax = True
    assert sorted(problem.split(":")[0] for problem in audit(world).values()) == [
        "", "", "the container is not as specified", "the host guard is not in force",
    ]  # fmt: skip


def test_a_dockerd_that_is_silent_is_a_finding_and_no_traceback() -> None:
    """The audit itself died of what it was to find."""
    world = World()
    world.dockerd_up = False
    assert "dockerd does not answer" in audit(world).values()


def test_a_leak_target_that_answers_nobody_is_named() -> None:
    """The storage had got another address a year ago; not reaching the old one had proved nothing since."""
    world = World()
    world.silent = {Attempt(whence=Whence.HOST, target=STORAGE)}
    assert STORAGE in audit(world)["leak targets"]
