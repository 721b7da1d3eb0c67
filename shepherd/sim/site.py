"""The fake site as a whole: hosts, both pools, jobs, and shepherds that can be started, killed and stopped."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

from shepherd.core.invariants import breaches
from shepherd.core.policy.choose import lend_budget
from shepherd.model.host import HostName, HostPair
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.intents import Intent, IntentKind
from shepherd.model.monitoring import SilenceKind
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import (
    FlockSettings,
    HomeSettings,
    LeaseSettings,
    PolicyKind,
    PolicySettings,
    Settings,
    TimerSettings,
)
from shepherd.model.world import Limits, WorldFacts
from shepherd.ports import Monitoring
from shepherd.sim.alerts import monitored
from shepherd.sim.events import Events
from shepherd.sim.host import Host, Tempo
from shepherd.sim.icinga import SimMonitoring
from shepherd.sim.meter import Meter
from shepherd.sim.pools import Pools
from shepherd.sim.ports import (
    SimLedger,
    SimOffSwitch,
    SimSpool,
)
from shepherd.sim.recording import SimSiteLog, SimTraceWriter
from shepherd.sim.running import Running
from shepherd.sim.signer import SimSigner
from shepherd.sim.stops import SimFlockLook

IMAGE = "sha256:" + "1" * 64
STEP_S = 0.25
"""The longest a shepherd sleeps past what it asked for."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SiteSpec:
    """What the fake site is like."""

    hosts: int = 3
    slots: int = 2
    seed: int = 0
    tempo: Tempo = dataclasses.field(default_factory=Tempo)
    policy: PolicySettings = dataclasses.field(
        default_factory=lambda: PolicySettings(kind=PolicyKind.THRESHOLD, idle_jobs_threshold=4)
    )
    timers: TimerSettings = dataclasses.field(default_factory=TimerSettings)
    lease: LeaseSettings = dataclasses.field(default_factory=lambda: LeaseSettings(pages=2))
    icinga: IcingaSettings = dataclasses.field(default_factory=IcingaSettings)
    """Without a url there is no monitoring."""
    latch: bool = True
    poll_local_s: float = 60.0
    poll_flock_s: float = 5.0

    def settings(self) -> Settings:
        """The daemon's settings of this site."""
        return Settings(
            home=HomeSettings(name="home", schedds=("schedd",), schedd_identities=("schedd@home",)),
            flock=FlockSettings(collector="flock:9619", image=IMAGE),
            policy=self.policy,
            timers=self.timers,
            lease=self.lease,
            icinga=self.icinga,
        )

    def node_settings(self, pair: HostPair) -> NodeSettings:
        """A keeper's settings."""
        return NodeSettings(
            host=pair.host,
            pool="home",
            trusted_keys=("/etc/shepherd/keys/lease.pub",),
            images=(IMAGE,),
            flock_name=pair.flock_name,
            flock_address="10.27.2.1",
            flock_mac="02:00:00:00:02:01",
            flock_collector="10.27.0.1:9619",
            leak_targets=("10.1.0.9:2049",),
            poll_local_s=self.poll_local_s,
            poll_flock_s=self.poll_flock_s,
        )

    def limits(self) -> Limits:
        """What this site promises."""
        timers, node = self.timers, self.node_settings(pair_of(1))
        return Limits(
            lease_s=timers.lease_s,
            skew_s=node.skew_s,
            ladder_s=timers.graceful_s + timers.fast_s + timers.kill_s,
            look_s=timers.look_s,
            cycle_s=timers.cycle_s,
            poll_s=1.5 * node.poll_flock_s,
            stale_s=timers.stale_factor * timers.ad_period_s,
            reserve=self.policy.reserve,
            lend_per_cycle=lend_budget(self.policy, self.hosts),
            images=frozenset({IMAGE}),
            downtime_s=self.icinga.downtime_s if self.icinga.silence is SilenceKind.DOWNTIME else float("inf"),
        )


def pair_of(number: int) -> HostPair:
    """The pair of names of the n-th host."""
    return HostPair(host=HostName(f"p{200 + number}"), flock_name=f"f{200 + number}")


class Site:
    """One fake site. Time passes only in `run`."""

    def __init__(self, spec: SiteSpec | None = None) -> None:
        self.spec = spec = spec or SiteSpec()
        self.rng = random.Random(spec.seed)
        self.events = Events()
        self.pools = Pools(self.events, spec.tempo.negotiate_s)
        self.meter = Meter(spec.limits(), lambda: self.events.now_s)
        self.signer, self.trace = SimSigner(), SimTraceWriter()
        self.logger: SimSiteLog | None = None
        """The site's, which a shepherd that is started tells of the records' ends; None: there is none."""
        self.ledgers: dict[str, SimLedger] = {}
        self.spools: dict[str, SimSpool] = {}
        self.off_switch = SimOffSwitch()
        self.hosts: dict[str, Host] = {}
        for number in range(1, spec.hosts + 1):
            pair = pair_of(number)
            self.hosts[pair.host] = self._host(pair)
        self.meter.watch(self.hosts)
        self.events.after_each = self.meter.sample
        self.pools.start_negotiators(self.hosts)
        self.flock_look = SimFlockLook(hosts=self.hosts, pools=self.pools)
        self.shepherds: list[Running] = []
        self.started = 0
        """Shepherds so far."""
        self.meter.alerts = monitored(self.hosts, spec.icinga, self.pools) if spec.icinga.url else None
        self.icinga = self.meter.alerts.icinga if self.meter.alerts else None
        self.monitoring: Callable[[Running], Monitoring | None] = lambda running: (
            SimMonitoring(icinga=self.icinga, crashes=running.crashes, user=self.spec.icinga.user)
            if self.icinga
            else None
        )
        """What a shepherd asks; a test may put another one here."""
        self.meter.blind = lambda: self.pools.blind(spec.timers.young_collector_s)
        self.meter.shepherd_runs = lambda: any(running.runs for running in self.shepherds)

    @property
    def ledger(self) -> SimLedger:
        """The site's own shepherd's."""
        return self.ledger_of("first")

    def ledger_of(self, instance: str) -> SimLedger:
        """Each instance has a ledger of its own; it outlives its processes."""
        return self.ledgers.setdefault(instance, SimLedger(self.meter))

    @property
    def now_s(self) -> float:
        """Seconds since the fake site began."""
        return self.events.now_s

    def spool_of(self, instance: str) -> SimSpool:
        """Of each instance, outliving its processes."""
        return self.spools.setdefault(instance, SimSpool())

    def intent(self, kind: IntentKind, /, **about: str) -> Intent:
        """A wish of the administrator."""
        ident = f"{self.rng.randrange(16**8):08x}"
        return Intent(ident=ident, kind=kind, at_s=self.pools.wall_s(), who="admin", why="a reason", about=about)

    def start_shepherd(self, instance: str = "first", crash_at: int | None = None) -> Running:
        """`shepherd run`, over the same ledger. Who starts another one, with a ledger of its own, tells it that
        flocking is off: that one cannot know what only the first has latched."""
        self.meter.disturb()
        if instance != "first" and self.meter.flockoff_since_s is not None:
            self.spool_of(instance).intents.append(self.intent(IntentKind.FLOCKOFF))
        self.shepherds = [running for running in self.shepherds if running.alive]
        running = Running(self, instance, crash_at)
        self.shepherds.append(running)
        return running

    def run(self, seconds: float) -> None:
        """Let time pass; every shepherd ticks when it wants to."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            for running in self.shepherds:
                running.tick_if_due()
            due = [running.due_s for running in self.shepherds if running.runs]
            self.events.run_until(min([end_s, *due]))

    def run_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Let time pass until `done()` is true; False if it never was."""
        end_s = self.now_s + seconds
        while not (is_done := done()) and self.now_s < end_s:
            self.run(STEP_S)
        return is_done

    def disturb(self) -> None:
        """A fault that may also come between the shepherd and its monitoring."""
        self.meter.disturb()
        if self.meter.alerts is not None:
            self.meter.alerts.disturb()

    def facts(self) -> WorldFacts:
        """What was measured so far."""
        return self.meter.facts()

    def breaches(self) -> tuple[str, ...]:
        """Every invariant that does not hold."""
        return breaches(self.facts())

    def _host(self, pair: HostPair) -> Host:
        return Host(
            pair,
            settings=self.spec.node_settings(pair),
            slots=self.spec.slots,
            events=self.events,
            pool=self.pools,
            meter=self.meter,
            tempo=self.spec.tempo,
            queues=(self.pools.local_jobs, self.pools.guest_jobs),
            signer=self.signer,
            rng=random.Random(f"{self.spec.seed} {pair.host}"),
        )
