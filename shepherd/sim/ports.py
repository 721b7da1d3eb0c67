"""The ports of the shepherd, opened onto the fake world."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

from shepherd.core.lease.encode import decode
from shepherd.core.records import memory_from, switch_from
from shepherd.errors import LedgerUnavailable
from shepherd.model.chain import Head, seal
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.flockoff import OffFile
from shepherd.model.host import HostName, HostPair
from shepherd.model.intents import Intent
from shepherd.model.lease import SignedPage, drain_reason
from shepherd.model.observation import (
    FlockStartd,
    KeeperReport,
    Queue,
    RegularMaster,
    RegularStartd,
)
from shepherd.model.orders import HostMemory, Outcome, Result, Step, StepKind, SwitchRecord
from shepherd.model.standing import Standing, remember
from shepherd.sim.crash import Crashes
from shepherd.sim.events import Events
from shepherd.sim.host import Host
from shepherd.sim.meter import Meter
from shepherd.sim.pools import Pools
from shepherd.sim.regular import Leaving, Startd

R = TypeVar("R")
Ad = TypeVar("Ad")


@dataclasses.dataclass(kw_only=True)
class SimPool:
    """What the collectors show, to a shepherd."""

    pools: Pools
    meter: Meter
    crashes: Crashes
    recordable: Callable[[], bool]
    schedd: str = "schedd"

    def regular_startds(self, hosts: Sequence[HostName] | None) -> Mapping[str, RegularStartd]:
        """By machine name."""
        self.pools.home.asked()
        return _only(self.pools.regular.all(), hosts)

    def regular_masters(self, hosts: Sequence[HostName] | None) -> Mapping[str, RegularMaster]:
        """By machine name."""
        self.pools.home.asked()
        return _only(self.pools.masters.all(), hosts)

    def flock_startds(self, names: Sequence[str] | None) -> Mapping[str, FlockStartd]:
        """By machine name."""
        self.pools.flock_collector.asked()
        return _only(self.pools.flock.all(), names)

    def keepers(self, hosts: Sequence[HostName] | None) -> Mapping[str, KeeperReport]:
        """By host name."""
        self.pools.home.asked()
        return _only(self.pools.keepers.all(), hosts)

    def queue(self) -> Queue:
        """Idle and running local jobs."""
        self.pools.home.asked()
        jobs = self.pools.local_jobs
        known = jobs.alive
        return Queue(
            idle_jobs=len(jobs.idle()) if known else 0,
            running_jobs=len(jobs.running()) if known else 0,
            schedds=(self.schedd,) if known else (),
            missing_schedds=() if known else (self.schedd,),
            demand=jobs.demand(self.schedd, self.pools.wall_s()),
        )

    def collector_age_s(self) -> tuple[float, float]:
        """Home and flock."""
        self.pools.home.asked()
        self.pools.flock_collector.asked()
        return self.pools.home.age_s(), self.pools.flock_collector.age_s()

    def publish(self, pages: Sequence[SignedPage]) -> None:
        """Put the pages into the home collector."""
        with self.crashes.around("publish"):
            self.pools.home.asked()
            decoded = [decode(page.payload) for page in pages]
            for page, content in zip(pages, decoded, strict=True):
                self.pools.pages.put(f"{content.page}", page)
            self.meter.published(decoded, recordable=self.recordable())

    def published(self) -> Sequence[SignedPage]:
        """The pages there are."""
        self.pools.home.asked()
        return tuple(self.pools.pages.all().values())


def _only(ads: Mapping[str, Ad], names: Sequence[str] | None) -> Mapping[str, Ad]:
    return ads if names is None else {name: ads[name] for name in names if name in ads}


@dataclasses.dataclass(kw_only=True)
class SimCommands:
    """HTCondor's tools: they reach a host over the private network, a container over the flock network."""

    hosts: Mapping[str, Host]
    pools: Pools
    meter: Meter
    recordable: Callable[[], bool]
    command_s: float

    def takes_s(self, step: Step) -> float:
        """How long the tool runs: its deadline when nobody answers."""
        return self.command_s if self._is_silent(step) else 0.1

    def carry_out(self, step: Step, pair: HostPair) -> Outcome:
        """Do it now; the executor has waited before."""
        self.meter.commanded(step, recordable=self.recordable())
        if self._is_silent(step):
            result, detail = Result.FAILED, f"no answer within {self.command_s:.0f} s"
        else:
            result, detail = self._do(step, self.hosts[pair.host])
        return Outcome(step=step, result=result, detail=detail, took_s=self.takes_s(step))

    def _is_silent(self, step: Step) -> bool:
        host = self.hosts[step.host]
        if step.kind in {StepKind.OFF_GRACEFUL, StepKind.OFF_FAST}:
            return not host.flock_up or self.pools.flock_collector.down
        return host.commands_hang or not host.private_up or self.pools.home.down

    def _do(self, step: Step, host: Host) -> Answer:
        ad, startd = self.pools.regular.all().get(host.name), host.startd
        match step.kind:
            case StepKind.OFF_GRACEFUL | StepKind.OFF_FAST:
                return _off(step.kind, host)
            case StepKind.RESTART if ad is None or not _is_drained_for(ad, step):
                return Result.REFUSED, f"{host.name} is not drained for this lease"
        if ad is None:
            return Result.FAILED, f"the home collector knows no startd of {host.name}"
        if startd is None or not startd.runs or ad.started_at_s != host.site_wall_s(startd.started_s):
            return Result.FAILED, f"Can't connect to startd {host.name}"
        return _command(step, ad, startd)


Answer = tuple[Result, str]


def _command(step: Step, ad: RegularStartd, startd: Startd) -> Answer:
    """To a startd that the collector knows and that answers."""
    match step.kind:
        case StepKind.DRAIN if ad.draining and ad.drain_reason == _reason(step):
            return Result.DONE, "it is draining for this lease already"
        case StepKind.DRAIN:
            problem = startd.drain(_reason(step), check_idle=True, restart=True)
            return (Result.REFUSED, problem) if problem else (Result.DONE, "")
        case StepKind.UNDRAIN if not ad.draining:
            return Result.DONE, "it is not drained any more"
        case StepKind.UNDRAIN if ad.drain_reason != _reason(step):
            return Result.REFUSED, f"somebody else drains it: {ad.drain_reason}"
        case StepKind.UNDRAIN:
            startd.undrain()
            return Result.DONE, ""
        case StepKind.RESTART:
            startd.leave(Leaving.ORDERED)
            return Result.DONE, ""
        case _:
            return Result.FAILED, f"{step.kind.value} is no command"


def _reason(step: Step) -> str:
    return drain_reason(step.lease)


def _is_drained_for(ad: RegularStartd, step: Step) -> bool:
    return ad.drained and ad.drain_reason == _reason(step)


def _off(kind: StepKind, host: Host) -> Answer:
    flock = host.container.flock if host.container is not None else None
    if flock is None or not flock.master.runs or not flock.master_is_known:
        return Result.REFUSED, f"the flock collector knows no master of {host.flock_name}"
    if kind is StepKind.OFF_GRACEFUL:
        flock.graceful()
    else:
        flock.fast()
    return Result.DONE, ""


class SimExecutor(Executor):
    """Runs what it is given later, in the fake world's time. A crashed shepherd takes its tools along."""

    def __init__(self, events: Events, commands: SimCommands, crashes: Crashes) -> None:
        self._events = events
        self._commands = commands
        self._crashes = crashes
        self.gone = False
        """The shepherd and its tools are dead."""

    def submit(
        self, fn: Callable[..., R], /, *args: Any, **kwargs: Any  # noqa: ANN401
    ) -> Future[R]:
        """Plan `fn(step, pair)` for when the tool is done."""
        future: Future[R] = Future()

        def do() -> None:
            if not self.gone:
                future.set_result(fn(*args, **kwargs))

        with self._crashes.around("command"):
            self._events.after(self._commands.takes_s(args[0]), do)
        return future


AMIDST = "between snapshot and verdict"


class SimLedger:
    """Records in memory: what was appended survives every crash of the shepherd."""

    def __init__(self, meter: Meter) -> None:
        self.entries: list[Entry] = []
        self.full = False
        self.present: Mapping[str, object] = {}
        self.crashes = Crashes()
        self._meter = meter
        self._newest: dict[tuple[str, str], Entry] = {}

    def append(self, entries: Sequence[Entry]) -> None:
        """All or nothing."""
        with self.crashes.around("record"):
            if self.full:
                raise LedgerUnavailable("no space left on device")
            seal(Head(), entries)  # refuses what the real one could not write
            if any(entry.kind is EntryKind.VERDICT for entry in entries):
                self.crashes.pass_by(AMIDST)  # the real one rolls back
            for entry in entries:
                self.entries.append(entry)
                remember(self._newest, entry)
            self._meter.recorded(entries)

    def switches(self) -> Mapping[HostName, SwitchRecord]:
        """Switches that are not over."""
        found = self._standing().bodies(EntryKind.SWITCH)
        return {host: switch_from(body) for host, body in found.items()}

    def memories(self) -> Mapping[HostName, HostMemory]:
        """What is remembered of hosts."""
        found = self._standing().bodies(EntryKind.MEMORY)
        return {host: memory_from(body) for host, body in found.items()}

    def last(self, kind: str) -> Entry | None:
        """The newest entry of a kind."""
        return self._standing().last(kind)

    def publish_present(self, body: Mapping[str, object]) -> None:
        """What `shepherd -s` would show; there is room for it on a full disk, too."""
        with self.crashes.around("show"):
            self.present = body

    def _standing(self) -> Standing:
        return Standing(newest=self._newest)


class SimSpool:
    """Intents on a table."""

    def __init__(self) -> None:
        self.intents: list[Intent] = []

    def waiting(self) -> Sequence[Intent]:
        """Oldest first."""
        return tuple(self.intents)

    def done(self, intent: Intent) -> None:
        """Forget it."""
        self.intents = [other for other in self.intents if other.ident != intent.ident]


class SimOffSwitch:
    """The flockoff file."""

    def __init__(self) -> None:
        self.file = OffFile(present=False)

    def look(self) -> OffFile:
        """What is there now."""
        return self.file


class SimWatchdog:
    """A service manager that only listens."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def ready(self) -> None:
        """Heard."""

    def reloading(self) -> None:
        """Heard."""

    def stopping(self) -> None:
        """Heard."""

    def cycle_finished(self, sentence: str) -> None:
        """Keeps the sentence."""
        self.sentences.append(sentence)
        del self.sentences[:-50]

