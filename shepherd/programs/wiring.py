"""The daemon put together: settings in, a loop with real edges out. Names every edge the daemon uses."""

import dataclasses
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import shepherd
from shepherd.core import records
from shepherd.core.roles import why_not
from shepherd.core.settings.daemon import daemon_problems, watchdog_problems
from shepherd.core.settings.trace import trace_warnings
from shepherd.edges.clock import SystemClock
from shepherd.edges.flow_stored import StoredFile
from shepherd.edges.guest_domains import domains_in, identities_in
from shepherd.edges.htcondor.commands import CondorCommands
from shepherd.edges.htcondor.demand import Schedds
from shepherd.edges.htcondor.pool import CondorPool
from shepherd.edges.htcondor.process import WorkerProcess
from shepherd.edges.htcondor.tool import Tools, missing_config, missing_tools
from shepherd.edges.icinga import Icinga
from shepherd.edges.instance import instance_id, new_lease, new_process
from shepherd.edges.ledger import SqliteLedger
from shepherd.edges.log import make_log
from shepherd.edges.off_file import OffFileSwitch
from shepherd.edges.settings_file import read_settings
from shepherd.edges.signing import PageSigner, PageVerifier
from shepherd.edges.spool import FileSpool
from shepherd.edges.systemd import Notifier
from shepherd.edges.unix_user import person_named
from shepherd.errors import CommandFailed, SettingsError
from shepherd.model.entry import EntryKind
from shepherd.model.settings import PolicyKind, Settings
from shepherd.ports import Log
from shepherd.ports_stop import GuestDomains
from shepherd.programs.collect_wiring import gathering_of
from shepherd.programs.diary import Diary
from shepherd.programs.hands import Hands
from shepherd.programs.intents import Intents
from shepherd.programs.latch import Latch
from shepherd.programs.metrics_wiring import exposing_of, metering_of
from shepherd.programs.observe import Observer, Together
from shepherd.programs.pages import LeasePages
from shepherd.programs.quarantines import Quarantines
from shepherd.programs.serve import Signals, serve
from shepherd.programs.shepherd import Shepherd
from shepherd.programs.silencer import Silencer
from shepherd.programs.stops import Chase, Stops, WhyNot
from shepherd.programs.switches import Switches
from shepherd.programs.trace.gathering import Gathering
from shepherd.programs.trace_wiring import Tracing, trace_place

MOST_COMMANDS = 16
"""HTCondor tools run beside the loop at one time, at most."""
ASKERS = 3
"""Threads that ask the collectors: one a worker process."""


def at_once(executor: Executor) -> Together:
    """Things done in threads of `executor`."""

    def together(tasks: Sequence[Callable[[], None]]) -> None:
        for future in [executor.submit(task) for task in tasks]:
            future.result()

    return together


def load_settings(path: Path) -> Settings:
    """Read and validate. Raises SettingsError that lists everything wrong."""
    return read_settings(path, daemon_problems)


def commanding_problems(settings: Settings) -> list[tuple[str, str, str]]:
    """Everything wrong with the settings of a daemon on this machine, which has to give orders."""
    paths = settings.paths
    return [*daemon_problems(settings), *missing_config(paths.condor_config), *missing_tools(paths.tools)]


def home_worker(settings: Settings) -> WorkerProcess:
    """Somebody who asks the home collector, by these settings."""
    return _worker(settings, settings.home.collector, "home")


def pool_of(settings: Settings, beside: WorkerProcess) -> CondorPool:
    """Questions to both pools, by these settings. `beside` asks the home collector, too."""
    return CondorPool(
        home=home_worker(settings),
        beside=beside,
        flock=_worker(settings, settings.flock.collector, "flock"),
        schedds=settings.home.schedds,
        identities=settings.home.schedd_identities,
        within_s=settings.timers.query_s,
        queues=_queues(settings),
    )


def _queues(settings: Settings) -> Schedds | None:
    """Who asks what idle jobs ask for; nobody if the policy only looks at their number."""
    if settings.policy.kind is PolicyKind.THRESHOLD:
        return None
    return Schedds(WorkerProcess(collector="", condor_config=settings.paths.condor_config, name="schedd"))


def commands_of(settings: Settings, beside: WorkerProcess) -> CondorCommands:
    """Orders to startds and masters, by these settings. `beside` looks up at home what an order needs."""
    return CondorCommands(
        home=beside,
        home_collector=settings.home.collector,
        flock_collector=settings.flock.collector,
        tools=Tools(condor_config=settings.paths.condor_config, directory=settings.paths.tools),
        within_s=settings.timers.command_s,
    )


def monitoring_of(settings: Settings, path: Path) -> Icinga | None:
    """The monitoring, by these settings of the file `path`; None if none is used. Raises SettingsError."""
    if not settings.icinga.url:
        return None
    try:
        return Icinga(settings.icinga)
    except CommandFailed as exc:
        remedy = "give the daemon's user a file it can read, or leave icinga.url empty"
        raise SettingsError(file=str(path), key="icinga", problem=str(exc), remedy=remedy) from exc


def in_thread(work: Callable[[], None]) -> None:
    """`errand.Background`: a thread that no exit waits for."""
    threading.Thread(target=work, name="monitoring", daemon=True).start()


def _worker(settings: Settings, collector: str, pool: str) -> WorkerProcess:
    return WorkerProcess(
        collector=collector,
        condor_config=settings.paths.condor_config,
        name=f"{pool} collector",
        setting=f"{pool}.collector",
    )


def domains_of(settings: Settings) -> GuestDomains:
    """Who is a guest, by these settings, whenever it is asked."""
    return lambda: domains_in(Path(settings.paths.guests))


def refusals_of(settings: Settings) -> WhyNot:
    """Why an intent is not carried out, its owner being who it is, by these settings; None: it is."""
    return lambda intent: why_not(intent.kind, settings.roles, person_named(intent.who, os.geteuid()))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Changeable:
    """The parts that a reload replaces, all or none."""

    settings: Settings
    pool: CondorPool
    commands: CondorCommands
    signer: PageSigner
    verifier: PageVerifier
    monitoring: Icinga | None

    def close(self) -> None:
        """End the worker processes and the connection to the monitoring. Idempotent."""
        self.pool.close()
        self.commands.close()
        if self.monitoring is not None:
            self.monitoring.close()

    @classmethod
    def of(cls, path: Path, watchdog_s: float | None = None) -> "Changeable":
        """Build all parts from the file. Raises SettingsError; then nothing was built."""
        settings = read_settings(
            path, lambda read: [*commanding_problems(read), *watchdog_problems(read, watchdog_s)]
        )
        signer = PageSigner.from_file(Path(settings.lease.key))
        monitoring = monitoring_of(settings, path)
        beside = home_worker(settings)
        return cls(
            settings=settings,
            pool=pool_of(settings, beside),
            commands=commands_of(settings, beside),
            signer=signer,
            verifier=signer.verifier(),
            monitoring=monitoring,
        )


class Daemon:
    """One running shepherd and the means to reload it."""

    def __init__(self, path: Path, *, ignore_unknown_keys: bool = False) -> None:
        self._path = path
        self._process = new_process()
        self._ignore_unknown_keys = ignore_unknown_keys
        self._log: Log = make_log()
        self._watchdog = Notifier(os.environ)
        self._parts = Changeable.of(path, self._watchdog.watchdog_s)
        settings = self._parts.settings
        state = Path(settings.paths.state)
        self._instance = instance_id(state)
        self._clock = SystemClock()
        self._ledger = SqliteLedger(
            state / "ledger", switch_from=records.switch_from, memory_from=records.memory_from
        )
        self._metering = metering_of(settings, self._ledger, self._clock)
        self._shown = exposing_of(settings, self._metering, self._log)
        self._diary = Diary(self._ledger, self._clock, self._log, self._metering.told)
        executor = ThreadPoolExecutor(max_workers=MOST_COMMANDS, thread_name_prefix="command")
        self._hands = Hands(self._parts.commands, executor)
        self._executor = executor
        self._askers = ThreadPoolExecutor(max_workers=ASKERS, thread_name_prefix="asker")
        self._files = FileSpool(Path(settings.paths.intents), self._log)
        self._spool = Intents(self._files)
        last = self._ledger.last(EntryKind.VERDICT.value)
        self._dark_since_s = last.at_s if last else None
        """When the shepherd before this one decided last."""
        self._kept = Tracing(
            settings, self._ledger, in_thread, self._clock, self._log, self._instance,
            keeps_records=lambda: self._diary.works,
        )  # fmt: skip
        self._latch = self._new_latch(settings)
        self._stops = self._new_stops(self._parts)
        self._quarantines = Quarantines(
            ledger=self._ledger, diary=self._diary, spool=self._spool, clock=self._clock, log=self._log,
            why_not=refusals_of(settings),
        )  # fmt: skip
        self._silencer = self._new_silencer(self._parts)
        self._switches = self._new_switches(settings)

    def run(self) -> None:
        """Serve until TERM. Raises AnotherShepherd; hosts stay as they are in any case."""
        signals = Signals()
        signals.install()
        self._shown.start()
        self._warn(self._parts.settings)
        self._diary.life("started", instance=self._instance, version=shepherd.__version__)
        try:
            serve(
                self._loop(self._parts, self._switches.pages),
                signals=signals,
                watchdog=self._watchdog,
                log=self._log,
                reload=self._reload,
            )
        finally:
            self._diary.life("stopped", instance=self._instance)
            self._shown.close()
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._askers.shutdown(wait=False, cancel_futures=True)
            self._parts.close()
            self._kept.close()
            self._ledger.close()

    def _loop(self, parts: Changeable, pages: LeasePages) -> Shepherd:
        return Shepherd(
            settings=parts.settings,
            observer=Observer(parts.pool, self._clock, parts.settings, at_once(self._askers)),
            switches=self._switches,
            silencer=self._silencer,
            latch=self._latch,
            stops=self._stops,
            quarantines=self._quarantines,
            ledger=self._ledger,
            diary=self._diary,
            clock=self._clock,
            watchdog=self._watchdog,
            log=self._log,
            about=self._about(),
            intents=self._spool,
            gathering=self._gathering_by(parts, pages),
            companions=[self._kept.anchoring, self._shown],
            measure=self._metering.saw,
        )

    def _reload(self) -> Shepherd:
        """New settings in force, or an error and everything as it was: what can fail comes before any change."""
        old, new = self._parts, Changeable.of(self._path, self._watchdog.watchdog_s)
        try:
            self._refuse_another_state(new.settings)
            files = FileSpool(Path(new.settings.paths.intents), self._log, self._files)
            off_switch = OffFileSwitch(Path(new.settings.flockoff.path))
            pages = self._new_pages(new)
            loop = self._loop(new, pages)
        except BaseException:
            new.close()
            raise
        self._dark_since_s = None
        self._parts, self._files, self._hands.commands = new, files, new.commands
        self._spool.spool = files
        self._latch.adopt(off_switch=off_switch, latch=new.settings.flockoff.latch)
        domains, refuses = domains_of(new.settings), refusals_of(new.settings)
        self._stops.adopt(pool=new.pool, hands=new.commands, domains=domains, why_not=refuses)
        self._quarantines.adopt(why_not=refuses)
        self._switches.adopt(new.settings, pages)
        self._silencer.adopt(new.settings, new.monitoring)
        self._kept.adopt(new.settings)
        self._shown.adopt(new.settings.metrics)
        old.close()
        self._warn(new.settings)
        self._diary.life("reloaded", instance=self._instance)
        return loop

    def _warn(self, settings: Settings) -> None:
        for warning in trace_warnings(settings.trace):
            self._log("settings", warning=warning)

    def _refuse_another_state(self, settings: Settings) -> None:
        old = self._parts.settings
        moved = {
            "paths.state": settings.paths.state != old.paths.state,
            "trace.directory": trace_place(settings) != trace_place(old),
        }
        for key in (key for key, has_moved in moved.items() if has_moved):
            remedy = "restart the daemon to move its state"
            raise SettingsError(file=str(self._path), key=key, problem="cannot change by reload", remedy=remedy)

    def _new_latch(self, settings: Settings) -> Latch:
        return Latch(
            ledger=self._ledger,
            diary=self._diary,
            spool=self._spool,
            off_switch=OffFileSwitch(Path(settings.flockoff.path)),
            clock=self._clock,
            log=self._log,
            latch=settings.flockoff.latch,
        )

    def _new_stops(self, parts: Changeable) -> Stops:
        clock, log, diary = self._clock, self._log, self._diary
        chase = Chase(
            pool=parts.pool, hands=parts.commands, background=in_thread, diary=diary, clock=clock, log=log
        )
        return Stops(
            ledger=self._ledger,
            diary=diary,
            spool=self._spool,
            clock=clock,
            log=log,
            chase=chase,
            domains=domains_of(parts.settings),
            why_not=refusals_of(parts.settings),
        )

    def _gathering_by(self, parts: Changeable, pages: LeasePages) -> Gathering:
        """Who collects what was recorded; another one after a reload, which is told anew what is stored."""
        guests = Path(parts.settings.paths.guests)
        return gathering_of(
            parts.settings,
            store=self._kept.store,
            look=parts.pool,
            guests=lambda: identities_in(guests),
            tell=lambda spool, number: StoredFile(spool).tell(number),
            pages=pages,
            background=in_thread,
            clock=self._clock,
            log=self._log,
            dark_since_s=self._dark_since_s,
            anchored=lambda: self._kept.anchoring.anchored,
        )

    def _new_pages(self, parts: Changeable) -> LeasePages:
        return LeasePages(
            pool=parts.pool,
            signer=parts.signer,
            verifier=parts.verifier,
            clock=self._clock,
            settings=parts.settings,
            instance=self._instance,
            process=self._process,
            ignore_unknown_keys=self._ignore_unknown_keys,
        )

    def _new_switches(self, settings: Settings) -> Switches:
        return Switches(
            settings=settings,
            ledger=self._ledger,
            diary=self._diary,
            hands=self._hands,
            pages=self._new_pages(self._parts),
            clock=self._clock,
            log=self._log,
            new_lease=new_lease,
            hold=self._silencer.waits_for,
        )

    def _new_silencer(self, parts: Changeable) -> Silencer:
        return Silencer(
            settings=parts.settings,
            monitoring=parts.monitoring,
            background=in_thread,
            diary=self._diary,
            clock=self._clock,
            log=self._log,
            instance=self._instance,
        )

    def _about(self) -> Mapping[str, object]:
        return {"instance": self._instance, "pid": os.getpid(), "version": shepherd.__version__}
