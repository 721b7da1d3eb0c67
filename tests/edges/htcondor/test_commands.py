"""Orders by HTCondor's tools: which command is run, and what its end is taken for."""

import pathlib
import shlex
import threading
import time
from collections.abc import Mapping

import pytest

from shepherd.edges.htcondor.commands import CondorCommands, judge
from shepherd.edges.htcondor.tool import NEEDED, Said, Tools
from shepherd.errors import PoolUnavailable
from shepherd.model.host import HostName, HostPair, LeaseId
from shepherd.model.orders import Outcome, Result, Step, StepKind
from tests.edges.htcondor.conftest import eventually

PAIR = HostPair(host=HostName("p220"), flock_name="f220")
IDLE = {"name": "slot1@p220", "draining": False, "reason": "", "request": ""}
OURS = {"name": "slot1@p220", "draining": True, "reason": "shepherd:L1", "request": "7"}
HUMAN = {"name": "slot1@p220", "draining": True, "reason": "new disk", "request": "8"}
SAME_CHECK = """-check 'State =?= "Unclaimed" && Activity =?= "Idle"'"""


class Knows:
    """Answers the look-up before a drain."""

    def __init__(self, found: Mapping[str, object] | PoolUnavailable | None) -> None:
        self._found = found

    def ask(self, question: str, args: Mapping[str, object], *, within_s: float) -> object:
        assert (question, args) == ("drainable", {"host": "p220"})
        assert within_s > 0
        if isinstance(self._found, PoolUnavailable):
            raise self._found
        return self._found

    def close(self) -> None:
        return


class Bench:
    """Commands whose tools are scripts: each writes down how it was called, then does `body`."""

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory, self._calls = directory, directory / "calls"

    def carry_out(
        self,
        kind: StepKind,
        body: str,
        found: Mapping[str, object] | PoolUnavailable | None = None,
        within_s: float = 10.0,
    ) -> Outcome:
        self.install(body)
        return self.order(kind, found, within_s)

    def install(self, body: str) -> None:
        for name in NEEDED:
            tool = self._directory / name
            tool.write_text(f'#!/bin/sh\nfor a in {name} "$@"; do printf "%s\\n" "$a"; done >> {self._calls}\n{body}\n')
            tool.chmod(0o755)

    def order(
        self, kind: StepKind, found: Mapping[str, object] | PoolUnavailable | None = None, within_s: float = 10.0
    ) -> Outcome:
        commands = self.commands(found, within_s)
        step = Step(kind=kind, host=HostName("p220"), lease=LeaseId("L1"), cause="L1")
        return commands.carry_out(step, PAIR)

    def commands(
        self, found: Mapping[str, object] | PoolUnavailable | None = None, within_s: float = 10.0
    ) -> CondorCommands:
        """Whoever gives the orders."""
        return CondorCommands(
            home=Knows(found),
            home_collector="cm:9618",
            flock_collector="cm:9619",
            tools=Tools(directory=str(self._directory), condor_config="/etc/c.conf"),
            within_s=within_s,
        )

    @property
    def called(self) -> str:
        return shlex.join(self._calls.read_text().splitlines()) if self._calls.exists() else ""


@pytest.fixture(name="bench")
def bench_of_scripts(tmp_path: pathlib.Path) -> Bench:
    return Bench(tmp_path)


def test_a_drain_hurts_nobody_and_names_its_lease(bench):
    """The check is evaluated by the startd itself: a job matched since we looked is safe."""
    outcome = bench.carry_out(StepKind.DRAIN, "echo sent", IDLE)
    assert (outcome.result, outcome.detail) == (Result.DONE, "sent")
    assert bench.called == (
        f"condor_drain -pool cm:9618 {SAME_CHECK} -restart-on-completion -reason shepherd:L1 slot1@p220"
    )


def test_a_second_drain_for_the_same_lease_is_done_already(bench):
    """The daemon was killed between the drain and writing that down."""
    assert bench.carry_out(StepKind.DRAIN, "exit 1", OURS).result is Result.DONE
    assert bench.called == ""


def test_a_humans_drain_is_neither_taken_over_nor_cancelled(bench):
    """A host went back to work in the middle of a change of its disk."""
    for kind in (StepKind.DRAIN, StepKind.UNDRAIN):
        outcome = bench.carry_out(kind, "exit 0", HUMAN)
        assert outcome.result is Result.REFUSED
        assert "new disk" in outcome.detail
    assert bench.called == ""


def test_undraining_cancels_exactly_our_request(bench):
    """Between look and cancel a human may have drained the host again."""
    assert bench.carry_out(StepKind.UNDRAIN, "echo ok", OURS).result is Result.DONE
    assert bench.called == "condor_drain -pool cm:9618 -cancel -request-id 7 slot1@p220"


@pytest.mark.parametrize("ad", [IDLE, {**OURS, "request": ""}, {**OURS, "reason": "shepherd:p220.1700000000.00000000"}])
def test_nothing_is_cancelled_but_the_request_of_this_lend(bench, ad):
    """A cancel without a request's number undid the drain that a human had ordered a moment ago."""
    bench.carry_out(StepKind.UNDRAIN, "echo ok", ad)
    assert bench.called == ""


def test_only_a_startd_drained_by_this_lease_can_be_restarted(bench):
    """A restart that came late killed the jobs of a startd that was at work again."""
    assert bench.carry_out(StepKind.RESTART, "echo sent").result is Result.DONE
    which = 'Machine == "p220" && State =?= "Drained" && DrainReason =?= "shepherd:L1"'
    assert bench.called == f"condor_restart -pool cm:9618 -daemon startd -fast -constraint {shlex.quote(which)}"


@pytest.mark.parametrize(("kind", "how"), [(StepKind.OFF_GRACEFUL, "-graceful"), (StepKind.OFF_FAST, "-fast")])
def test_a_flocking_master_is_told_in_its_own_pool(bench, kind, how):
    """The same name in the home pool is another daemon."""
    assert bench.carry_out(kind, "echo sent").result is Result.DONE
    which = shlex.quote('Machine == "f220"')
    assert bench.called == f"condor_off -pool cm:9619 -daemon master {how} -constraint {which}"


NOBODY = "echo Found no ClassAds when querying pool; exit 1"


@pytest.mark.parametrize("kind", [StepKind.RESTART, StepKind.OFF_GRACEFUL, StepKind.OFF_FAST])
def test_nobody_to_be_told_is_a_refusal_not_a_failure(bench, kind):
    """The container had gone by itself; the order was tried twenty times and reported as a broken tool."""
    outcome = bench.carry_out(kind, NOBODY)
    assert outcome.result is Result.REFUSED
    assert "knows" in outcome.detail


def test_a_busy_slot_refuses(bench):
    """The startd's own no, told in its own words."""
    said = "echo 'error code 10003: Draining check expression is false on slot1@p220.' >&2; exit 1"
    outcome = bench.carry_out(StepKind.DRAIN, said, IDLE)
    assert (outcome.result, "10003" in outcome.detail) == (Result.REFUSED, True)


def test_a_failure_tells_the_command_to_repeat_by_hand(bench):
    """Whoever is woken by it wants to paste it."""
    outcome = bench.carry_out(StepKind.OFF_FAST, "echo no idea >&2; exit 3")
    assert outcome.result is Result.FAILED
    assert "exit code 3: no idea" in outcome.detail
    assert "(by hand: CONDOR_CONFIG=/etc/c.conf " in outcome.detail
    assert shlex.quote('Machine == "f220"') in outcome.detail


def test_death_by_a_signal_is_a_failure(bench):
    """A tool that was killed has not said yes."""
    outcome = bench.carry_out(StepKind.OFF_FAST, "echo Sent; kill -SEGV $$")
    assert (outcome.result, "signal 11" in outcome.detail) == (Result.FAILED, True)


def test_a_hung_tool_dies_with_its_children(bench, tmp_path):
    """A master that accepted and never answered kept one tool a try, until no process could be started."""
    child = tmp_path / "child"
    began = time.monotonic()
    outcome = bench.carry_out(StepKind.OFF_FAST, f"sleep 60 & echo $! > {child}; wait", within_s=1.0)
    assert time.monotonic() - began < 5.0
    assert (outcome.result, "killed" in outcome.detail) == (Result.FAILED, True)
    pid = int(child.read_text())
    eventually(lambda: not pathlib.Path(f"/proc/{pid}").exists() or "\nState:\tZ" in _status(pid))


def _status(pid: int) -> str:
    try:
        return pathlib.Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "\nState:\tZ"


def test_a_missing_tool_is_a_failure_of_the_step(tmp_path):
    """The package of the tools was not installed on the central manager."""
    said = Tools(directory=str(tmp_path)).run(["condor_off"], within_s=1.0)
    result, detail = judge(said)
    assert (result, "cannot be started" in detail) == (Result.FAILED, True)
    assert "paths.tools must name" in detail


def test_an_unknown_host_and_a_silent_collector_fail_before_any_tool(bench):
    """Nothing is drained blind."""
    unknown = bench.carry_out(StepKind.DRAIN, "exit 0", None)
    assert (unknown.result, "no startd of p220" in unknown.detail) == (Result.FAILED, True)
    silent = bench.carry_out(StepKind.UNDRAIN, "exit 0", PoolUnavailable("home collector: silent"))
    assert (silent.result, silent.detail) == (Result.FAILED, "home collector: silent")
    assert bench.called == ""


@pytest.mark.parametrize("name", ["-cancel", "slot1@p1 slot1@p2", "", "--help@x", "p220"])
def test_a_slots_name_cannot_become_an_option(bench, name):
    """Names come from ads; an ad can be written by anybody who may advertise."""
    outcome = bench.carry_out(StepKind.DRAIN, "exit 0", {**IDLE, "name": name})
    assert (outcome.result, bench.called) == (Result.FAILED, "")


@pytest.mark.parametrize("kind", [StepKind.GRANT, StepKind.GO, StepKind.REVOKE, StepKind.FORGET])
def test_what_a_page_says_no_tool_can_say(bench, kind):
    """A step that went the wrong way must not look done."""
    assert bench.carry_out(kind, "exit 0", IDLE).result is Result.FAILED
    assert bench.called == ""


@pytest.mark.parametrize("text", ["ERROR: SECMAN:2007", "Can't send Off-Fast command", "Can't connect to master"])
def test_exit_0_with_a_complaint_is_no_success(text):
    """condor_restart and condor_off exit with 0 when their order did not arrive."""
    assert judge(Said(code=0, text=text, by_hand="condor_off"))[0] is Result.FAILED


def test_orders_run_side_by_side(bench):
    """A rack is reclaimed in the time of one host."""
    bench.install("sleep 1")
    began = time.monotonic()
    results: list[Result] = []
    threads = [
        threading.Thread(target=lambda: results.append(bench.order(StepKind.OFF_FAST).result)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [Result.DONE] * 6
    assert time.monotonic() - began < 4.0


def test_claims_are_vacated_without_notice_by_their_slots(tmp_path: pathlib.Path) -> None:
    """A banned user's job got a minute's notice, and used it."""
    bench = Bench(tmp_path)
    bench.install("exit 0")
    assert bench.commands().vacate(["slot1_1@f205", "slot1_2@f205"]) == ""
    assert bench.called == "condor_vacate -pool cm:9619 -fast slot1_1@f205 slot1_2@f205"


def test_many_claims_are_vacated_some_at_a_time_and_a_strange_name_by_nobody(tmp_path: pathlib.Path) -> None:
    """One tool with a thousand names met its deadline half way."""
    bench = Bench(tmp_path)
    bench.install("exit 0")
    told = bench.commands().vacate([*(f"slot1_{n}@f205" for n in range(1, 50)), "-all"])
    assert "strange name '-all'" in told
    assert bench.called.split().count("condor_vacate") == 3
    assert bench.called.count("@f205") == 49


def test_a_vacate_that_did_not_arrive_is_told(tmp_path: pathlib.Path) -> None:
    """It exits with 0 also when nobody heard it."""
    bench = Bench(tmp_path)
    bench.install("echo \"Can't connect to startd\"; exit 0")
    assert "Can't connect" in bench.commands().vacate(["slot1_1@f205"])
