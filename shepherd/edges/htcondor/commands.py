"""Orders to startds and masters by HTCondor's own tools (implements `ports.Commands` and `ports_stop.Vacates`).

Only the tools get the remote-administration capability from the collector; the bindings do not ask for it. Nothing is
addressed by host name: the tools resolve names by DNS and refuse those without a dot, so a startd is named by its
slot (which has an `@`) and a master by a constraint.
"""

import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import assert_never

from shepherd.edges.htcondor.expressions import is_machine, quoted
from shepherd.edges.htcondor.process import Asks
from shepherd.edges.htcondor.tool import Said, Tools
from shepherd.errors import PoolUnavailable
from shepherd.model.host import HostPair
from shepherd.model.lease import drain_reason
from shepherd.model.orders import Outcome, Result, Step, StepKind

CHECK = 'State =?= "Unclaimed" && Activity =?= "Idle"'
"""Evaluated by the startd over all its slots, before it changes anything: no local job can be hurt."""

SLOTS_A_TOOL, TOOLS_AT_ONCE = 20, 4
"""A slot takes condor_vacate some 50 ms by way of CCB."""

Answer = tuple[Result, str]

_SLOT_NAME = re.compile(r"[\w.][\w.@:-]*@[\w.@:-]+")
_UNWILLING = ("Draining check expression is false", "Draining already in progress", "no matching draining request")
_COMPLAINTS = ("ERROR", "Can't send", "Can't connect")
"""condor_restart and condor_off exit with 0 also when their order did not arrive (seen: SECMAN:2007)."""
_NOBODY = "Found no ClassAds"


class CondorCommands:
    """Carries out steps on one host each. Called from several threads at once."""

    def __init__(
        self, *, home: Asks, home_collector: str, flock_collector: str, tools: Tools, within_s: float
    ) -> None:
        """`home`: a worker for looking up what a drain needs. `home_collector` empty: HTCondor's own default."""
        self._home, self._tools, self._within_s = home, tools, within_s
        self._home_pool = ["-pool", home_collector] if home_collector else []
        self._flock_pool = ["-pool", flock_collector]

    def carry_out(self, step: Step, pair: HostPair) -> Outcome:
        """See `ports.Commands`. GRANT, GO, REVOKE and FORGET are lease pages, not commands: they fail here."""
        began = time.monotonic()
        result, detail = self._act(step, pair, began + self._within_s)
        return Outcome(step=step, result=result, detail=detail, took_s=time.monotonic() - began)

    def vacate(self, slots: Sequence[str]) -> str:
        """See `ports_stop.Vacates`. Some slots a tool, some tools at a time: one that hangs holds few of them up."""
        named = [slot for slot in slots if _SLOT_NAME.fullmatch(slot)]
        some = [named[first : first + SLOTS_A_TOOL] for first in range(0, len(named), SLOTS_A_TOOL)]
        with ThreadPoolExecutor(max_workers=TOOLS_AT_ONCE) as tools:
            answers = tools.map(self._vacate, some)
        strange = [f"a slot has the strange name {slot[:80]!r}" for slot in slots if slot not in named]
        return "; ".join([*strange[:1], *(said for result, said in answers if result is not Result.DONE)][:3])

    def _vacate(self, slots: Sequence[str]) -> Answer:
        argv = ["condor_vacate", *self._flock_pool, "-fast", *slots]
        return self._run(argv, time.monotonic() + self._within_s)

    def close(self) -> None:
        """End the worker process. Idempotent."""
        self._home.close()

    def _act(self, step: Step, pair: HostPair, until: float) -> Answer:
        match step.kind:
            case StepKind.DRAIN:
                return self._drain(step, pair, until)
            case StepKind.UNDRAIN:
                return self._undrain(step, pair, until)
            case StepKind.RESTART:
                nobody = f"{pair.host} is not drained for this lease, as far as the home collector knows"
                return self._run(self._restart(step, pair), until, nobody)
            case StepKind.OFF_GRACEFUL:
                return self._off(pair, "-graceful", until)
            case StepKind.OFF_FAST:
                return self._off(pair, "-fast", until)
            case StepKind.GRANT | StepKind.GO | StepKind.REVOKE | StepKind.FORGET:
                return Result.FAILED, f"{step.kind.value!r} is said by a lease page, not by a command"
        assert_never(step.kind)

    def _drain(self, step: Step, pair: HostPair, until: float) -> Answer:
        found = self._look(pair, until)
        if not isinstance(found, dict):
            return found
        if found["draining"]:
            if found["reason"] == drain_reason(step.lease):
                return Result.DONE, "it is draining for this lease already"
            return Result.REFUSED, f"it is draining already: {found['reason'] or 'no reason given'}"
        how = ["-check", CHECK, "-restart-on-completion", "-reason", drain_reason(step.lease)]
        return self._run(["condor_drain", *self._home_pool, *how, str(found["name"])], until)

    def _undrain(self, step: Step, pair: HostPair, until: float) -> Answer:
        """Only the request of this very lend is cancelled: a human's drain may be milliseconds old."""
        found = self._look(pair, until)
        if not isinstance(found, dict):
            return found
        if not found["draining"]:
            return Result.DONE, "it is not drained any more"
        if found["reason"] != drain_reason(step.lease):
            return Result.REFUSED, f"somebody else drains it: {found['reason'] or 'no reason given'}"
        if not found["request"]:
            return Result.FAILED, "its drain has no request id in the home collector"
        which = ["-request-id", str(found["request"]), str(found["name"])]
        return self._run(["condor_drain", *self._home_pool, "-cancel", *which], until)

    def _restart(self, step: Step, pair: HostPair) -> Sequence[str]:
        """Only a startd that is Drained by this very lend matches; nothing else can be restarted by it."""
        drained = f'State =?= "Drained" && DrainReason =?= {quoted(drain_reason(step.lease))}'
        which = f"{is_machine(pair.host)} && {drained}"
        return ["condor_restart", *self._home_pool, "-daemon", "startd", "-fast", "-constraint", which]

    def _off(self, pair: HostPair, how: str, until: float) -> Answer:
        which = ["-constraint", is_machine(pair.flock_name)]
        argv = ["condor_off", *self._flock_pool, "-daemon", "master", how, *which]
        return self._run(argv, until, f"the flock collector knows no master of {pair.flock_name}")

    def _look(self, pair: HostPair, until: float) -> dict[str, object] | Answer:
        within_s = max(0.1, until - time.monotonic())
        try:
            found = self._home.ask("drainable", {"host": pair.host}, within_s=within_s)
        except PoolUnavailable as exc:
            return Result.FAILED, str(exc)
        if not isinstance(found, dict):
            return Result.FAILED, f"the home collector knows no startd of {pair.host}"
        if not _SLOT_NAME.fullmatch(str(found["name"])):
            return Result.FAILED, f"a slot of {pair.host} has the strange name {str(found['name'])[:80]!r}"
        return found

    def _run(self, argv: Sequence[str], until: float, nobody: str = "") -> Answer:
        return judge(self._tools.run(argv, within_s=max(0.1, until - time.monotonic())), nobody)


def judge(said: Said, nobody: str = "") -> Answer:
    """What a tool's end means. A deadline, a signal and an unknown complaint are failures, and tell the command.

    `nobody`: what it means if no ad matches, which is a refusal then.
    """
    if said.code == 0 and not any(words in said.text for words in _COMPLAINTS):
        return Result.DONE, said.text
    complained = said.code is not None and said.code > 0
    if complained and nobody and _NOBODY in said.text:
        return Result.REFUSED, nobody
    if complained and any(words in said.text for words in _UNWILLING):
        return Result.REFUSED, said.text
    end = "" if said.code is None or said.code == 0 else f"exit code {said.code}: "
    if said.code is not None and said.code < 0:
        end = f"killed by signal {-said.code}: "
    return Result.FAILED, f"{end}{said.text} (by hand: {said.by_hand})"
