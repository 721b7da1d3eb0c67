"""One shepherd process of the fake site, which can be started, killed and stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from shepherd.core.metrics.gauges import Life
from shepherd.core.metrics.tally import Tally
from shepherd.errors import AnotherShepherd
from shepherd.model.lease import lease_name
from shepherd.model.settings import Settings
from shepherd.model.sight import Sight
from shepherd.programs.along import Companion
from shepherd.programs.diary import Diary
from shepherd.programs.hands import Hands
from shepherd.programs.intents import Intents
from shepherd.programs.latch import Latch
from shepherd.programs.metering import Metering
from shepherd.programs.observe import Observer
from shepherd.programs.pages import LeasePages
from shepherd.programs.quarantines import Quarantines
from shepherd.programs.shepherd import Shepherd
from shepherd.programs.silencer import Silencer
from shepherd.programs.switches import Switches
from shepherd.sim.clock import SimClock
from shepherd.sim.crash import Crashes, ShepherdCrash
from shepherd.sim.ports import SimCommands, SimExecutor, SimPool, SimWatchdog
from shepherd.sim.stops import simulated_stops
from shepherd.sim.tracing import anchoring_of, gathering_of

if TYPE_CHECKING:
    from shepherd.sim.site import Site

TURN_S = 0.1
"""A turn of requests to the monitoring."""


class Running:
    """One shepherd process."""

    def __init__(self, site: Site, instance: str, crash_at: int | None) -> None:
        self.site = site
        self.instance = instance
        site.started += 1
        self.process = f"process {site.started}"
        self.alive = True
        self.stopped = False
        self.refused = ""
        """Why it ended by itself."""
        self.log: list[tuple[float, str, Mapping[str, object]]] = []
        self.crashes = Crashes()
        self.crashes.at = crash_at
        self.ledger = site.ledger_of(instance)
        self.ledger.crashes = self.crashes
        self.due_s = site.now_s
        self.shepherd: Shepherd | None = None
        self.intents = Intents(site.spool_of(instance))
        self.companions: Sequence[Companion] = ()

    @property
    def runs(self) -> bool:
        """Alive and not stopped."""
        return self.alive and not self.stopped

    def tick_if_due(self) -> None:
        """One tick, if it is time for it."""
        if not self.runs or self.site.now_s < self.due_s:
            return
        self._recordable()
        self.site.meter.look_at_reserve()
        try:
            if self.shepherd is None:
                self.shepherd = self._assemble()
            self.due_s = self.site.now_s + max(self.shepherd.tick(), 0.05)
        except ShepherdCrash:
            self.kill()
        except AnotherShepherd as refusal:
            self.refused = str(refusal)
            self.kill()

    def kill(self) -> None:
        """kill -9: its tools die with it."""
        self.alive = False
        self.site.meter.disturb()
        if self.shepherd is not None:
            self.executor.gone = True

    def stop(self) -> None:
        """SIGSTOP; its tools go on."""
        self.site.disturb()
        self.stopped = True

    def cont(self) -> None:
        """SIGCONT."""
        self.site.disturb()
        self.stopped = False

    def _assemble(self) -> Shepherd:
        site, settings, recordable = self.site, self.site.spec.settings(), self._recordable
        clock = SimClock(site.pools.wall_s, lambda: site.now_s + 1000.0)
        pool = SimPool(
            pools=site.pools,
            meter=site.meter,
            crashes=self.crashes,
            recordable=recordable,
        )
        commands = SimCommands(
            hosts=site.hosts,
            pools=site.pools,
            meter=site.meter,
            recordable=recordable,
            command_s=settings.timers.command_s,
        )
        self.executor = SimExecutor(site.events, commands, self.crashes)
        life = Life("simulated", clock.wall_s(), 0.0, settings)
        self.metering = Metering(life, Tally(self.ledger.switches(), settings.timers), clock)
        diary = Diary(self.ledger, clock, self.note, self.metering.told)
        silencer = self._silencer(settings, diary, clock)
        switches = Switches(
            settings=settings,
            ledger=self.ledger,
            diary=diary,
            hands=Hands(commands, self.executor),
            pages=LeasePages(
                pool=pool,
                signer=site.signer,
                verifier=site.signer,
                clock=clock,
                settings=settings,
                instance=self.instance,
                process=self.process,
            ),
            clock=clock,
            log=self.note,
            new_lease=lambda host: lease_name(host, clock.wall_s(), f"{site.rng.randrange(16**8):08x}"),
            hold=silencer.waits_for,
        )
        anchoring = anchoring_of(site.logger, site.trace, self.beside, clock, self.note, settings)
        return Shepherd(
            settings=settings,
            observer=Observer(pool, clock, settings),
            switches=switches,
            silencer=silencer,
            latch=self._latch(diary, clock),
            stops=simulated_stops(self, site.flock_look, diary, clock),
            quarantines=self._quarantines(diary, clock),
            ledger=self.ledger,
            diary=diary,
            clock=clock,
            watchdog=SimWatchdog(),
            log=self.note,
            about={"instance": self.instance, "pid": 1},
            intents=self.intents,
            companions=[*self.companions, anchoring],
            measure=self._measure,
            gathering=gathering_of(site.hosts, site.trace, self.beside, clock, self.note, switches.pages, anchoring),
        )

    def _measure(self, sight: Sight) -> None:
        self.metering.saw(sight)
        self.metering.count()

    def _latch(self, diary: Diary, clock: SimClock) -> Latch:
        site = self.site
        return Latch(
            ledger=self.ledger, diary=diary, spool=self.intents, off_switch=site.off_switch, clock=clock, log=self.note,
            latch=site.spec.latch,
        )  # fmt: skip

    def _quarantines(self, diary: Diary, clock: SimClock) -> Quarantines:
        return Quarantines(ledger=self.ledger, diary=diary, spool=self.intents, clock=clock, log=self.note)

    def _silencer(self, settings: Settings, diary: Diary, clock: SimClock) -> Silencer:
        return Silencer(
            settings=settings,
            monitoring=self.site.monitoring(self),
            background=self.beside,
            diary=diary,
            clock=clock,
            log=self.note,
            instance=self.instance,
        )

    def beside(self, work: Callable[[], None]) -> None:
        """A thread of this process: it dies and stops with it."""

        def run() -> None:
            if self.stopped:
                self.beside(work)
            elif self.alive:
                try:
                    work()
                except ShepherdCrash:
                    self.kill()

        self.site.events.after(TURN_S, run)

    def _recordable(self) -> bool:
        if self.ledger.full:
            self.site.meter.unrecordable_s = self.site.now_s
        return not self.ledger.full

    def note(self, event: str, **fields: object) -> None:
        """Its log."""
        self.log.append((self.site.now_s, event, fields))
        del self.log[:-2000]
