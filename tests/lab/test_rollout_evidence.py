"""What the rollout says of itself: no step counts as held that was not seen, and its settings are ones that hold."""

from pathlib import Path

import pytest

from shepherd.core.settings.daemon import daemon_problems
from shepherd.core.settings.node import node_problems
from shepherd.edges.settings_file import read_node_settings, read_settings
from shepherd.errors import CommandFailed
from shepherd.lab import settings
from shepherd.lab.addresses import HostNames
from shepherd.lab.progress import Progress
from shepherd.lab.rollout import manifest
from shepherd.lab.rollout.evidence import NOT_TRIED, Seen, Sight, Step, check, figures, taken
from shepherd.lab.rollout.leaving import differences
from shepherd.lab.rollout.place import POLICY, TIMERS

SILENT = Progress(out=None)
IMAGE = "sha256:" + "0" * 64
CONTAINER = "ab" * 6


def step(name: str, *, holds: bool, is_needed: bool = False) -> Step:
    """A step that sees something and then holds, or does not."""

    def work(seen: Seen) -> None:
        seen["looked"] = True
        check(name, holds)

    return Step(name=name, shows=name, work=work, is_needed=is_needed)


def test_a_step_that_fails_keeps_what_it_saw_and_why() -> None:
    """`failed' without what was seen sent somebody through the whole run again."""
    (outcome,) = taken([step("lent", holds=False)], SILENT)
    assert (outcome.held, outcome.seen) == (False, {"looked": True})
    assert "does not hold: lent" in outcome.problem


def test_what_depends_on_a_lost_step_is_named_and_not_held() -> None:
    """A report that ends early looks like a short one that held."""
    outcomes = list(taken([step("boots", holds=False, is_needed=True), step("lent", holds=True)], SILENT))
    assert [(one.step, one.held, one.problem == NOT_TRIED) for one in outcomes] == [
        ("boots", False, False), ("lent", False, True),
    ]  # fmt: skip
    assert figures(outcomes, {})["held"] is False


def test_a_report_of_nothing_does_not_hold() -> None:
    """All of no steps held."""
    assert figures([], {})["held"] is False


def test_all_steps_together_hold() -> None:
    """The other way round, so that the above says something."""
    found = figures(list(taken([step("boots", holds=True), step("lent", holds=True)], SILENT)), {"condor": "25"})
    assert (found["held"], found["packages"]) == (True, {"condor": "25"})


def test_an_error_that_is_none_of_ours_is_not_a_step_that_failed() -> None:
    """A typing mistake in a step was reported as a machine that cannot be lent."""

    def broken(_seen: Seen) -> None:
        raise KeyError("pid")

    with pytest.raises(KeyError):
        list(taken([Step(name="x", shows="x", work=broken)], SILENT))


@pytest.mark.parametrize(
    ("startds", "local", "lent"),
    [([""], True, False), ([CONTAINER], False, True), (["", CONTAINER], False, False), ([], False, False)],
)
def test_who_runs_there_is_told_by_processes(startds: list[str], local: bool, lent: bool) -> None:
    """A machine with both startds was once both local and lent, and so each step held."""
    processes = [{"what": "condor_startd", "container": one, "pid": 1} for one in startds]
    if CONTAINER in startds:
        processes.append({"what": "flock-init", "container": CONTAINER, "pid": 2})
    seen = Sight({"processes": processes})
    assert (seen.is_local, seen.is_lent) == (local, lent)


def test_the_site_of_the_rollout_has_settings_that_the_programs_take(tmp_path: Path) -> None:
    """Deadlines for a slow machine broke the rule of the sixty seconds, found after the machine had booted."""
    shepherd, node = tmp_path / "shepherd.toml", tmp_path / "node.toml"
    shepherd.write_text(settings.shepherd_toml(IMAGE, {"timers": TIMERS, "policy": POLICY}))
    node.write_text(settings.node_toml(HostNames(number=2), IMAGE, 1, 256, "", manifest.NODE))
    assert read_settings(shepherd, daemon_problems).timers.lease_s == TIMERS["lease_s"]
    assert read_node_settings(node, node_problems).vlan == manifest.NODE["vlan"]


def test_a_host_is_plain_again_when_no_file_differs_but_dockerds_own() -> None:
    """`absent` left a drop-in for HTCondor behind: nothing in its name was ours, and only names were looked at."""
    before = {"/etc/condor/a": "1 2", "/etc/passwd": "1 2", "/etc/x": "1 2", "/etc/y": "1 2"}
    after = {"/etc/condor/a": "1 2", "/etc/passwd": "3 4", "/etc/passwd-": "1 2", "/etc/docker/daemon.json": "5 6"}
    found = differences(before, {**after, "/etc/x": "7 8", "/etc/condor/config.d/50": "9 9"})
    assert found == {"new": ["/etc/condor/config.d/50"], "gone": ["/etc/y"], "changed": ["/etc/x"]}
    assert not any(differences(before, before).values())


def test_a_check_that_fails_is_an_error_of_ours() -> None:
    """A step turns only these into its outcome."""
    with pytest.raises(CommandFailed, match="does not hold: it is lent"):
        check("it is lent", [])
