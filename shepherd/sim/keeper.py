"""A host's keeper: the real loop, driven in the fake world's time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from shepherd.core.lease.judge import Here
from shepherd.model.host import HostName
from shepherd.ports import Log
from shepherd.programs.keeper.bans import BanWatch
from shepherd.programs.keeper.checks import Checks
from shepherd.programs.keeper.drain import DrainWatch
from shepherd.programs.keeper.keeper import HOME_S, Keeper, Parts
from shepherd.programs.keeper.pages import PageReader, Trust
from shepherd.programs.keeper.report import Reporter
from shepherd.programs.keeper.trace import NoFlows, Recorder, Recording
from shepherd.programs.keeper.yard import Yard
from shepherd.sim.clock import SimClock
from shepherd.sim.events import Act, Process
from shepherd.sim.evidence import quarantine_of
from shepherd.sim.node_ports import (
    SimAdvertise,
    SimEngine,
    SimKernel,
    SimLocalStartd,
    SimNetwork,
    SimPageSource,
    SimReach,
    SimShield,
    SimTokens,
)
from shepherd.sim.stops import SimGuestJobs

if TYPE_CHECKING:
    from shepherd.sim.host import Host

START_S = 0.5
"""From the process's start to its first tick."""
DISK_S = 0.02
"""A look at what a container has written."""
ANSWER_S = 0.05
"""A collector's answer."""
QUERY_S = 20.0
"""The deadline of a question that nobody answers."""


class KeeperProcess(Process):
    """`shepherd node run` of one host. It ticks no more often than the host's tempo says, but at once when
    something it asked for is back."""

    def __init__(self, host: Host, log: Log) -> None:
        super().__init__(host.events, f"keeper of {host.name}")
        self.host = host
        self._log = log
        self._plans = 0
        self._under_way: Act | None = None
        """What dockerd is doing for it."""
        self.keeper: Keeper | None = None
        self.on_death.append(self._leave_to_dockerd)
        self._tick_after(START_S)

    def wake(self) -> None:
        """Something it looks at changed."""
        self._tick_after(0.0)

    def _tick_after(self, seconds: float) -> None:
        self._plans += 1
        plan = self._plans
        self.after(seconds, lambda: self._tick() if plan == self._plans else None)

    def _tick(self) -> None:
        if self.keeper is None:
            self.keeper = self._assemble()
        self._tick_after(self._coarse(self.keeper.tick()))

    def _coarse(self, pause_s: float) -> float:
        """At home and with nothing under way the keeper only waits for its next question."""
        tempo = self.host.tempo
        if pause_s >= HOME_S:
            return tempo.keeper_home_s
        return max(pause_s, tempo.keeper_s) if pause_s else 0.0

    def _quick(self, run: Act) -> None:
        """A question to a collector: silence is an answer too, later."""
        reachable = self.host.private_up and not self.host.pool.home.down
        self.after(ANSWER_S if reachable else QUERY_S, self._then_wake(run))

    def _near(self, run: Act) -> None:
        """A question to the host's own startd: no network is in between."""
        self.after(ANSWER_S, self._then_wake(run))

    def _recording(self, run: Act) -> None:
        """A look at a container, or rules of the host's: with a hostile one, as long as it may take."""
        self.after(self.host.rng.choice((0.05, 1.0, self.host.settings.evidence_s)), self._then_wake(run))

    def _slow(self, run: Act) -> None:
        """A request to dockerd: one that is under way may be granted when the keeper that asked is dead."""
        dockerd, tempo = self.host.dockerd, self.host.tempo
        takes_s = tempo.create_s if dockerd.runs else self.host.settings.docker_s
        self._under_way = run

        def answered() -> None:
            self._under_way = None
            run()
            self.wake()

        self.after(takes_s if dockerd.alive else 0.1, answered)

    def _leave_to_dockerd(self) -> None:
        host, boot, run = self.host, self.host.boots, self._under_way
        if run is not None and host.rng.random() < 0.5:
            host.events.after(
                host.tempo.create_s, lambda: run() if host.powered and host.boots == boot else None
            )

    def _then_wake(self, run: Act) -> Callable[[], None]:
        def both() -> None:
            run()
            self.wake()

        return both

    def _beside(self, run: Act) -> None:
        """The host's own disk, which is quick."""
        self.after(DISK_S, run)

    def _spooling(self) -> Recording:
        host = self.host
        clock = SimClock(host.wall_s, host.boottime_s)
        flows = NoFlows()
        return Recording(
            spool=host.spool, files=host.job_files, memory=host.memory, flows=flows, clock=clock, log=self._log
        )

    def _assemble(self) -> Keeper:
        host, settings = self.host, self.host.settings
        run_dir = host.run_dir
        here = Here(
            host=HostName(host.name),
            pool=settings.pool,
            nonce=run_dir.nonce(),
            images=frozenset(settings.images),
            skew_s=settings.skew_s,
        )
        trust = Trust(verifier=host.signer, key_ids=frozenset({host.signer.key_id}))
        engine = SimEngine(host)
        checks = Checks(settings, engine, SimReach(host), SimNetwork(host), SimShield())
        pages = PageReader(
            here=here,
            trust=trust,
            source=SimPageSource(host),
            run_dir=run_dir,
            background=self._quick,
            log=self._log,
        )
        recorder = Recorder(settings, self._spooling(), self._beside)
        quarantine = quarantine_of(host, engine, pages, self._recording, self._log, recorder.note)
        return Keeper(
            settings,
            Parts(
                clock=SimClock(host.wall_s, host.boottime_s),
                kernel=SimKernel(host),
                run_dir=run_dir,
                pages=pages,
                yard=Yard(
                    settings, engine, checks, run_dir, SimTokens(), self._slow, host.job_files, spared=quarantine.spared
                ),
                quarantine=quarantine,
                drain=DrainWatch(HostName(host.name), SimLocalStartd(host), self._near),
                bans=BanWatch(run_dir=run_dir, jobs=SimGuestJobs(host), background=self._near, log=self._log),
                reporter=Reporter(SimAdvertise(host), settings.report_s, self._quick, self._log),
                recorder=recorder,
                log=self._log,
                jitter=lambda: 0.8 + 0.4 * host.rng.random(),
                version="simulated",
            ),
        )
